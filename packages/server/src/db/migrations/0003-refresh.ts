import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const STATEMENTS = [
  `alter table install add column refresh_at timestamptz(3)`,
  // What connected before: by the 60 seconds of specification 3.5, whatever the lifetime was.
  `update install set refresh_at = expires_at - interval '60 seconds' where expires_at is not null`,
  `create index install_refresh_at on install (workspace_id, refresh_at) where refresh_at is not null`,
  `create table install_refresh (
    workspace_id uuid not null,
    ns text not null,
    attempt_id uuid not null,
    process_id bigint not null,
    started_at timestamptz(3) not null,
    ended_at timestamptz(3),
    outcome text constraint install_refresh_outcome_check check (outcome in ('refreshed', 'failed', 'ended', 'impossible')),
    error jsonb,
    failures integer not null default 0 check (failures >= 0),
    not_before timestamptz(3),
    primary key (workspace_id, ns),
    foreign key (workspace_id, ns) references install (workspace_id, ns) on delete cascade
  )`,
  `create index install_refresh_running on install_refresh (workspace_id, started_at) where ended_at is null`,
  `create table notification (
    workspace_id uuid not null references workspace (id) on delete cascade,
    id uuid not null,
    kind text not null constraint notification_kind_check check (kind in ('install.expired')),
    ns text,
    title text not null,
    message text not null,
    created_at timestamptz(3) not null,
    read_at timestamptz(3),
    primary key (workspace_id, id)
  )`,
]

export const refresh: Migration = {
  name: '0003-refresh',
  async up(trx) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(trx)
  },
}
