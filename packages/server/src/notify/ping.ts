/** `system.ping`: whether a server of the workspace can be told (specification 11). */
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { addOutboxEvents } from '../outbox/event.ts'
import { attemptDelivery } from './attempt.ts'
import { eventName } from './catalogue.ts'
import { CLAIM_MS } from './claim.ts'
import { lockFound } from './edit-subscription.ts'
import { newDelivery } from './new-delivery.ts'
import {
  type Delivery,
  expectDeliveries,
  findDelivery,
  findToldEvents,
  insertDeliveries,
  type SubscriptionKey,
} from './store.ts'
import { withPartitions } from './with-partitions.ts'

const PING = { type: 'system', action: 'ping' } as const

/** A ping that is sent at once, whatever the subscription wants. Only under the subscription's lock, or in its making. */
export async function addPing(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  { workspaceId, id }: SubscriptionKey,
): Promise<void> {
  const now = context.now()
  await insertDeliveries(trx, [newDelivery(await pingOf(context, trx, { workspaceId, id }), now)])
  await expectDeliveries(trx, { workspaceId, ids: [id], dueAt: new Date(now) })
}

async function pingOf(context: Pick<Context, 'now'>, trx: Transaction<Schema>, key: SubscriptionKey) {
  const { workspaceId, id: subscriptionId } = key
  const event = { ...PING, workspaceId, object: { _id: subscriptionId } }
  const [eventId = ''] = await addOutboxEvents(context, trx, [event], { pending: false })
  return { workspaceId, subscriptionId, eventId, event: eventName(PING), attemptNumber: 1 }
}

/**
 * Sends a ping and waits for what comes of it; also where the circuit is open, which an answer closes. Over the rate limit
 * it waits like any delivery.
 * @returns the attempt as it is then
 * @throws ApiError NOT_FOUND
 */
export async function ping(context: Context, key: SubscriptionKey): Promise<Delivery> {
  const until = context.now() + CLAIM_MS
  const claimedBy = await context.db.processId()
  const { subscription, row } = await withPartitions(context, async (trx) => {
    const found = await lockFound(trx, key)
    const now = context.now()
    // Taken already: nobody else sends it, unless this process ends.
    const dueAt = new Date(until)
    const made = { ...newDelivery(await pingOf(context, trx, key), now, dueAt), claims: 1, claimedBy }
    await insertDeliveries(trx, [made])
    await expectDeliveries(trx, { workspaceId: key.workspaceId, ids: [key.id], dueAt })
    return { subscription: found, row: made }
  })
  const claim = await findDelivery(context.db.sql, row)
  const told = (
    await findToldEvents(context.db.sql, { workspaceId: key.workspaceId, ids: [row.eventId] })
  ).get(row.eventId)
  if (claim === undefined) throw new Error(`The ping ${row.id} is gone.`)
  await attemptDelivery(context, {
    claim,
    subscription,
    told: told && { data: told.data, happenedAt: told.createdAt },
    until,
  })
  return (await findDelivery(context.db.sql, row)) ?? claim
}
