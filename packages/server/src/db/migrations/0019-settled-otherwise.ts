import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const STATEMENTS = [
  // What somebody looks for in a long log of events that went well: few, and found without reading those.
  `create index webhook_event_settled_otherwise on webhook_event (workspace_id, created_at, id)
    where status in ('failed', 'unknown')`,
]

export const settledOtherwise: Migration = {
  name: '0019-settled-otherwise',
  async up(trx) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(trx)
  },
}
