import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const STATEMENTS = [
  `alter table install
    add column registered integer not null default 0 check (registered >= 0),
    add column connecting_since timestamptz(3)`,
  `create table app_config (
    ns text primary key references app (ns) on delete cascade,
    config bytea not null,
    updated_at timestamptz(3) not null default now()
  )`,
  `create table oauth_state (
    workspace_id uuid not null references workspace (id) on delete cascade,
    id uuid not null,
    state_hash bytea not null,
    ns text not null references app (ns) on delete cascade,
    account_id uuid not null references account (id) on delete cascade,
    browser_hash bytea not null,
    opener_origin text,
    secret bytea not null,
    created_at timestamptz(3) not null default now(),
    expires_at timestamptz(3) not null,
    used_at timestamptz(3),
    primary key (workspace_id, id),
    unique (workspace_id, state_hash)
  )`,
  `create table oauth_ticket (
    workspace_id uuid not null references workspace (id) on delete cascade,
    id uuid not null,
    ticket_hash bytea not null,
    ns text not null references app (ns) on delete cascade,
    account_id uuid not null references account (id) on delete cascade,
    opener_origin text,
    secret bytea not null,
    created_at timestamptz(3) not null default now(),
    expires_at timestamptz(3) not null,
    used_at timestamptz(3),
    primary key (workspace_id, id),
    unique (workspace_id, ticket_hash)
  )`,
]

export const oauth: Migration = {
  name: '0002-oauth',
  async up(trx) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(trx)
  },
}
