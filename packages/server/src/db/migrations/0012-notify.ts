import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const STATEMENTS = [
  // Events stay behind their deliveries, whose attempts read them; what is pending has not become deliveries yet.
  `alter table outbox add column pending boolean not null default true`,
  `create index outbox_pending on outbox (workspace_id, id) where pending`,
  `create table subscription (
    workspace_id uuid not null references workspace (id) on delete cascade,
    id uuid not null,
    url text not null,
    name text,
    description text,
    actions jsonb not null,
    max_attempts integer not null,
    backoff_ms integer[] not null,
    rate_limit_per_minute integer not null,
    is_active boolean not null,
    secrets bytea not null,
    previous_secret_expires_at timestamptz(3),
    consecutive_failures integer not null default 0,
    circuit_open_until timestamptz(3),
    held_until timestamptz(3),
    due_at timestamptz(3),
    last_delivery_at timestamptz(3),
    created_at timestamptz(3) not null,
    updated_at timestamptz(3) not null,
    primary key (workspace_id, id)
  )`,
  // Those with something to send: few, however many there are.
  `create index subscription_due on subscription (workspace_id, id) where due_at is not null`,
  // No foreign keys: partitions come and go, and a removal takes the rows with it under the subscription's lock.
  `create table delivery (
    workspace_id uuid not null,
    created_at timestamptz(3) not null,
    id uuid not null,
    subscription_id uuid not null,
    event_id uuid not null,
    event text not null,
    attempt_number integer not null,
    status text not null constraint delivery_status_check check (status in ('pending', 'success', 'failed')),
    claims integer not null default 0,
    due_at timestamptz(3),
    request_headers text,
    request_body text,
    response_status integer,
    response_body text,
    error text,
    duration_ms integer,
    primary key (workspace_id, created_at, id)
  ) partition by range (created_at)`,
  `create index delivery_of_subscription on delivery (workspace_id, subscription_id, created_at desc, id desc)`,
  `create index delivery_due on delivery (workspace_id, subscription_id, due_at) where due_at is not null`,
]

export const notify: Migration = {
  name: '0012-notify',
  async up(trx) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(trx)
  },
}
