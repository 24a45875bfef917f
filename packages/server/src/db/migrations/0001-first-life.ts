import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const GLOBAL = [
  `create table setting (
    name text primary key,
    value jsonb not null
  )`,
  `create table workspace (
    id uuid primary key,
    subdomain text not null unique,
    name text not null,
    created_at timestamptz(3) not null default now()
  )`,
  `create table account (
    id uuid primary key,
    kind text not null check (kind in ('person', 'system')),
    name text not null,
    email text,
    created_at timestamptz(3) not null default now()
  )`,
  `create table app (
    ns text primary key,
    app_id uuid not null unique,
    status text not null check (status in ('public', 'private')),
    visibility text not null,
    latest_version_id uuid,
    published_version_id uuid,
    duplicate_check boolean not null default true,
    created_at timestamptz(3) not null default now(),
    updated_at timestamptz(3) not null default now()
  )`,
  `create table app_version (
    id uuid primary key,
    ns text not null references app (ns) on delete cascade,
    version text not null,
    definition text not null,
    sha256 bytea not null,
    created_at timestamptz(3) not null default now(),
    unique (ns, version)
  )`,
  // Deferred: an app and its first version name each other and are inserted in one transaction.
  `alter table app
    add foreign key (latest_version_id) references app_version (id) deferrable initially deferred,
    add foreign key (published_version_id) references app_version (id) deferrable initially deferred`,
  `create table provider_account (
    ns text not null references app (ns) on delete cascade,
    uid text not null,
    workspace_id uuid not null references workspace (id) on delete cascade,
    claimed_at timestamptz(3) not null default now(),
    primary key (ns, uid)
  )`,
]

const OF_A_WORKSPACE = [
  `create table workspace_key (
    workspace_id uuid primary key references workspace (id) on delete cascade,
    wrapped_key bytea not null,
    master_key_id text not null,
    created_at timestamptz(3) not null default now()
  )`,
  `create table member (
    workspace_id uuid not null references workspace (id) on delete cascade,
    account_id uuid not null references account (id) on delete cascade,
    role text not null,
    created_at timestamptz(3) not null default now(),
    primary key (workspace_id, account_id)
  )`,
  `create table app_token (
    workspace_id uuid not null references workspace (id) on delete cascade,
    id uuid not null,
    account_id uuid not null references account (id) on delete cascade,
    name text not null,
    permissions text[] not null default '{}',
    allow_all_permission boolean not null default false,
    is_enabled boolean not null default true,
    no_expire boolean not null default false,
    expire_date timestamptz(3),
    last_used_at timestamptz(3),
    last_four text not null,
    created_at timestamptz(3) not null default now(),
    primary key (workspace_id, id)
  )`,
  `create table login_link (
    workspace_id uuid not null references workspace (id) on delete cascade,
    id uuid not null,
    token_hash bytea not null,
    account_id uuid not null references account (id) on delete cascade,
    expires_at timestamptz(3) not null,
    used_at timestamptz(3),
    created_at timestamptz(3) not null default now(),
    primary key (workspace_id, id),
    unique (workspace_id, token_hash)
  )`,
  `create table install (
    workspace_id uuid not null references workspace (id) on delete cascade,
    ns text not null references app (ns),
    id uuid not null,
    version_id uuid not null references app_version (id),
    state text not null check (state in ('installed', 'connected', 'error', 'suspended')),
    error_code text,
    credentials bytea,
    metadata bytea,
    user_input jsonb not null default '{}',
    uid text,
    account_name text,
    last_connect_error jsonb,
    pending_registrations integer not null default 0 check (pending_registrations >= 0),
    authenticated_at timestamptz(3),
    expires_at timestamptz(3),
    revision bigint not null default 1,
    created_at timestamptz(3) not null default now(),
    updated_at timestamptz(3) not null default now(),
    primary key (workspace_id, ns),
    unique (workspace_id, id),
    check (state <> 'error' or error_code is not null)
  )`,
  // No foreign keys here and below: they are written on every call, and a run outlives what it names.
  `create table action_run (
    workspace_id uuid not null,
    created_at timestamptz(3) not null,
    id uuid not null,
    ns text not null,
    version text not null,
    action text not null,
    actor_kind text not null,
    actor_id text,
    status text not null check (status in ('succeeded', 'failed')),
    error_code text,
    duration_ms integer not null,
    request_id text,
    record text not null,
    primary key (workspace_id, created_at, id)
  ) partition by range (created_at)`,
  `create index action_run_of_app on action_run (workspace_id, ns, created_at desc, id desc)`,
  // Rewritten in place on every lease: room on the page keeps those updates out of the index.
  `create table rate_window (
    workspace_id uuid not null,
    key text not null,
    taken_at bigint[] not null default '{}',
    counts integer[] not null default '{}',
    updated_at timestamptz(3) not null default now(),
    primary key (workspace_id, key)
  ) with (fillfactor = 70)`,
]

export const firstLife: Migration = {
  name: '0001-first-life',
  async up(trx) {
    for (const statement of [...GLOBAL, ...OF_A_WORKSPACE]) await sql.raw(statement).execute(trx)
  },
}
