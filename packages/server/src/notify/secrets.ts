/** Token and secret of a subscription: sealed under the workspace's key, shown once. */
import { randomBytes } from 'node:crypto'
import type { Context } from '../context.ts'
import type { SubscriptionKey } from './store.ts'

/** As the Standard Webhooks specification asks for: 24 to 64. */
const SECRET_BYTES = 32
const TOKEN_BYTES = 32

/** Of Standard Webhooks; what follows is base64 of the key. */
export const SECRET_PREFIX = 'whsec_'

export interface SubscriptionSecrets {
  token: string
  secret: string
  /** The one before the last rotation; counts until `previousSecretExpiresAt`. */
  previousSecret?: string
}

export const makeToken = () => randomBytes(TOKEN_BYTES).toString('base64url')
export const makeSecret = () => SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64')

const purposeOf = ({ id }: SubscriptionKey) => `subscription:${id}:secrets`

/** Not inside a transaction: see `secret/vault.ts`. */
export async function sealSecrets(
  { vault }: Pick<Context, 'vault'>,
  key: SubscriptionKey,
  secrets: SubscriptionSecrets,
): Promise<Buffer> {
  return Buffer.from(await vault.seal(key.workspaceId, purposeOf(key), secrets))
}

/** @throws VaultError where they were sealed for another subscription, or changed */
export async function openSecrets(
  { vault }: Pick<Context, 'vault'>,
  key: SubscriptionKey,
  sealed: Uint8Array,
): Promise<SubscriptionSecrets> {
  return (await vault.open(key.workspaceId, purposeOf(key), sealed)) as SubscriptionSecrets
}
