import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const CUSTOMERS = [
  `create table customer (
    workspace_id uuid not null references workspace (id) on delete cascade,
    id uuid not null,
    state text not null constraint customer_state_check check (state in ('visitor', 'lead', 'customer')),
    first_name text,
    last_name text,
    primary_email text,
    primary_phone text,
    data jsonb not null default '{}',
    external_codes jsonb not null default '{}',
    tags text[] not null default '{}',
    source jsonb not null,
    search tsvector not null,
    version integer not null default 1,
    created_at timestamptz(3) not null,
    updated_at timestamptz(3) not null,
    primary key (workspace_id, id)
  )`,
  `create index customer_newest on customer (workspace_id, created_at desc, id desc)`,
  `create index customer_of_state on customer (workspace_id, state, created_at desc, id desc)`,
  // Every lexeme begins with its workspace (record/search-terms.ts), so that this index is split by workspace too.
  `create index customer_search on customer using gin (search)`,
  // By what a customer is found. Deferred: keys are claimed before the customer that they lead to is written.
  `create table customer_key (
    workspace_id uuid not null,
    kind text not null constraint customer_key_kind_check check (kind in ('code', 'email', 'phone')),
    value text not null,
    ns text not null default '',
    customer_id uuid not null,
    primary key (workspace_id, kind, value, ns),
    foreign key (workspace_id, customer_id) references customer (workspace_id, id)
      on delete cascade deferrable initially deferred
  )`,
  `create index customer_key_of_customer on customer_key (workspace_id, customer_id, ns)`,
]

const RECORDS = [
  `create table record (
    workspace_id uuid not null references workspace (id) on delete cascade,
    id uuid not null,
    ns text not null,
    content_type text not null,
    code text not null,
    data jsonb not null,
    extra jsonb not null default '{}',
    raw text,
    source jsonb not null,
    partial boolean not null default false,
    deleted boolean not null default false,
    archived boolean not null default false,
    source_updated_at timestamptz(3),
    source_deleted_at timestamptz(3),
    part_times jsonb not null default '{}',
    content_hash bytea,
    status text,
    name text,
    category_code text,
    customer_code text,
    customer_id uuid,
    happened_at timestamptz(3) not null,
    search tsvector not null,
    version integer not null default 1,
    created_at timestamptz(3) not null,
    updated_at timestamptz(3) not null,
    primary key (workspace_id, id),
    unique (workspace_id, ns, content_type, code),
    foreign key (workspace_id, customer_id) references customer (workspace_id, id) on delete set null (customer_id)
  )`,
  `create index record_newest on record (workspace_id, content_type, happened_at desc, id desc) where not deleted`,
  `create index record_of_status on record (workspace_id, content_type, status, happened_at desc, id desc) where not deleted`,
  `create index record_of_customer on record (workspace_id, customer_id, content_type, happened_at desc, id desc)
    where customer_id is not null`,
  // Orders that came before their customer.
  `create index record_unlinked on record (workspace_id, ns, customer_code)
    where customer_id is null and customer_code is not null`,
  `create index record_search on record using gin (search)`,
  `create table outbox (
    workspace_id uuid not null references workspace (id) on delete cascade,
    id uuid not null,
    type text not null,
    action text not null,
    data jsonb not null,
    created_at timestamptz(3) not null,
    primary key (workspace_id, id)
  )`,
]

export const records: Migration = {
  name: '0008-records',
  async up(trx) {
    for (const statement of [...CUSTOMERS, ...RECORDS]) await sql.raw(statement).execute(trx)
  },
}
