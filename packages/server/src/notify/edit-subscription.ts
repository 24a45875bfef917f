import type { Transaction } from 'kysely'
import type { Caller } from '../account/app-token.ts'
import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { ApiError } from '../errors.ts'
import { eventName } from './catalogue.ts'
import { shownUrl } from './shown-url.ts'
import { CLOSED } from './state.ts'
import { lockSubscription, type Subscription, type SubscriptionKey, updateSubscription } from './store.ts'
import { wakeDelivery } from './wake.ts'
import { checked, refuseUnreadable, type Wanted } from './wanted.ts'

/** @throws ApiError NOT_FOUND */
export async function lockFound(trx: Transaction<Schema>, key: SubscriptionKey): Promise<Subscription> {
  const subscription = await lockSubscription(trx, key)
  if (subscription === undefined) throw webhookNotFound()
  return subscription
}

export function webhookNotFound(): ApiError {
  return new ApiError('NOT_FOUND', 'There is no such webhook in this workspace. webhooks lists all.')
}

/**
 * Changes what was given. What waits is sent as the subscription is then.
 * @throws ApiError NOT_FOUND, BAD_USER_INPUT where a value does not fit, FORBIDDEN for events that the caller may not read
 */
export async function editSubscription(
  context: Context,
  caller: Caller,
  { id, ...wanted }: Wanted & { id: string },
): Promise<Subscription> {
  const { actions, ...columns } = checked(context, wanted)
  const key = { workspaceId: caller.workspaceId, id }
  const edited = await context.db.transaction(async (trx) => {
    const before = await lockFound(trx, key)
    refuseUnreadable(caller, actions ?? before.actions)
    const changes = { ...columns, ...(actions && { actions: JSON.stringify(actions) }) }
    if (Object.keys(changes).length === 0) return before
    const details = {
      ...columns,
      ...(columns.url !== undefined && { url: shownUrl(columns.url) }),
      ...(actions && { actions: actions.map(eventName) }),
    }
    await recordAct(context, trx, { ...actOn(key), details })
    return updateSubscription(trx, key, { ...changes, heldUntil: null, updatedAt: new Date(context.now()) })
  })
  wakeDelivery(context)
  return edited
}

const actOn = ({ workspaceId, id }: SubscriptionKey) =>
  ({ workspaceId, kind: 'webhook.changed', subjectId: id }) as const

/**
 * Pauses or resumes: events that happen during a pause are not told, deliveries that wait are sent after it.
 * @param isActive absent: the other way round
 * @throws ApiError NOT_FOUND
 */
export async function toggleSubscription(
  context: Context,
  key: SubscriptionKey,
  isActive?: boolean,
): Promise<Subscription> {
  const toggled = await context.db.transaction(async (trx) => {
    const before = await lockFound(trx, key)
    const next = isActive ?? !before.isActive
    if (next === before.isActive) return before
    await recordAct(context, trx, { ...actOn(key), details: { isActive: next } })
    return updateSubscription(trx, key, { isActive: next, updatedAt: new Date(context.now()) })
  })
  wakeDelivery(context)
  return toggled
}

/** Closes the circuit and forgets failures: what waits is sent at once. @throws ApiError NOT_FOUND */
export async function resetCircuit(context: Context, key: SubscriptionKey): Promise<Subscription> {
  const reset = await context.db.transaction(async (trx) => {
    await lockFound(trx, key)
    return updateSubscription(trx, key, CLOSED)
  })
  wakeDelivery(context)
  return reset
}
