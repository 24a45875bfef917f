import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const STATEMENTS = [
  // No foreign keys: an entry outlives what it names.
  `create table audit (
    workspace_id uuid not null,
    id uuid not null,
    created_at timestamptz(3) not null,
    kind text not null,
    ns text,
    subject_id text,
    account_id uuid,
    token_id uuid,
    actor_name text,
    request_id text,
    address text,
    details jsonb not null,
    primary key (workspace_id, id)
  )`,
  // What was written stays as it was; the shortest retention that can be set is 30 days.
  `create function refuse_audit_change() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' and old.created_at < now() - interval '29 days' then return old; end if;
      raise exception 'The audit log is append-only.';
    end
  $$`,
  `create trigger audit_is_append_only before update or delete on audit
    for each row execute function refuse_audit_change()`,
]

export const audit: Migration = {
  name: '0006-audit',
  async up(trx) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(trx)
  },
}
