import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const STATEMENTS = [
  // A row outlives a process that was killed; whether one lives is asked of its lock.
  `create table key_holder (
    process_id bigint primary key,
    master_key_ids text[] not null,
    started_at timestamptz(3) not null default now()
  )`,
]

export const keyHolder: Migration = {
  name: '0004-key-holder',
  async up(trx) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(trx)
  },
}
