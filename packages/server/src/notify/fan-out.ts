/** Turns events into deliveries: one for each active subscription that wants it. */
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { NIL_UUID } from '../db/uuid.ts'
import { inParallel } from '../jobs/in-parallel.ts'
import { listPendingWorkspaces, type PendingEvent, takePending } from '../outbox/store.ts'
import { eventName } from './catalogue.ts'
import { newDelivery } from './new-delivery.ts'
import { expectDeliveries, insertDeliveries, lockActive, type Subscription } from './store.ts'
import { withPartitions } from './with-partitions.ts'

/** Of one workspace in a row, then it is the turn of the others. */
const EVENTS_PER_TURN = 200
const WORKSPACES_PER_LOOK = 500
const WORKSPACES_AT_ONCE = 2

/**
 * One round: each workspace with events that have no deliveries has one turn.
 * @returns how many events were taken
 */
export async function fanOut(context: Context, signal?: AbortSignal): Promise<number> {
  let taken = 0
  let after = NIL_UUID
  for (;;) {
    const workspaces = await listPendingWorkspaces(context.db, { after, limit: WORKSPACES_PER_LOOK })
    after = workspaces.at(-1) ?? after
    await inParallel(workspaces, WORKSPACES_AT_ONCE, async (workspaceId) => {
      if (!signal?.aborted) taken += await fanOutTurn(context, workspaceId)
    })
    if (workspaces.length < WORKSPACES_PER_LOOK || signal?.aborted) return taken
  }
}

/** That events were taken and their deliveries are one commit: neither is lost, nor written twice. */
function fanOutTurn(context: Context, workspaceId: string): Promise<number> {
  return withPartitions(context, async (trx) => {
    const events = await takePending(trx, { workspaceId, limit: EVENTS_PER_TURN })
    if (events.length > 0) await writeDeliveries(context, trx, { workspaceId, events })
    return events.length
  })
}

async function writeDeliveries(
  context: Context,
  trx: Transaction<Schema>,
  { workspaceId, events }: { workspaceId: string; events: readonly PendingEvent[] },
): Promise<void> {
  const subscriptions = await lockActive(trx, workspaceId)
  const now = context.now()
  const deliveries = events.flatMap((event) =>
    subscriptions
      .filter((subscription) => wants(subscription, event))
      .map(({ id: subscriptionId }) =>
        newDelivery(
          { workspaceId, subscriptionId, eventId: event.id, event: eventName(event), attemptNumber: 1 },
          now,
        ),
      ),
  )
  await insertDeliveries(trx, deliveries)
  const ids = [...new Set(deliveries.map(({ subscriptionId }) => subscriptionId))]
  await expectDeliveries(trx, { workspaceId, ids, dueAt: new Date(now) })
}

function wants({ actions }: Pick<Subscription, 'actions'>, event: PendingEvent): boolean {
  return actions.some(({ type, action }) => type === event.type && action === event.action)
}
