import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const STATEMENTS = [
  // A new version of an app looks for the installs that run another one, over all workspaces: mostly there are few.
  `create index install_of_app on install (ns, version_id)`,
]

export const installsOfApp: Migration = {
  name: '0015-installs-of-app',
  async up(trx) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(trx)
  },
}
