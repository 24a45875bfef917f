/**
 * The surface `miniapp/webhook`: inbound webhooks (specification 05). The only part of the package that needs Node: its
 * `node:crypto`. Browsers never load it.
 */

export { MAX_BODY_DEPTH } from './webhook/body-depth.ts'
export { type CompiledWebhook, compileWebhook, type WebhookResponse } from './webhook/compile-webhook.ts'
export type { CompiledCustomer, Customer, CustomerOutcome } from './webhook/extract-customer.ts'
export {
  type CompiledTransactionId,
  compileTransactionId,
  MAX_TRANSACTION_ID_CHARACTERS,
  type TransactionId,
} from './webhook/extract-transaction-id.ts'
export type { SecretBags, SecretOrigin } from './webhook/find-secret.ts'
export type { ChallengeAnswer, ChallengeRequest, MatchChallenge } from './webhook/match-challenge.ts'
export { type ParsedBody, parseBody } from './webhook/parse-body.ts'
export type {
  Signed,
  SignedDelivery,
  SigningKeys,
  UnsignedDelivery,
  VerificationType,
  VerifyEffects,
} from './webhook/scheme.ts'
export {
  REFUSAL_CODES,
  type RefusalCode,
  type Refused,
  type Verdict,
  type Verified,
} from './webhook/verdict.ts'
export { type CompiledVerification, compileVerification } from './webhook/verify-signature.ts'
