import type { Insertable, Selectable, Transaction } from 'kysely'
import type { Database } from '../db/client.ts'
import type { OutboxTable } from '../db/record-schema.ts'
import type { NotificationTable, Schema } from '../db/schema.ts'

type Executor = Database['sql'] | Transaction<Schema>

export interface NotificationFilter {
  workspaceId: string
  unreadOnly: boolean
}

export interface NotificationPage extends NotificationFilter {
  limit: number
  offset: number
  /** The last one of the page before. */
  after?: { id: string } | undefined
}

export async function insertNotification(
  trx: Transaction<Schema>,
  notification: Insertable<NotificationTable>,
): Promise<void> {
  await trx.insertInto('notification').values(notification).execute()
}

/** Rows of one INSERT: 65 535 parameters are the most that a statement takes. */
const ROWS_PER_STATEMENT = 5_000

export async function insertOutboxEvents(
  trx: Transaction<Schema>,
  events: readonly Insertable<OutboxTable>[],
): Promise<void> {
  for (let from = 0; from < events.length; from += ROWS_PER_STATEMENT) {
    await trx
      .insertInto('outbox')
      .values(events.slice(from, from + ROWS_PER_STATEMENT))
      .execute()
  }
}

/** The newest first; ids grow with time, so that they are the order. */
export function listNotifications(
  executor: Executor,
  { workspaceId, unreadOnly, limit, offset, after }: NotificationPage,
): Promise<Selectable<NotificationTable>[]> {
  let query = executor.selectFrom('notification').selectAll().where('workspaceId', '=', workspaceId)
  if (unreadOnly) query = query.where('readAt', 'is', null)
  if (after) query = query.where('id', '<', after.id)
  return query.orderBy('id', 'desc').limit(limit).offset(offset).execute()
}

export async function countNotifications(
  executor: Executor,
  { workspaceId, unreadOnly }: NotificationFilter,
): Promise<number> {
  let query = executor
    .selectFrom('notification')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('workspaceId', '=', workspaceId)
  if (unreadOnly) query = query.where('readAt', 'is', null)
  const row = await query.executeTakeFirstOrThrow()
  return Number(row.count)
}

export async function markRead(
  executor: Executor,
  { workspaceId, ids, readAt }: { workspaceId: string; ids?: readonly string[]; readAt: Date },
): Promise<number> {
  let query = executor
    .updateTable('notification')
    .set({ readAt })
    .where('workspaceId', '=', workspaceId)
    .where('readAt', 'is', null)
  if (ids) query = query.where('id', 'in', [...ids])
  const { numUpdatedRows } = await query.executeTakeFirst()
  return Number(numUpdatedRows)
}
