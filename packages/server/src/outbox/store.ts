import { type Insertable, type Selectable, sql, type Transaction } from 'kysely'
import type { Database } from '../db/client.ts'
import { columnArrays } from '../db/column-arrays.ts'
import { exempt } from '../db/exemptions.ts'
import type { OutboxTable } from '../db/record-schema.ts'
import type { NotificationTable, Schema } from '../db/schema.ts'
import { statementOnce } from '../db/statement-once.ts'

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

/** Rows of one INSERT, whose parameters are made at once. */
const ROWS_PER_STATEMENT = 5_000

export type OutboxRow = Omit<Insertable<OutboxTable>, 'data'> & { data: object }

export async function insertOutboxEvents(
  trx: Transaction<Schema>,
  events: readonly OutboxRow[],
): Promise<void> {
  for (let from = 0; from < events.length; from += ROWS_PER_STATEMENT) {
    await insertRows(trx, COLUMNS.values(events.slice(from, from + ROWS_PER_STATEMENT)))
  }
}

const COLUMNS = columnArrays({
  workspaceId: 'uuid',
  id: 'uuid',
  type: 'text',
  action: 'text',
  data: 'jsonb',
  createdAt: 'timestamptz',
  pending: 'boolean',
})

const insertRows = statementOnce<keyof ReturnType<typeof COLUMNS.values>, never>(
  (places) => sql<never>`
    insert into outbox (${COLUMNS.names}) select ${COLUMNS.names} from ${COLUMNS.from(places, 'row')}`,
  { name: 'outbox.insertOutboxEvents', handleOf: (db) => exempt(db, 'outbox.insertOutboxEvents') },
)

/** Workspaces with events that have no deliveries yet, in the order of their ids. @param after only those behind it */
export async function listPendingWorkspaces(
  db: Database,
  { after, limit }: { after: string; limit: number },
): Promise<string[]> {
  // From one workspace to the next in the index: however much one of them has waiting, it costs one look.
  const { rows } = await sql<{ workspaceId: string }>`
    with recursive waiting (workspace_id) as (
      (select workspace_id from outbox where pending and workspace_id > ${after}::uuid order by workspace_id limit 1)
      union all
      select (select o.workspace_id from outbox o
        where o.pending and o.workspace_id > waiting.workspace_id order by o.workspace_id limit 1)
      from waiting where waiting.workspace_id is not null
    )
    select workspace_id from waiting where workspace_id is not null limit ${limit}`.execute(
    exempt(db.sql, 'outbox.listPendingWorkspaces'),
  )
  return rows.map(({ workspaceId }) => workspaceId)
}

export type PendingEvent = Pick<Selectable<OutboxTable>, 'id' | 'type' | 'action'>

/**
 * Takes the oldest events that have no deliveries yet, none twice: whoever takes them writes their deliveries in the same
 * transaction.
 */
export async function takePending(
  trx: Transaction<Schema>,
  { workspaceId, limit }: { workspaceId: string; limit: number },
): Promise<PendingEvent[]> {
  const taken = await trx
    .updateTable('outbox')
    .set({ pending: false })
    .where('workspaceId', '=', workspaceId)
    .where(({ eb, selectFrom }) =>
      eb(
        'id',
        'in',
        selectFrom('outbox')
          .select('id')
          .where('workspaceId', '=', workspaceId)
          .where(sql<boolean>`pending`)
          .orderBy('id')
          .limit(limit)
          .forUpdate()
          .skipLocked(),
      ),
    )
    .returning(['id', 'type', 'action'])
    .execute()
  return taken.sort((one, other) => (one.id < other.id ? -1 : 1))
}

/** Deletes events that became deliveries before. @returns how many: at most `limit` */
export async function deleteEventsBefore(
  db: Database,
  { workspaceId, before, limit }: { workspaceId: string; before: Date; limit: number },
): Promise<number> {
  const { numDeletedRows } = await db.sql
    .deleteFrom('outbox')
    .where('workspaceId', '=', workspaceId)
    .where(({ eb, selectFrom }) =>
      eb(
        'id',
        'in',
        selectFrom('outbox')
          .select('id')
          .where('workspaceId', '=', workspaceId)
          .where('createdAt', '<', before)
          .where('pending', '=', false)
          .orderBy('id')
          .limit(limit)
          .forUpdate()
          .skipLocked(),
      ),
    )
    .executeTakeFirst()
  return Number(numDeletedRows)
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
