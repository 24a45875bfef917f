/**
 * Tells workspaces' own servers what happened, in every process that does background work (specification 11). Attempts
 * run beside the loop that begins them, and each server has few at once: one that is slow holds up itself alone.
 */
import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { NIL_UUID } from '../db/uuid.ts'
import { startLoop } from '../jobs/background-loop.ts'
import { inParallel } from '../jobs/in-parallel.ts'
import { startFreeing } from '../jobs/left-claims.ts'
import { attemptDelivery } from './attempt.ts'
import { claimDue, type Taken } from './claim.ts'
import { fanOut } from './fan-out.ts'
import { freeLeftAttempts } from './left-attempts.ts'
import { listDueSubscriptions, type SubscriptionKey } from './store.ts'
import { sleeperOf, wakeDelivery } from './wake.ts'

/** How often a process looks that nobody wakes. */
const LOOK_INTERVAL_MS = 1_000
/** After a failure of the database. */
const LOOK_AFTER_FAILURE_MS = 5_000
const SUBSCRIPTIONS_PER_LOOK = 500
const CLAIMS_AT_ONCE = 2
/** Of one process. Below the failures that open a circuit. */
export const ATTEMPTS_PER_SUBSCRIPTION = 4
/** Of one process: a workspace whose servers all hang leaves room for others. */
const ATTEMPTS_PER_WORKSPACE = 32
const ATTEMPTS_AT_ONCE = 256
const FIRST: SubscriptionKey = { workspaceId: NIL_UUID, id: NIL_UUID }

/** Attempts under way in this process, by subscription and by workspace. */
const underWayOf = perContext((_context: Context) => ({
  attempts: new Set<Promise<void>>(),
  counts: new Map<string, number>(),
  /** Where the next look begins, so that those with high ids have their turn too. */
  after: FIRST,
}))

type UnderWay = ReturnType<typeof underWayOf>

function roomOf({ attempts, counts }: UnderWay, { workspaceId, id }: SubscriptionKey) {
  const underWay = counts.get(id) ?? 0
  const free = Math.min(
    ATTEMPTS_PER_SUBSCRIPTION - underWay,
    ATTEMPTS_PER_WORKSPACE - (counts.get(workspaceId) ?? 0),
    ATTEMPTS_AT_ONCE - attempts.size,
  )
  return { underWay, free }
}

function count({ counts }: UnderWay, names: readonly string[], change: 1 | -1): void {
  for (const name of names) {
    const next = (counts.get(name) ?? 0) + change
    if (next === 0) counts.delete(name)
    else counts.set(name, next)
  }
}

/** One round. @returns how many events were taken and attempts begun, which go on after it */
export async function deliverDue(context: Context, signal?: AbortSignal): Promise<number> {
  let done = await fanOut(context, signal)
  const state = underWayOf(context)
  const now = new Date(context.now())
  const due = await listDueSubscriptions(context.db, {
    now,
    after: state.after,
    limit: SUBSCRIPTIONS_PER_LOOK,
  })
  const isLast = due.length < SUBSCRIPTIONS_PER_LOOK
  // Those before the place where this look began have their turn in the next one.
  if (isLast && state.after !== FIRST) done += 1
  state.after = (isLast ? undefined : due.at(-1)) ?? FIRST
  await inParallel(due, CLAIMS_AT_ONCE, async (key) => {
    const room = roomOf(state, key)
    if (signal?.aborted || room.free <= 0) return
    const taken = await claimDue(context, key, room)
    for (const one of taken) begin(context, one)
    done += taken.length
  })
  return done
}

function begin(context: Context, taken: Taken): void {
  const { workspaceId, subscriptionId: webhookId, id: deliveryId } = taken.claim
  const state = underWayOf(context)
  const names = [workspaceId, webhookId]
  count(state, names, 1)
  const attempt = attemptDelivery(context, taken)
    .then(
      () => {},
      (error) => context.log.error('delivery.attempted', { workspaceId, webhookId, deliveryId, error }),
    )
    .finally(() => {
      count(state, names, -1)
      state.attempts.delete(attempt)
      wakeDelivery(context)
    })
  state.attempts.add(attempt)
}

/** Resolves when no attempt of this process is under way. */
export async function attemptsEnded(context: Context): Promise<void> {
  const { attempts } = underWayOf(context)
  while (attempts.size > 0) await Promise.all(attempts)
}

/** @returns a function that ends it, waiting for attempts under way */
export function startDelivering(context: Context): () => Promise<void> {
  const end = startLoop({
    sleeper: sleeperOf(context),
    lookIntervalMs: LOOK_INTERVAL_MS,
    lookAfterFailureMs: LOOK_AFTER_FAILURE_MS,
    round: (signal) => deliverDue(context, signal),
    onFailure: (error) => context.log.error('delivery.attempted', { error }),
  })
  const endFreeing = startFreeing(
    (signal) => freeLeftAttempts(context, signal),
    (error) => context.log.error('delivery.attempted', { error }),
  )
  return async () => {
    await Promise.all([end(), endFreeing()])
    await attemptsEnded(context)
  }
}
