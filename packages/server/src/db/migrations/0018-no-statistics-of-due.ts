import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const STATEMENTS = [
  // Gathered when there is time for it, they say that nothing is due; in the next flood, claims would be planned for that.
  // For partitions to come, `partition.ts` says it again.
  `alter table webhook_event alter column due_at set statistics 0`,
]

export const noStatisticsOfDue: Migration = {
  name: '0018-no-statistics-of-due',
  async up(trx) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(trx)
  },
}
