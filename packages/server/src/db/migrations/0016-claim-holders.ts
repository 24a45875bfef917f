import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const STATEMENTS = [
  // The process that is at it (Database.processId): what it leaves when it ends is found by these, over few rows at any time.
  `alter table webhook_event add column claimed_by bigint`,
  `create index webhook_event_claimed on webhook_event (workspace_id, claimed_by) where claimed_by is not null`,
  `alter table delivery add column claimed_by bigint`,
  `create index delivery_claimed on delivery (workspace_id, claimed_by) where claimed_by is not null`,
]

export const claimHolders: Migration = {
  name: '0016-claim-holders',
  async up(trx) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(trx)
  },
}
