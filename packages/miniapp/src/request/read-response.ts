import type { CompiledHttpStep } from '../compile-step.ts'
import { type ErrorDetails, MiniAppError } from '../errors.ts'
import type { MappingNote, ResponseSource } from '../expression/mapping.ts'
import type { IncomingResponse } from '../run/effects.ts'
import { decodeBody } from './decode-body.ts'
import { providerErrorCode, providerMessage, tidyMessage } from './provider-message.ts'
import type { Redactor } from './redact.ts'
import { retryAfterMs } from './retry-after.ts'

export interface ReadResponse {
  /** What mappings read. */
  source: ResponseSource
  /** The decoded body, for the record. Holds secrets that the provider echoed. */
  text: string
  notes: MappingNote[]
}

export interface JudgeOptions {
  redact: Redactor
  /** Milliseconds since the epoch. */
  now: number
  /** A 401 of an auth request is the provider's answer to be shown, not an expired connection. */
  isAuthRequest?: boolean
}

export type Judgement =
  | { verdict: 'ok' }
  /** A 401, or what `auth.expiredWhen` says is one: worth one more try after a refresh; `error` is what it means otherwise. */
  | { verdict: 'unauthorized'; error: MiniAppError }
  | { verdict: 'failed'; error: MiniAppError }

/** Statuses from 400 to 499 after which the same request may succeed later; all from 500 on may (specification 4.4). */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429])

/** Milliseconds that a caller is told to wait after a 429 that does not say: most limits are counted per minute. */
export const DEFAULT_RATE_LIMIT_WAIT_MS = 60_000

/** Decodes and parses a response body (specification 4.2): see {@link decodeBody}. */
export function readResponse(step: CompiledHttpStep, response: IncomingResponse): ReadResponse {
  const { value, text, note } = decodeBody(response, { fieldsInText: step.fieldsInText })
  const notes = note === undefined ? [] : [{ field: '$', pointer: `${step.pointer}/mapping`, message: note }]
  return { source: { body: value, headers: response.headers, status: response.status }, text, notes }
}

/** Decides whether an answer is a success and, where not, what to tell the user (specification 4.4). */
export function judgeResponse(
  step: CompiledHttpStep,
  source: ResponseSource,
  options: JudgeOptions,
): Judgement {
  const { status, body } = source
  const isExpired = status === 401 || (step.isExpired?.(source) ?? false)
  if (status < 400 && !isExpired) {
    if (!step.errorWhen?.fails(body)) return { verdict: 'ok' }
    return { verdict: 'failed', error: refusal(step, source, options) }
  }
  const said = providerMessage(body, options.redact)
  const details = errorDetails(step, source, said)
  if (isExpired && status !== 401) details.expired = true
  if (isExpired) return { verdict: 'unauthorized', error: unauthorized(step, said, details, options) }
  const wait = retryAfterMs(source.headers, options.now)
  if (status === 429) {
    details.retryAfterMs = wait ?? DEFAULT_RATE_LIMIT_WAIT_MS
    const message = withWords('The provider limits how often it may be called (429)', said)
    return {
      verdict: 'failed',
      error: new MiniAppError('RATE_LIMITED', message, { path: step.pointer, details }),
    }
  }
  if (wait !== undefined) details.retryAfterMs = wait
  const error = new MiniAppError('EXTERNAL_API_ERROR', withWords(`The provider answered ${status}`, said), {
    path: step.pointer,
    retryable: status >= 500 || PASSING_STATUSES.has(status),
    details,
  })
  return { verdict: 'failed', error }
}

function unauthorized(
  step: CompiledHttpStep,
  said: string | undefined,
  details: ErrorDetails,
  { isAuthRequest }: JudgeOptions,
): MiniAppError {
  if (isAuthRequest) {
    const message = withWords(`The provider answered ${details.status}`, said)
    return new MiniAppError('EXTERNAL_API_ERROR', message, { path: step.pointer, details })
  }
  const message = withWords(`The provider no longer accepts the stored credentials (${details.status})`, said)
  return new MiniAppError('AUTH_EXPIRED', message, { path: step.pointer, details })
}

/** `errorWhen` holds: a good status that means failure, such as Slack's `ok: false`. */
function refusal(step: CompiledHttpStep, source: ResponseSource, { redact }: JudgeOptions): MiniAppError {
  const own = step.errorWhen?.message(source.body)
  const said =
    own === undefined || own === null
      ? providerMessage(source.body, redact)
      : tidyMessage(typeof own === 'string' ? own : JSON.stringify(own), redact)
  return new MiniAppError('EXTERNAL_API_ERROR', withWords('The provider refused the request', said), {
    path: step.pointer,
    details: errorDetails(step, source, said),
  })
}

function errorDetails(
  step: CompiledHttpStep,
  { status, body }: ResponseSource,
  said: string | undefined,
): ErrorDetails {
  const details: ErrorDetails = { step: step.index, status }
  if (said !== undefined) details.providerMessage = said
  const code = step.fieldsInText ? providerErrorCode(body) : undefined
  if (code !== undefined) details.providerError = code
  return details
}

function withWords(sentence: string, said: string | undefined): string {
  return said === undefined ? `${sentence}.` : `${sentence}: ${said}`
}
