import { findSecret, type SecretBags, secretNotFound } from './find-secret.ts'

/** The current value of a secret that something is signed with. @throws Error where there is none */
export function requiredSecret(secrets: SecretBags, key: string): string {
  const value = findSecret(secrets, key)?.candidates[0]?.value
  if (value === undefined) throw new Error(secretNotFound(key).reason)
  return value
}
