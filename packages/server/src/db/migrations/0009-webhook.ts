import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const STATEMENTS = [
  // No foreign keys: rows are written for every delivery, and an event outlives what it names.
  `create table webhook_event (
    workspace_id uuid not null,
    created_at timestamptz(3) not null,
    id uuid not null,
    ns text not null,
    event text,
    status text not null check (status in ('received', 'processing', 'processed', 'failed', 'unknown')),
    transaction_id text,
    ordering_key text,
    headers text not null,
    body bytea not null,
    note text,
    attempts integer not null default 0,
    round integer not null default 0,
    due_at timestamptz(3),
    stages text not null default '[]',
    error text,
    customer_id uuid,
    processed_at timestamptz(3),
    primary key (workspace_id, created_at, id)
  ) partition by range (created_at)`,
  `create index webhook_event_of_app on webhook_event (workspace_id, ns, created_at desc, id desc)`,
  // Only what is still to be done: both stay small, however long the log is.
  `create index webhook_event_due on webhook_event (workspace_id, created_at, id) where due_at is not null`,
  `create index webhook_event_in_order on webhook_event (workspace_id, ns, ordering_key, created_at, id)
    where due_at is not null and ordering_key is not null`,
  // Not partitioned: a unique key of a partitioned table would have to hold the day.
  `create table webhook_transaction (
    workspace_id uuid not null,
    ns text not null,
    event text not null,
    transaction_id text not null,
    event_id uuid not null,
    expires_at timestamptz(3) not null,
    duplicates integer not null default 0,
    duplicate_at timestamptz(3),
    primary key (workspace_id, ns, event, transaction_id)
  )`,
  `create index webhook_transaction_expiry on webhook_transaction (workspace_id, expires_at)`,
  // One row for each minute and reason, so that a flood of forgeries does not fill the disk.
  `create table webhook_rejection (
    workspace_id uuid not null,
    ns text not null,
    minute timestamptz(3) not null,
    code text not null,
    count integer not null,
    reason text not null,
    header_names text[] not null,
    first_at timestamptz(3) not null,
    last_at timestamptz(3) not null,
    primary key (workspace_id, minute, ns, code)
  )`,
  // Kept with the day of its event: automations read it, and it goes with what it refers to.
  `create table trigger_firing (
    workspace_id uuid not null,
    created_at timestamptz(3) not null,
    event_id uuid not null,
    round integer not null,
    type text not null,
    event text not null,
    ns text not null,
    fired_at timestamptz(3) not null,
    primary key (workspace_id, created_at, event_id, round, type, event)
  ) partition by range (created_at)`,
]

export const webhook: Migration = {
  name: '0009-webhook',
  async up(trx) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(trx)
  },
}
