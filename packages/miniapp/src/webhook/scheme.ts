import type { WebhookDefinition } from '../document.ts'
import type { SecretBags } from './find-secret.ts'
import type { Headers } from './read-header.ts'
import type { Verdict } from './verdict.ts'

export type Verification = NonNullable<WebhookDefinition['verification']>
export type VerificationType = Verification['type']

/** What is verified. */
export interface SignedDelivery {
  headers: Headers
  /** Exactly as they came, before content decoding. */
  rawBody: Uint8Array
  /** As the provider called it: scheme, host, path and query. */
  url: string
  /** Milliseconds since the epoch. */
  now: number
}

/** What a delivery is signed from. */
export interface UnsignedDelivery extends SignedDelivery {
  /** Of the delivery, where the scheme signs one. */
  id: string
}

export interface VerifyEffects {
  /**
   * The JSON Web Key Set at a URL of the definition, parsed. `refresh` asks for one that is newer than the last: a token
   * names a key that was not in it. Whoever fetches decides how often that may be.
   */
  publicKeys(url: string, options: { refresh: boolean }): Promise<unknown>
}

export interface SigningKeys {
  /** PKCS #8 as PEM: of the provider, for `ed25519` and for `jwt` with public keys. */
  privateKey?: string
}

/** What is added to a delivery to sign it. `url` is another one for schemes that sign through it. */
export interface Signed {
  headers: Record<string, string>
  url: string
}

/** One way in which deliveries prove where they come from. Neither function throws because of what a delivery holds. */
export interface Scheme {
  /** Lower-case name of the header that carries the proof; absent where there is none. */
  header?: string
  /** Keys of the secrets that it looks for. */
  secretKeys: readonly string[]
  verify(delivery: SignedDelivery, secrets: SecretBags, effects?: VerifyEffects): Verdict | Promise<Verdict>
  /** @throws Error where a secret or key is missing */
  sign(delivery: UnsignedDelivery, secrets: SecretBags, keys: SigningKeys): Signed | Promise<Signed>
}
