import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Definition } from 'miniapp'
import { CliError } from '../cli-error.ts'
import type { Diagnosis } from './diagnosis.ts'

export interface Bundle {
  ns: string
  version: string
  /** Without the values of `auth.config`. */
  definition?: object
  diagnoses: readonly Diagnosis[]
  /** Of the package: deliveries, and the events that they are to be. */
  samples?: readonly { event: string; body?: unknown }[]
  /** Records of the last runs that failed, redacted by the server. */
  failedRuns?: readonly object[]
}

const HIDDEN = '***'

/** Every value of `auth.config` is hidden: only its names matter to whoever helps. */
export function redactedDefinition(definition: Definition): object {
  const { auth } = definition
  if (!auth.config) return definition
  const config = Object.fromEntries(
    Object.entries(auth.config).map(([name, value]) => [name, value === '' ? '' : HIDDEN]),
  )
  return { ...definition, auth: { ...auth, config } }
}

/** What a support request needs, in one file. @throws CliError where it cannot be written */
export async function writeBundle(bundle: Bundle, file: string, directory: string): Promise<void> {
  try {
    await writeFile(resolve(directory, file), `${JSON.stringify(bundle, undefined, 2)}\n`)
  } catch (cause) {
    throw new CliError('usage', `The bundle could not be written to ${file}.`, { cause })
  }
}
