import type { CompiledHttpStep } from '../compile-step.ts'
import { retryAfterMs } from '../request/retry-after.ts'
import { type IncomingResponse, type OutgoingRequest, SendError, type SendFailure } from './effects.ts'
import { MAX_STEP_TIMEOUT_MS, type RunState } from './run-state.ts'

export interface Attempt {
  /** Milliseconds since the epoch. */
  startedAt: number
  durationMs: number
  /** Of `durationMs`, what it waited until the connection might be asked. */
  waitMs?: number
  /** From its turn to the first byte of the answer: connecting, sending and what the provider needed. */
  firstByteMs?: number
  status?: number
  failure?: SendFailure
  /** The attempt was followed by another one after this many milliseconds. */
  waitedMs?: number
  /** Which item of a `forEach` it was for. */
  item?: number
}

/** Milliseconds: a provider that asks for more patience is not waited for (4.2). */
export const MAX_RETRY_AFTER_MS = 30_000
/** Milliseconds before the second attempt, doubled for each further one, of which jitter takes up to half away. */
export const FIRST_BACKOFF_MS = 500
/** Milliseconds: ten attempts would otherwise wait for minutes. */
export const MAX_BACKOFF_MS = 10_000

type Outcome = IncomingResponse | SendError

/** What is safe to repeat although it may have reached the provider (RFC 9110, 9.2.1). */
const isSafe = (step: CompiledHttpStep): boolean => step.method === 'GET' || step.method === 'HEAD'

/**
 * Sends one request and repeats it by the rules of specification 4.2, adding one entry to `attempts` for each.
 * Never repeats what may already have happened at the provider, unless `retry.on` of the step says so.
 *
 * @returns the last answer, whatever its status
 * @throws SendError of the last attempt, or MiniAppError where the run's time is over or it was cancelled
 */
export async function sendWithRetry(
  request: OutgoingRequest,
  step: CompiledHttpStep,
  state: RunState,
  attempts: Attempt[],
): Promise<IncomingResponse> {
  for (let count = 1; ; count += 1) {
    state.checkTime()
    const attempt: Attempt = { startedAt: state.effects.now(), durationMs: 0 }
    attempts.push(attempt)
    let outcome: Outcome
    try {
      outcome = await sendOnce(request, step, state)
      attempt.status = outcome.status
      Object.assign(attempt, outcome.timing)
    } catch (error) {
      if (!(error instanceof SendError)) throw error
      attempt.failure = error.failure
      outcome = error
    } finally {
      attempt.durationMs = state.effects.now() - attempt.startedAt
    }
    const wait = count < step.retry.attempts ? waitBeforeNext(outcome, count, step, state) : undefined
    if (wait === undefined || wait >= state.remainingMs()) {
      if (outcome instanceof SendError) throw outcome
      return outcome
    }
    attempt.waitedMs = wait
    await state.effects.sleep(wait, state.options.signal)
  }
}

function sendOnce(
  request: OutgoingRequest,
  step: CompiledHttpStep,
  state: RunState,
): Promise<IncomingResponse> {
  const { effects, options, context } = state
  const longest = options.maxTimeoutMs ?? MAX_STEP_TIMEOUT_MS
  return effects.send(request, {
    timeoutMs: Math.min(step.timeoutMs, longest, state.remainingMs()),
    allowedHosts: context.allowedHosts,
    ...(options.signal && { signal: options.signal }),
  })
}

/** Milliseconds to wait before attempt `count + 1`; `undefined` where there is to be none. */
function waitBeforeNext(
  outcome: Outcome,
  count: number,
  step: CompiledHttpStep,
  state: RunState,
): number | undefined {
  if (outcome instanceof SendError) {
    return AFTER_FAILURE[outcome.failure](step) ? backoffMs(count, state.effects.random()) : undefined
  }
  const asked = retryAfterMs(outcome.headers, state.effects.now())
  if (asked !== undefined && asked > MAX_RETRY_AFTER_MS) return undefined
  if (!repeatsAfterStatus(outcome.status, step, asked !== undefined)) return undefined
  return asked ?? backoffMs(count, state.effects.random())
}

/** `connect`: no byte was sent. `network` and `timeout`: the request may have been carried out. */
const AFTER_FAILURE = {
  connect: () => true,
  network: isSafe,
  timeout: isSafe,
  blocked: () => false,
  'too-large': () => false,
  'too-many-redirects': () => false,
  // It has waited as long as there was time.
  'rate-limited': () => false,
  aborted: () => false,
} satisfies Record<SendFailure, (step: CompiledHttpStep) => boolean>

/**
 * A 429 says that nothing was done, with or without `Retry-After`. A 503 says so only where it names a time; without
 * one, like 502 and 504, it may come from a proxy that gave up on a request that went on behind it.
 */
function repeatsAfterStatus(status: number, step: CompiledHttpStep, namesTime: boolean): boolean {
  if (step.retry.on) return step.retry.on.includes(status)
  if (status === 429) return true
  if (status === 503) return namesTime || isSafe(step)
  return (status === 502 || status === 504) && isSafe(step)
}

/**
 * Milliseconds to wait after attempt `count`.
 * @param chance in [0, 1)
 */
export function backoffMs(count: number, chance: number): number {
  const full = Math.min(FIRST_BACKOFF_MS * 2 ** (count - 1), MAX_BACKOFF_MS)
  return Math.round(full * (1 - chance / 2))
}
