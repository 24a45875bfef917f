import type { SecretOrigin } from './find-secret.ts'

/** Why a delivery is refused. The event log lists them by these codes. */
export const REFUSAL_CODES = {
  'header-missing': 'A header that verification reads is not there.',
  'signature-malformed': 'The header holds no signature of the form that is expected.',
  'signature-differs': 'The signature is not the one of this body and secret.',
  'timestamp-missing': 'The delivery does not say when it was signed.',
  'timestamp-malformed': 'The time of signing cannot be read.',
  'timestamp-out-of-tolerance': 'The delivery was signed too long ago, or in the future.',
  'secret-not-found': 'The secret is neither in the credentials nor in the app config.',
  'secret-unusable': 'The secret is not of the form that the scheme needs.',
  'claim-differs': 'A claim of the token is missing or another than the definition wants.',
  'keys-unavailable': "The provider's public keys cannot be had now; the delivery may be tried again.",
} as const satisfies Record<string, string>

export type RefusalCode = keyof typeof REFUSAL_CODES

export interface Refused {
  ok: false
  code: RefusalCode
  /** A sentence for the event log: what is wrong and which secret was used, never its value nor a signature. */
  reason: string
}

export interface Verified {
  ok: true
  /** Where the secret that fits was found; absent where the scheme needs none of this install. */
  secret?: SecretOrigin
}

export type Verdict = Verified | Refused

export function refused(code: RefusalCode, reason: string): Refused {
  return { ok: false, code, reason }
}
