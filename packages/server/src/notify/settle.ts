/** What an attempt leaves behind: its row, the next attempt, and the circuit of the subscription. */
import type { Context } from '../context.ts'
import { newDelivery } from './new-delivery.ts'
import { afterFailure, CLOSED } from './state.ts'
import {
  type Claim,
  expectDeliveries,
  insertDeliveries,
  lockSubscription,
  type Subscription,
  saveAttempt,
  updateSubscription,
} from './store.ts'
import { withPartitions } from './with-partitions.ts'

export interface Outcome {
  /** Answered 2xx in time. */
  ok: boolean
  /** No other attempt can do better. */
  final?: boolean
  /** As they are shown. */
  requestHeaders?: Record<string, string>
  requestBody?: string
  responseStatus?: number
  responseBody?: string
  error?: string
  durationMs: number
}

const keyOf = ({ workspaceId, subscriptionId }: Claim) => ({ workspaceId, id: subscriptionId })

/** @returns false where the subscription was removed, or somebody else has taken the attempt: nothing is stored then */
export function settle(context: Context, claim: Claim, outcome: Outcome): Promise<boolean> {
  return withPartitions(context, async (trx) => {
    const subscription = await lockSubscription(trx, keyOf(claim))
    if (subscription === undefined || !(await saveAttempt(trx, claim, columnsOf(outcome)))) return false
    const now = context.now()
    const circuit = outcome.ok ? CLOSED : outcome.final ? {} : afterFailure(subscription, now)
    await updateSubscription(trx, keyOf(claim), {
      ...circuit,
      ...(outcome.ok && { lastDeliveryAt: new Date(now) }),
    })
    if (outcome.ok || outcome.final || claim.attemptNumber >= subscription.maxAttempts) return true
    const dueAt = new Date(now + backoffOf(subscription, claim.attemptNumber))
    await insertDeliveries(trx, [
      newDelivery({ ...claim, attemptNumber: claim.attemptNumber + 1 }, now, dueAt),
    ])
    await expectDeliveries(trx, { workspaceId: claim.workspaceId, ids: [claim.subscriptionId], dueAt })
    return true
  })
}

function columnsOf(outcome: Outcome) {
  const { ok, requestHeaders, requestBody, responseStatus, responseBody, error, durationMs } = outcome
  return {
    status: ok ? 'success' : 'failed',
    dueAt: null,
    requestHeaders: requestHeaders ? JSON.stringify(requestHeaders) : null,
    requestBody: requestBody ?? null,
    responseStatus: responseStatus ?? null,
    responseBody: responseBody ?? null,
    error: error ?? null,
    durationMs,
  } as const
}

/** Milliseconds after that attempt; a list that is too short ends with its last value repeated. */
function backoffOf({ backoffMs }: Pick<Subscription, 'backoffMs'>, attemptNumber: number): number {
  return backoffMs[attemptNumber - 1] ?? backoffMs.at(-1) ?? 0
}

/** Gives an attempt back that was not made, and lets nothing of its subscription be sent before `until`. */
export async function holdBack(
  { db, now }: Pick<Context, 'db' | 'now'>,
  { claim, until }: { claim: Claim; until: number },
): Promise<void> {
  const heldUntil = new Date(until)
  await db.transaction(async (trx) => {
    if ((await lockSubscription(trx, keyOf(claim))) === undefined) return
    const dueAt = new Date(now())
    if (!(await saveAttempt(trx, claim, { dueAt, claims: claim.claims - 1 }))) return
    await updateSubscription(trx, keyOf(claim), { heldUntil })
    await expectDeliveries(trx, { workspaceId: claim.workspaceId, ids: [claim.subscriptionId], dueAt })
  })
}
