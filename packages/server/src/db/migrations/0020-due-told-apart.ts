import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

/**
 * Its second column is 1 in every row: a condition on it is one that no other index can compare. The primary key, which holds
 * all events in the same order, is then never as good to the planner as this, however bloated this is.
 */
const REPLACE_INDEX = [
  `drop index webhook_event_due`,
  `create index webhook_event_due on webhook_event (workspace_id, ((due_at is not null)::int), created_at, id)
    where due_at is not null`,
]

export const dueToldApart: Migration = {
  name: '0020-due-told-apart',
  async up(trx) {
    for (const statement of REPLACE_INDEX) await sql.raw(statement).execute(trx)
    // Statistics would say that the condition holds for every row, and so tells nothing apart. Partitions to come get
    // this from the first of these.
    const { rows } = await sql<{ name: string }>`
      select 'webhook_event_due'::regclass::text as name
      union all
      select inhrelid::regclass::text from pg_inherits where inhparent = 'webhook_event_due'::regclass`.execute(
      trx,
    )
    for (const { name } of rows) {
      await sql.raw(`alter index ${name} alter column 2 set statistics 0`).execute(trx)
    }
  },
}
