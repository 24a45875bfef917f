import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { createRedactor, type Definition } from 'miniapp'
import type { SecretBags, SecretOrigin, SigningKeys } from 'miniapp/webhook'
import { CliError, systemCode } from '../cli-error.ts'
import { credentialVariable } from '../credentials.ts'
import { verificationKeys } from '../local/credential-names.ts'
import { configOf, readCredentials, readGiven } from '../local/given.ts'
import type { Shell } from '../shell.ts'
import type { SignedApp } from './load-webhook.ts'

export interface SecretOptions {
  credential?: readonly string[]
  /** Of the verification; `-` reads it from standard input. */
  secret?: string
  /** File with the provider's private key. */
  privateKey?: string
}

/** What deliveries are signed and verified with on this machine. */
export interface WebhookSecrets {
  bags: SecretBags
  keys: SigningKeys
  /** Hides every value. */
  redact: (text: string) => string
  /** Where a secret that fits was found, in words. */
  originOf: (secret: SecretOrigin) => string
}

/**
 * The secrets of the verification: from the command line, standard input and the environment, then what `connect` left,
 * then `auth.config`.
 *
 * @throws CliError
 */
export async function readSecrets(
  app: SignedApp,
  options: SecretOptions,
  shell: Shell,
): Promise<WebhookSecrets> {
  const { compiled, source } = app
  const { definition } = compiled
  const pairs = options.credential ?? []
  const { credentials, stored } = source
    ? await readGiven({ ...app, source }, pairs, shell)
    : { credentials: readCredentials(compiled, pairs, shell), stored: undefined }
  const given = { ...credentials, ...(await mainSecret(definition, options.secret)) }
  const keys = await readKeys(options, shell)
  const bags = {
    credentials: { ...stored?.credentials, ...given },
    config: configOf(definition.auth.config),
  }
  const values = verificationKeys(definition).flatMap((key) => [
    bags.credentials[key],
    bags.config[key],
    bags.credentials[`${key}Previous`],
  ])
  const texts = values.filter((value): value is string => typeof value === 'string')
  return {
    bags,
    keys,
    redact: createRedactor([...texts, ...(keys.privateKey === undefined ? [] : [keys.privateKey])]),
    originOf: ({ key, bag }) => {
      if (bag === 'config') return `\`${key}\` of \`auth.config\``
      const isGiven = Object.hasOwn(given, key)
      return `\`${key}\` of ${isGiven ? 'the command line or the environment' : 'the connection on this machine'}`
    },
  }
}

async function mainSecret(definition: Definition, secret: string | undefined) {
  if (secret === undefined) return {}
  const key = verificationKeys(definition).at(-1)
  if (key === undefined) {
    throw new CliError('usage', `The webhooks of "${definition.ns}" are verified without a shared secret.`)
  }
  const value = secret === '-' ? (await readAll(process.stdin)).replace(/\r?\n$/, '') : secret
  if (value.trim() === '') throw new CliError('usage', 'The secret is empty.')
  return { [key]: value }
}

async function readKeys({ privateKey }: SecretOptions, { directory }: Shell): Promise<SigningKeys> {
  if (privateKey === undefined) return {}
  try {
    return { privateKey: await readFile(resolve(directory, privateKey), 'utf8') }
  } catch (cause) {
    throw new CliError('unreadable', `${privateKey} cannot be read (${systemCode(cause)}).`, { cause })
  }
}

/** @param reason why something cannot be signed, without the secret */
export function cannotSign({ compiled, argument }: SignedApp, cause: unknown): CliError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const key = verificationKeys(compiled.definition).at(-1)
  const message = `The delivery cannot be signed. ${reason.charAt(0).toUpperCase()}${reason.slice(1).replace(/\.?$/, '.')}`
  return new CliError('usage', message, {
    next:
      key === undefined
        ? [`miniapps webhook send ${argument} --private-key FILE`]
        : [`Give it as ${credentialVariable(key)} in the environment, or with --secret - on standard input.`],
    cause,
  })
}
