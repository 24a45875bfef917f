import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const STATEMENTS = [
  // What the answers of a connection's provider said of its rate limit: for processes that have not asked it yet.
  `create table provider_budget (
    workspace_id uuid not null,
    install_id uuid not null,
    requests integer check (requests > 0),
    per_ms integer check (per_ms > 0),
    blocked_until timestamptz(3),
    learnt_at timestamptz(3) not null,
    primary key (workspace_id, install_id),
    foreign key (workspace_id, install_id) references install (workspace_id, id) on delete cascade
  )`,
]

export const providerBudget: Migration = {
  name: '0005-provider-budget',
  async up(trx) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(trx)
  },
}
