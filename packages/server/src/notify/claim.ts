import type { Context } from '../context.ts'
import { attemptsAllowed, circuitState } from './state.ts'
import {
  type Claim,
  claimDeliveries,
  findToldEvents,
  lockSubscription,
  nextDue,
  type Subscription,
  type SubscriptionKey,
  updateSubscription,
} from './store.ts'

/**
 * Milliseconds after which an attempt is made again whatever has become of the process that was at it; mostly it is known
 * before that it has ended (`left-attempts.ts`). Far above the longest attempt.
 */
export const CLAIM_MS = 30_000

/** An attempt to be made, with everything that it needs. */
export interface Taken {
  claim: Claim
  /** As it was when it was taken. */
  subscription: Subscription
  /** Absent where its retention has ended. */
  told: { data: unknown; happenedAt: Date } | undefined
  /** Milliseconds since the epoch: from then on somebody else may make it. */
  until: number
}

/**
 * Takes what is due of one subscription, none twice: while one process takes, the others pass it by.
 * @param room.free how many at most
 * @param room.underWay attempts of this process that have not ended
 */
export async function claimDue(
  context: Context,
  key: SubscriptionKey,
  { free, underWay }: { free: number; underWay: number },
): Promise<Taken[]> {
  const now = context.now()
  const until = now + CLAIM_MS
  const holder = await context.db.processId()
  return context.db.transaction(async (trx) => {
    const subscription = await lockSubscription(trx, key, 'skip')
    if (!subscription?.isActive || (subscription.heldUntil?.getTime() ?? 0) > now) return []
    const limit = Math.min(free, attemptsAllowed(subscription, { now, underWay }))
    if (limit === 0) return []
    const claims = await claimDeliveries(trx, key, {
      now: new Date(now),
      until: new Date(until),
      holder,
      limit,
    })
    const isProbe = claims.length > 0 && circuitState(subscription, now) === 'half-open'
    await updateSubscription(trx, key, {
      dueAt: await nextDue(trx, key),
      // Nobody else sends until the attempt has decided.
      ...(isProbe && { circuitOpenUntil: new Date(until) }),
    })
    const told = await findToldEvents(trx, {
      workspaceId: key.workspaceId,
      ids: claims.map(({ eventId }) => eventId),
    })
    return claims.map((claim) => {
      const event = told.get(claim.eventId)
      return {
        claim,
        subscription,
        told: event && { data: event.data, happenedAt: event.createdAt },
        until,
      }
    })
  })
}
