import type { WebhookDefinition } from '../document.ts'
import type { HmacAlgorithm } from './digest.ts'
import { compileEd25519 } from './ed25519-scheme.ts'
import { findSecret, type SecretBags } from './find-secret.ts'
import { compileHmac } from './hmac-scheme.ts'
import { compileJwt } from './jwt-scheme.ts'
import { compileStandardWebhooks, compileStripe } from './listed-scheme.ts'
import { compileHeader, type Headers } from './read-header.ts'
import { isReadAsSlack } from './reads-as-slack.ts'
import type {
  Scheme,
  Signed,
  SignedDelivery,
  SigningKeys,
  UnsignedDelivery,
  Verification,
  VerificationType,
  VerifyEffects,
} from './scheme.ts'
import { DEFAULT_TOLERANCE_SECONDS } from './signing-time.ts'
import { compileBasic, compileHeaderToken, compileNone } from './token-scheme.ts'
import { compileTwilio } from './twilio-scheme.ts'
import type { Verdict } from './verdict.ts'

export interface CompiledVerification {
  /** After presets were recognised. */
  type: VerificationType
  /** Lower-case name of the header that carries the proof, which is never stored; absent where there is none. */
  header?: string
  /**
   * Whether a delivery comes from the provider (specification 5.2). A promise only for `jwt`. Neither throws nor rejects.
   *
   * @param effects for `jwt` with `jwksUrl`; without them such a delivery is refused
   */
  verify(delivery: SignedDelivery, secrets: SecretBags, effects?: VerifyEffects): Verdict | Promise<Verdict>
  /** Whether there is something to verify, and all to verify it with: what decides about handshakes (5.1). */
  canVerify(headers: Headers, secrets: SecretBags): boolean
  /**
   * Signs a delivery as the provider would, for samples and tests.
   *
   * @throws Error where a secret or key is missing
   */
  sign(delivery: UnsignedDelivery, secrets: SecretBags, keys?: SigningKeys): Signed | Promise<Signed>
}

const POINTER = '/webhook/verification'

const SCHEMES = {
  'hmac-sha256': (verification) => compileHmac(hmacSettings(verification, 'sha256')),
  'hmac-sha1': (verification) => compileHmac(hmacSettings(verification, 'sha1')),
  'hmac-sha512': (verification) => compileHmac(hmacSettings(verification, 'sha512')),
  'header-token': compileHeaderToken,
  none: compileNone,
  basic: compileBasic,
  jwt: compileJwt,
  ed25519: (verification) => compileEd25519(verification, POINTER),
  'standard-webhooks': compileStandardWebhooks,
  stripe: compileStripe,
  slack: compileSlack,
  twilio: compileTwilio,
} satisfies Record<VerificationType, (verification: Verification) => Scheme>

/**
 * Compiles `webhook.verification`, once per version. No block equals `none`.
 *
 * @throws DefinitionError where a key or `signedPayload` cannot mean anything
 */
export function compileVerification(webhook: WebhookDefinition | null | undefined): CompiledVerification {
  const verification: Verification = webhook?.verification ?? { type: 'none' }
  const type = isReadAsSlack(verification) ? 'slack' : verification.type
  const scheme = SCHEMES[type](verification)
  const readHeader = scheme.header === undefined ? () => undefined : compileHeader(scheme.header)
  return {
    type,
    ...(scheme.header !== undefined && { header: scheme.header }),
    verify: scheme.verify,
    canVerify: (headers, secrets) =>
      readHeader(headers) !== undefined &&
      scheme.secretKeys.every((key) => findSecret(secrets, key) !== undefined),
    sign: (delivery, secrets, keys = {}) => scheme.sign(delivery, secrets, keys),
  }
}

function hmacSettings(verification: Verification, algorithm: HmacAlgorithm) {
  const { headerName = '', secretKey = '', encoding = 'hex' } = verification
  const { toleranceSeconds = DEFAULT_TOLERANCE_SECONDS, timestampHeader, signedPayload } = verification
  return {
    algorithm,
    headerName,
    secretKey,
    encoding,
    timestampHeader,
    toleranceSeconds,
    signedPayload,
    prefix: verification.prefix,
    idHeader: verification.idHeader,
    pointer: POINTER,
  }
}

/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
function compileSlack(verification: Verification): Scheme {
  const { headerName = 'X-Slack-Signature', timestampHeader = 'X-Slack-Request-Timestamp' } = verification
  return compileHmac({
    ...hmacSettings(verification, 'sha256'),
    headerName,
    timestampHeader,
    encoding: 'hex',
    signedPayload: 'v0:{timestamp}:{body}',
    prefix: 'v0=',
  })
}
