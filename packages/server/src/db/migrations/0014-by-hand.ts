import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const STATEMENTS = [
  // When the fields were last said that a person has changed: milliseconds since the epoch, by field.
  `alter table customer add column field_times jsonb not null default '{}'`,
  // By its former id leads a customer that was merged into another one to that one.
  `alter table customer_key drop constraint customer_key_kind_check`,
  `alter table customer_key add constraint customer_key_kind_check check (kind in ('code', 'email', 'phone', 'merged'))`,
  // Products and categories are listed by their code.
  `create index record_by_code on record (workspace_id, content_type, code, id)
    where content_type in ('core:product', 'core:category')`,
]

/** What people change in customers and records. */
export const byHand: Migration = {
  name: '0014-by-hand',
  async up(trx) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(trx)
  },
}
