import type { WebhookDefinition } from '../document.ts'
import { readOwn } from '../expression/own.ts'
import { type CompiledPath, compileKeyPath } from '../expression/path.ts'
import { parsePath } from '../expression/rule-origin.ts'
import { isSame } from './digest.ts'
import { findSecret, type SecretBags } from './find-secret.ts'
import type { Delivery } from './read-part.ts'
import type { SignedDelivery, VerifyEffects } from './scheme.ts'
import type { Refused } from './verdict.ts'
import type { CompiledVerification } from './verify-signature.ts'

/** A request that may be a handshake. */
export interface ChallengeRequest extends Delivery, SignedDelivery {
  method: string
}

/** What a handshake is answered. Nothing of it is stored. */
export interface ChallengeAnswer {
  status: 200 | 401 | 403
  headers: Readonly<Record<string, string>>
  body: string
  /** Why it is refused. */
  refused?: Refused
}

/**
 * Answers a handshake (specification 5.1); `undefined` where the request is none and goes on as an event. A promise only
 * where the verification gives one.
 */
export type MatchChallenge = (
  request: ChallengeRequest,
  secrets: SecretBags,
  effects?: VerifyEffects,
) => ChallengeAnswer | undefined | Promise<ChallengeAnswer | undefined>

type Challenge = NonNullable<WebhookDefinition['challengeResponse']>

/** A token is echoed to whoever asks: what is longer, or cannot be printed, is none. */
export const MAX_TOKEN_CHARACTERS = 1024
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u

const POINTER = '/webhook/challengeResponse'
/** The token comes from outside: no browser may take the answer for a page of ours. */
const SAFE = { 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'" } as const

/** @throws DefinitionError where a path does not parse */
export function compileChallenge(
  webhook: WebhookDefinition | null | undefined,
  verification: CompiledVerification,
): MatchChallenge {
  const challenge = webhook?.challengeResponse
  if (challenge === undefined) return () => undefined
  const readToken = compileToken(challenge)
  if (challenge.source === 'query') {
    return (request, secrets) => {
      const token = request.method === 'GET' ? readToken(request.query) : undefined
      if (token === undefined) return undefined
      return isVerified(challenge, request, secrets) ? answer(challenge, token) : { status: 403, ...NOTHING }
    }
  }
  return (request, secrets, effects) => {
    const token = readToken(request.body)
    if (token === undefined) return undefined
    if (!verification.canVerify(request.headers, secrets)) return answer(challenge, token)
    const verdict = verification.verify(request, secrets, effects)
    const reply = (known: Awaited<typeof verdict>): ChallengeAnswer =>
      known.ok ? answer(challenge, token) : { status: 401, ...NOTHING, refused: known }
    return verdict instanceof Promise ? verdict.then(reply) : reply(verdict)
  }
}

const NOTHING = { headers: SAFE, body: '' } as const

/** The token, where the fields say that this is a handshake and there is one. */
function compileToken(challenge: Challenge): (fields: unknown) => string | number | undefined {
  const readMark = readNamed(challenge.identifyField, compileKeyPath(challenge.identifyField))
  const path = parsePath(challenge.challengePath, `${POINTER}/challengePath`)
  const readToken = readNamed(challenge.challengePath, path)
  const mark = String(challenge.identifyValue)
  return (fields) => {
    const found = readMark(fields)
    if (typeof found === 'object' || found === undefined || String(found) !== mark) return undefined
    const token = readToken(fields)
    return isToken(token) ? token : undefined
  }
}

/** A field of exactly that name (`hub.challenge`), else the path. */
function readNamed(name: string, path: CompiledPath | undefined): (fields: unknown) => unknown {
  return (fields) => readOwn(fields, name) ?? path?.read(fields)
}

function isToken(value: unknown): value is string | number {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'string' || value === '') return false
  return value.length <= MAX_TOKEN_CHARACTERS && !UNPRINTABLE.test(value)
}

function isVerified(
  { verifyField = '', verifyKey = '' }: Challenge,
  { query }: ChallengeRequest,
  secrets: SecretBags,
): boolean {
  const given = readOwn(query, verifyField)
  const found = findSecret(secrets, verifyKey)
  if (typeof given !== 'string' || found === undefined) return false
  return found.candidates.filter(({ value }) => isSame(value, given)).length > 0
}

function answer({ responseField }: Challenge, token: string | number): ChallengeAnswer {
  const [type, body] =
    responseField === undefined
      ? ['text/plain; charset=utf-8', String(token)]
      : ['application/json; charset=utf-8', JSON.stringify({ [responseField]: token })]
  return { status: 200, headers: { 'content-type': type, ...SAFE }, body }
}
