import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

/** Of events that are settled, so that accepting one writes neither: of the second, those that wait are found as waiting. */
const STATEMENTS = [
  `create index webhook_event_of_customer on webhook_event (workspace_id, customer_id, created_at, id)
    where customer_id is not null`,
  `create index webhook_event_of_transaction on webhook_event (workspace_id, transaction_id, created_at, id)
    where due_at is null and transaction_id is not null`,
]

export const lookedUp: Migration = {
  name: '0021-looked-up',
  async up(trx) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(trx)
  },
}
