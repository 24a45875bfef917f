import { mappedKeys } from './compile-auth.ts'
import type { Definition, FormField } from './document.ts'
import type { Bags } from './expression/scope.ts'
import { textsIn } from './request/redact.ts'
import { hasSecretWord, isAboutToken } from './secret-names.ts'

/**
 * Which values of an install are redacted (specification 3.2): credentials other than what the form shows openly,
 * metadata in `sensitiveKeys`, and the secrets of app config.
 */
export function compileSecrets(
  definition: Definition,
  form: Readonly<Record<string, FormField>>,
): (bags: Bags) => string[] {
  const { auth } = definition
  const sensitive = new Set(auth.sensitiveKeys)
  const outputs = new Set(
    [auth.get_token, auth.refresh_token, ...(auth.registrationRequests ?? [])].flatMap(mappedKeys),
  )
  const isOpen = (key: string): boolean => {
    if (sensitive.has(key)) return false
    const field = Object.hasOwn(form, key) ? form[key] : undefined
    if (field && field.type !== 'password' && !outputs.has(key)) return true
    return isAboutToken(key)
  }
  const isConfigSecret = configSecretsOf(definition)
  return ({ credentials, metadata, config }) => [
    ...textsUnder(credentials, (key) => !isOpen(key)),
    ...textsUnder(metadata, (key) => sensitive.has(key)),
    ...textsUnder(config, isConfigSecret),
  ]
}

/** Which names of app config hold secrets: never in an answer, a record or the definition as it leaves the server. */
export function configSecretsOf({ auth, webhook }: Definition): (key: string) => boolean {
  const { secretKey, basic } = webhook?.verification ?? {}
  const named = new Set([...(auth.sensitiveKeys ?? []), 'client_secret', secretKey, basic?.passwordKey])
  return (key) => named.has(key) || hasSecretWord(key)
}

function textsUnder(bag: Record<string, unknown>, isSecret: (key: string) => boolean): string[] {
  return Object.entries(bag).flatMap(([key, value]) => (isSecret(key) ? textsIn(value) : []))
}
