import type { CompiledDefinition } from '../compile.ts'
import type { CompiledAuth } from '../compile-auth.ts'
import { MiniAppError } from '../errors.ts'
import type { Rec } from '../expression/own.ts'
import type { Bags } from '../expression/scope.ts'
import type { Effects } from './effects.ts'
import { runAuthRequest } from './run-auth-request.ts'
import type { RunOptions } from './run-state.ts'
import { backoffMs } from './send-with-retry.ts'
import { expiryOf, isEmpty, mergeRefreshed } from './token-answer.ts'

export interface RefreshContext {
  bags: Bags
  system: Rec
}

export type RefreshOutcome =
  /** `expiresAt`: milliseconds since the epoch, where the answer says. */
  | { kind: 'refreshed'; credentials: Rec; expiresAt?: number }
  /** There is nothing to refresh with: no `refresh_token` request, or no refresh token among the credentials. */
  | { kind: 'impossible' }
  /** `invalid_grant`: the account has to be connected again. */
  | { kind: 'ended'; error: MiniAppError }
  /** Anything else. `error.retryable` says whether the reason may pass. */
  | { kind: 'failed'; error: MiniAppError }

/** What a provider answers where the grant itself is over (RFC 6749, 5.2); any other refusal may be ours or may pass. */
const GRANT_IS_OVER = 'invalid_grant'

/**
 * Runs `refresh_token` and decides what its answer means (specification 3.5). A passing reason (network, 5xx, 429) is
 * tried again with backoff, as often as the request's `retry.attempts` says. Stores nothing and never rejects.
 *
 * @param options.deadlineMs for all attempts together
 */
export async function runRefresh(
  compiled: CompiledDefinition,
  context: RefreshContext,
  effects: Effects,
  options: RunOptions,
): Promise<RefreshOutcome> {
  const { refreshToken } = compiled.auth
  if (!refreshToken) return { kind: 'impossible' }
  // Repeated here, where a repetition is right although the request may have reached the provider.
  const step = { ...refreshToken, retry: { attempts: 1, on: [] } }
  const bags = { ...context.bags, credentials: filled(context.bags.credentials) }
  const endsAt = effects.now() + options.deadlineMs
  for (let attempt = 1; ; attempt += 1) {
    const left = { ...options, deadlineMs: endsAt - effects.now() }
    const run = { step, compiled, bags, system: context.system }
    const { ok, data, error, steps } = await runAuthRequest(run, effects, left)
    if (steps[0]?.status === 'skipped') return { kind: 'impossible' }
    if (ok) return refreshed(context.bags.credentials, data, effects.now())
    const refusal = error ?? new MiniAppError('INTERNAL_ERROR', 'The refresh failed without a reason.')
    const wait = backoffMs(attempt, effects.random())
    const again = attempt < refreshToken.retry.attempts && mayPass(refusal) && effects.now() + wait < endsAt
    if (!again) return verdictOf(refusal)
    try {
      await effects.sleep(wait, options.signal)
    } catch {
      return verdictOf(refusal)
    }
  }
}

/** `null` and `""` are no refresh token to send. */
function filled(credentials: Rec): Rec {
  return Object.fromEntries(Object.entries(credentials).filter(([, value]) => !isEmpty(value)))
}

function refreshed(credentials: Rec, outputs: Rec, now: number): RefreshOutcome {
  const expiresAt = expiryOf(outputs, now)
  return {
    kind: 'refreshed',
    credentials: mergeRefreshed(credentials, outputs),
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

/** Failures of the connection and statuses that say "later"; a lost answer too: whether the old token still works shows. */
function mayPass({ code, retryable, details }: MiniAppError): boolean {
  if (code === 'RATE_LIMITED') return true
  if (code !== 'EXTERNAL_API_ERROR') return false
  return retryable || PASSING_FAILURES.has(details['failure'])
}

const PASSING_FAILURES: ReadonlySet<unknown> = new Set(['connect', 'network', 'timeout', 'deadline'])

function verdictOf(refusal: MiniAppError): RefreshOutcome {
  if (refusal.code === 'NOT_CONFIGURED') return { kind: 'impossible' }
  const { path, cause, details } = refusal
  const options = {
    ...(path !== undefined && { path }),
    details: { ...details, request: 'refresh_token' },
    cause,
  }
  if (details.providerError === GRANT_IS_OVER) {
    const message = `The provider ended the connection: ${refusal.message}`
    return { kind: 'ended', error: new MiniAppError('AUTH_EXPIRED', message, options) }
  }
  const message = `The access token could not be refreshed: ${refusal.message}`
  const code = refusal.code === 'INTERNAL_ERROR' ? 'INTERNAL_ERROR' : 'EXTERNAL_API_ERROR'
  return {
    kind: 'failed',
    error: new MiniAppError(code, message, { ...options, retryable: mayPass(refusal) || refusal.retryable }),
  }
}

/** Whether two credentials hold the same tokens; what registration added makes no difference. */
export function sameTokens({ tokenKeys }: CompiledAuth, one: Rec, other: Rec): boolean {
  return [...tokenKeys].every((key) => JSON.stringify(one[key]) === JSON.stringify(other[key]))
}

/**
 * Asks the provider whether it refuses freshly refreshed credentials altogether (specification 3.5): one request that
 * answers 401 may only lack a scope, `test_token` or `userDetails` that does too says that the account is lost.
 *
 * @returns the error of the install then; `undefined` where it does not, or there is nobody to ask
 */
export async function runRefusalCheck(
  compiled: CompiledDefinition,
  context: RefreshContext,
  effects: Effects,
  options: RunOptions,
): Promise<MiniAppError | undefined> {
  const step = compiled.auth.testToken ?? compiled.auth.userDetails
  if (!step) return undefined
  const { error } = await runAuthRequest({ step, compiled, ...context }, effects, options)
  if (error?.details.status !== 401 && !error?.details.expired) return undefined
  const message = `The provider refuses the connection also after a refresh: ${error.message}`
  return new MiniAppError('AUTH_EXPIRED', message, { details: error.details, cause: error })
}
