/** Changes of customers and records, as the workspace's own server is told of them (specification 11). */
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { addOutboxEvents, type OutboxEvent } from '../outbox/event.ts'
import { CART_TYPE, ORDER_TYPE } from './content-type.ts'
import type { Profile } from './merge-customer.ts'
import type { CustomerChange } from './plan-customers.ts'
import { type WithTagNames, withTagNames } from './tagged.ts'

const ACTIONS = { created: 'create', updated: 'update' } as const

export async function tellOfCustomers(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  { workspaceId, changes }: { workspaceId: string; changes: readonly CustomerChange[] },
): Promise<void> {
  const told = changes.flatMap(({ effect, profile }) =>
    effect === 'unchanged' ? [] : [{ ...profile, action: ACTIONS[effect] }],
  )
  const events = (await withTagNames(trx, workspaceId, told)).map(({ action, ...profile }): OutboxEvent => {
    return { workspaceId, type: 'core:customer', action, object: customerObject(profile) }
  })
  await addOutboxEvents(context, trx, events)
}

export async function tellOfRemoved(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  { workspaceId, ids }: { workspaceId: string; ids: readonly string[] },
): Promise<void> {
  const deleted = { workspaceId, type: 'core:customer', action: 'delete' } as const
  await addOutboxEvents(
    context,
    trx,
    ids.map((id) => ({ ...deleted, object: { _id: id } })),
  )
}

/** The others are not there any more; what was theirs is the object's. */
export async function tellOfMerged(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  {
    workspaceId,
    profile,
    mergedIds,
  }: { workspaceId: string; profile: Profile; mergedIds: readonly string[] },
): Promise<void> {
  const named = await withTagNames(trx, workspaceId, [profile])
  const events = named.map((customer): OutboxEvent => {
    const object = { ...customerObject(customer), mergedIds }
    return { workspaceId, type: 'core:customer', action: 'merge', object }
  })
  await addOutboxEvents(context, trx, events)
}

/** A customer as other programs see it. */
export function customerObject(profile: WithTagNames<Profile>): { _id: string } & Record<string, unknown> {
  const { id, data, source: _, version: __, fieldTimes: ___, createdAt, updatedAt, ...fields } = profile
  return {
    _id: id,
    ...data,
    ...fields,
    createdAt: createdAt.toISOString(),
    modifiedAt: updatedAt.toISOString(),
  }
}

/** A record that was written, and how. */
export interface RecordChange {
  effect: 'created' | 'updated' | 'deleted'
  id: string
  ns: string
  contentType: string
  code: string
  data: Readonly<Record<string, unknown>>
  customerId: string | null
  createdAt: Date
  updatedAt: Date
}

/** Kinds that workspaces are told of; the deletion of an order is an update of ours, and no event of 11. */
const TOLD: ReadonlyMap<string, 'ecommerce:order' | 'ecommerce:abandonedCart'> = new Map([
  [ORDER_TYPE, 'ecommerce:order'],
  [CART_TYPE, 'ecommerce:abandonedCart'],
])

export async function tellOfRecords(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  { workspaceId, changes }: { workspaceId: string; changes: readonly RecordChange[] },
): Promise<void> {
  const events = changes.flatMap((change): OutboxEvent[] => {
    const type = TOLD.get(change.contentType)
    if (type === undefined || change.effect === 'deleted') return []
    return [{ workspaceId, type, action: ACTIONS[change.effect], object: recordObject(change) }]
  })
  await addOutboxEvents(context, trx, events)
}

function recordObject({ id, ns, code, data, customerId, createdAt, updatedAt }: RecordChange) {
  return {
    ...data,
    _id: id,
    ns,
    code,
    customerId,
    createdAt: createdAt.toISOString(),
    modifiedAt: updatedAt.toISOString(),
  }
}
