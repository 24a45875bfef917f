import { type IncomingResponse, retryAfterMs } from 'miniapp'
import type { ConnectionBudget, Known } from './connection-budget.ts'
import { windowOf } from './pace.ts'
import { type ProviderLimit, readProviderLimit } from './provider-limit.ts'

/** Milliseconds of silence after a 429 that names no time, doubled by each further one. */
const FIRST_SILENCE_MS = 1_000
const MAX_SILENCE_MS = 60_000
/** A provider that asks for more is asked again after so long. */
const MAX_BLOCK_MS = 60 * 60_000
/** Other processes are told of a limit that is used up where it stays so for longer; each finds out for itself otherwise. */
const SHARED_PAUSE_MS = 5_000
/** Two ends of a window that differ by less are one. */
const SAME_WINDOW_MS = 1_500

type Answer = Pick<IncomingResponse, 'status' | 'headers'>

/** Takes what an answer says into `budget`. @returns what other processes need to know; `undefined` where it is nothing new */
export function learn(budget: ConnectionBudget, answer: Answer, now: number): Known | undefined {
  const said = readProviderLimit(answer.headers, now)
  const learnt = said ? learnPace(budget, said) : false
  if (said) learnQuota(budget, said, now)
  const blocked = block(budget, { answer, said, now })
  return learnt || blocked ? budget.known : undefined
}

function learnPace(budget: ConnectionBudget, { limit, windowMs, resetMs }: ProviderLimit): boolean {
  const { pace, blockedUntil } = budget.known
  if (limit === undefined) return false
  const before = pace?.requests === limit ? pace.perMs : 0
  const perMs = windowMs ?? (resetMs === undefined ? before : windowOf(resetMs, before))
  if (perMs <= 0 || (pace?.requests === limit && pace.perMs === perMs)) return false
  budget.known = { pace: { requests: limit, perMs }, blockedUntil }
  return true
}

/** Requests under way may be counted in what is left or not: they are taken off, so that it is never too much. */
function learnQuota(budget: ConnectionBudget, { remaining, resetMs }: ProviderLimit, now: number): void {
  if (remaining === undefined || resetMs === undefined) return
  const others = budget.inFlight - 1
  const fresh = { remaining: remaining - others, until: now + resetMs }
  const { quota } = budget
  const isSame = quota !== undefined && Math.abs(quota.until - fresh.until) < SAME_WINDOW_MS
  budget.quota = isSame ? { ...fresh, remaining: Math.min(quota.remaining, fresh.remaining) } : fresh
}

/** @returns whether all processes must know */
function block(
  budget: ConnectionBudget,
  { answer, said, now }: { answer: Answer; said: ProviderLimit | undefined; now: number },
): boolean {
  const { status, headers } = answer
  const asked = retryAfterMs(headers, now)
  const isUsedUp = said?.remaining === 0 && said.resetMs !== undefined
  // GitHub says 403 where others say 429.
  const isRefusal = status === 429 || (status === 403 && (asked !== undefined || isUsedUp))
  budget.refusals = isRefusal ? budget.refusals + 1 : 0
  if (!isRefusal && !isUsedUp) return false
  const silence = Math.min(FIRST_SILENCE_MS * 2 ** (budget.refusals - 1), MAX_SILENCE_MS)
  const wait = isRefusal ? (asked ?? (isUsedUp ? said.resetMs : undefined) ?? silence) : (said?.resetMs ?? 0)
  const until = now + Math.min(wait, MAX_BLOCK_MS)
  if (until <= budget.known.blockedUntil) return false
  budget.known = { ...budget.known, blockedUntil: until }
  return isRefusal || wait >= SHARED_PAUSE_MS
}
