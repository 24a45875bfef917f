/**
 * Sees every effect in the database itself, when it is committed, whatever becomes of the rows later: triggers of our own
 * write a log of what was told, fired and changed.
 */
import { sql } from 'kysely'
import type { Context } from '../../packages/server/src/context.ts'
import { allWorkspaces } from '../../packages/server/test/all-workspaces.ts'

const WATCHED = { outbox: 'insert', trigger_firing: 'insert', record: 'insert or update' } as const

type Database = Context['db']

export async function installWitness(db: Database): Promise<void> {
  const handle = allWorkspaces(db.sql)
  await sql`create table campaign_effect (n bigserial primary key, name text not null, row jsonb not null)`.execute(
    handle,
  )
  await sql`
    create function campaign_effect() returns trigger language plpgsql as $$
    begin
      insert into campaign_effect (name, row) values (tg_argv[0], to_jsonb(new));
      return null;
    end $$`.execute(handle)
  for (const [table, events] of Object.entries(WATCHED)) {
    await sql`create trigger campaign_effect after ${sql.raw(events)} on ${sql.table(table)}
      for each row execute function campaign_effect(${sql.lit(table)})`.execute(handle)
  }
}

export interface KeptEvent {
  subdomain: string
  ns: string
  id: string
  transactionId: string
  status: string
  error: string | null
}

export interface Effects {
  /** Of every shop. */
  kept: KeptEvent[]
  /** Ids of kept events, in the order in which their triggers fired. */
  fired: string[]
  /** In their order: what of an order, or that of a buyer, was told. */
  told: { subdomain: string; type: string; action: string; ns: string; code: string; status: string }[]
  /** In their order. */
  changed: { subdomain: string; ns: string; code: string; status: string; version: number }[]
  /** Orders as they are, and how many are of one name. */
  orders: { subdomain: string; ns: string; code: string; status: string; version: number; count: number }[]
  /** How many deliveries were counted as having come before. */
  duplicates: number
}

export async function readEffects(db: Database): Promise<Effects> {
  const handle = allWorkspaces(db.sql)
  const kept = await sql<KeptEvent>`
    select w.subdomain, e.ns, e.id, e.transaction_id, e.status, e.error
    from webhook_event e join workspace w on w.id = e.workspace_id`.execute(handle)
  const fired = await sql<{ id: string }>`
    select row->>'event_id' as id from campaign_effect where name = 'trigger_firing' order by n`.execute(
    handle,
  )
  const told = await sql<Effects['told'][number]>`
    select w.subdomain, row->>'type' as type, row->>'action' as action,
      coalesce(object->>'ns', '') as ns, coalesce(object->>'code', '') as code,
      coalesce(object->>'status', object->>'firstName', '') as status
    from campaign_effect join workspace w on w.id = (row->>'workspace_id')::uuid,
      lateral (select row->'data'->'object' as object) as told
    where campaign_effect.name = 'outbox' order by n`.execute(handle)
  const changed = await sql<Effects['changed'][number]>`
    select w.subdomain, row->>'ns' as ns, row->>'code' as code, row->>'status' as status,
      (row->>'version')::int as version
    from campaign_effect join workspace w on w.id = (row->>'workspace_id')::uuid
    where campaign_effect.name = 'record' order by n`.execute(handle)
  const orders = await sql<Effects['orders'][number]>`
    select w.subdomain, r.ns, r.code, max(r.status) as status, max(r.version) as version, count(*)::int as count
    from record r join workspace w on w.id = r.workspace_id group by w.subdomain, r.ns, r.code`.execute(
    handle,
  )
  const [counted] = (
    await sql<{ duplicates: number }>`
      select coalesce(sum(duplicates), 0)::int as duplicates from webhook_transaction`.execute(handle)
  ).rows
  return {
    kept: kept.rows,
    fired: fired.rows.map(({ id }) => id),
    told: told.rows,
    changed: changed.rows,
    orders: orders.rows,
    duplicates: counted?.duplicates ?? 0,
  }
}
