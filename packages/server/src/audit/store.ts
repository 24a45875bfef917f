/** All SQL on the audit log: rows are inserted and read; none is ever changed, and the oldest go when retention ends. */
import { type ExpressionBuilder, type Insertable, sql, type Transaction } from 'kysely'
import type { Database } from '../db/client.ts'
import { exempt } from '../db/exemptions.ts'
import type { Row, Schema } from '../db/schema.ts'

export type AuditEntry = Row<'audit'>

export interface AuditFilter {
  workspaceId: string
  kind?: string | undefined
  ns?: string | undefined
  accountId?: string | undefined
  tokenId?: string | undefined
  /** From this moment on. */
  since?: Date | undefined
  /** Before this moment. */
  until?: Date | undefined
}

export interface AuditRange {
  limit: number
  offset: number
  after?: { id: string } | undefined
}

export async function insertEntry(
  trx: Transaction<Schema>,
  entry: Insertable<Schema['audit']>,
): Promise<void> {
  await trx.insertInto('audit').values(entry).execute()
}

/** The newest first; ids grow with time, so that they are the order. */
export async function listEntries(
  db: Database,
  filter: AuditFilter,
  { limit, offset, after }: AuditRange,
): Promise<AuditEntry[]> {
  let query = db.sql.selectFrom('audit').selectAll().where(matches(filter))
  if (after) query = query.where('id', '<', after.id)
  return query.orderBy('id', 'desc').limit(limit).offset(offset).execute()
}

export async function countEntries(db: Database, filter: AuditFilter): Promise<number> {
  const { count } = await db.sql
    .selectFrom('audit')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where(matches(filter))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** @returns how many rows went: at most `limit` */
export async function deleteEntriesBefore(db: Database, before: Date, limit: number): Promise<number> {
  const { rows } = await sql`
    delete from audit using (
      select workspace_id, id from audit where created_at < ${before} limit ${limit}
    ) old
    where audit.workspace_id = old.workspace_id and audit.id = old.id
    returning 1`.execute(exempt(db.sql, 'audit.deleteEntriesBefore'))
  return rows.length
}

function matches(filter: AuditFilter) {
  const { workspaceId, since, until, ...equal } = filter
  return (eb: ExpressionBuilder<Schema, 'audit'>) =>
    eb.and([
      eb('workspaceId', '=', workspaceId),
      ...Object.entries(equal).flatMap(([column, value]) =>
        value === undefined ? [] : [eb(column as keyof typeof equal, '=', value)],
      ),
      ...(since ? [eb('createdAt', '>=', since)] : []),
      ...(until ? [eb('createdAt', '<', until)] : []),
    ])
}
