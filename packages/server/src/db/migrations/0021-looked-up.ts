import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

/**
 * Accepting an event writes neither: whom it is about turns out when it is processed, and the second holds only what is settled.
 * Who asks for a transaction id finds those that wait among what is waiting.
 */
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
