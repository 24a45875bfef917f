/** What a workspace's own server is told (specification 11): written in the transaction of the change that it tells of. */
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { storable } from '../db/text.ts'
import { uuidv7 } from '../db/uuid.ts'
import { insertOutboxEvents } from './store.ts'

/** Every event, by type: its actions. */
export const OUTBOX_EVENTS = {
  'core:customer': ['create', 'update', 'delete', 'merge'],
  'ecommerce:order': ['create', 'update'],
  'ecommerce:abandonedCart': ['create', 'update'],
  'miniapps:install': ['connected', 'disconnected', 'error'],
  system: ['ping'],
} as const satisfies Record<string, readonly string[]>

export type OutboxType = keyof typeof OUTBOX_EVENTS

/** A type with one of its actions. */
type Named = {
  [Type in OutboxType]: { type: Type; action: (typeof OUTBOX_EVENTS)[Type][number] }
}[OutboxType]

export type OutboxEvent = Named & {
  workspaceId: string
  /** What the envelope carries as `data.object`; `{ _id }` alone of what was deleted. */
  object: { _id: string } & Record<string, unknown>
}

/**
 * Tells the workspace of changes, in their order, if and only if the transaction commits.
 * @param options.pending false: only kept, for a delivery that the caller writes itself
 * @returns the ids, in the same order
 */
export async function addOutboxEvents(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  events: readonly OutboxEvent[],
  { pending = true }: { pending?: boolean } = {},
): Promise<string[]> {
  const now = context.now()
  const rows = events.map(({ workspaceId, type, action, object }) => ({
    workspaceId,
    id: uuidv7(now),
    type,
    action,
    data: storable({ type, object }).value,
    createdAt: new Date(now),
    pending,
  }))
  await insertOutboxEvents(trx, rows)
  return rows.map(({ id }) => id)
}
