import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const STATEMENTS = [
  // Looked for every quarter of a minute, over all workspaces; there is hardly ever one.
  `create index install_unfinished on install (workspace_id, connecting_since) where pending_registrations > 0`,
  // Operators list all workspaces, the newest first.
  `create index workspace_newest on workspace (created_at, id)`,
]

export const indexes: Migration = {
  name: '0010-indexes',
  async up(trx) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(trx)
  },
}
