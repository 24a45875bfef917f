import type { CompiledDefinition } from 'miniapp'
import { givenCredentials } from '../credentials.ts'
import type { Shell } from '../shell.ts'
import { connectionFile, readConnection, type StoredConnection } from './connection-store.ts'
import { credentialNames } from './credential-names.ts'
import type { LocalApp } from './load-app.ts'
import type { LocalOptions } from './runtime.ts'

type Rec = Record<string, unknown>

/** What is known of the account. */
export interface Given {
  /** From the command line and the environment; wins over what is stored. */
  credentials: Rec
  stored: StoredConnection | undefined
  /** Where `connect` keeps the connection. */
  file: string
}

/**
 * What the command line, the environment and an earlier `connect` say of the account.
 *
 * @throws CliError
 */
export async function readGiven(
  { source, compiled }: LocalApp,
  pairs: readonly string[],
  shell: Pick<Shell, 'env'>,
): Promise<Given> {
  const file = connectionFile(source, compiled.ns)
  const credentials = readCredentials(compiled, pairs, shell)
  return { credentials, stored: await readConnection(file), file }
}

/** What the command line and the environment alone say of it. @throws CliError */
export function readCredentials(
  compiled: CompiledDefinition,
  pairs: readonly string[],
  { env }: Pick<Shell, 'env'>,
): Rec {
  return givenCredentials(pairs, credentialNames(compiled), { env, ns: compiled.ns })
}

/** An account that was connected at a stand-in is used there, unless the call names another. */
export function optionsWith({ stored }: Given, options: LocalOptions): LocalOptions {
  return options.origin || !stored?.standIns ? options : { ...options, origin: stored.standIns }
}

/** `auth.config` without its empty values, and what was given in their place. */
export function configOf(config: Rec = {}, credentials: Rec = {}): Rec {
  return Object.fromEntries(
    Object.entries(config)
      .map(([name, value]): [string, unknown] => [name, credentials[name] ?? value])
      .filter(([, value]) => value !== ''),
  )
}
