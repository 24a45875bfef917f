import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { DELIVERY_STATUSES } from './notify-schema.ts'
import { CUSTOMER_KEY_KINDS, CUSTOMER_STATES } from './record-schema.ts'
import {
  ACCOUNT_KINDS,
  APP_STATUSES,
  GLOBAL_TABLES,
  INSTALL_STATES,
  NOTIFICATION_KINDS,
  REFRESH_OUTCOMES,
  RUN_STATUSES,
} from './schema.ts'
import { WEBHOOK_STATUSES } from './webhook-schema.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})

afterAll(() => database.drop())

async function tables(): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
    order by relname
  `.execute(database.sql)
  return rows.map(({ name }) => name)
}

/** Indexes for statements over all workspaces (`exemptions.ts`), which would else read a whole table. */
const INDEXES_OVER_ALL = new Set(['install_of_app'])

test('every table of a workspace leads its primary key and each of its indexes with workspace_id', async () => {
  const { rows } = await sql<{
    table: string
    index: string
    leading: string
    type: string
    primary: boolean
  }>`
    select pg_class.relname as "table", indexrelid::regclass::text as index, attname as leading, atttypid::regtype::text as type, indisprimary as "primary"
    from pg_index
      join pg_class on pg_class.oid = indrelid
      join pg_attribute on attrelid = indrelid and attnum = indkey[0]
    where relnamespace = 'public'::regnamespace and not relispartition
  `.execute(database.sql)
  const global = new Set<string>(GLOBAL_TABLES)
  const ofWorkspaces = (await tables()).filter((table) => !global.has(table))
  expect(ofWorkspaces.length).toBeGreaterThan(0)
  const withPrimaryKey = new Set(rows.filter(({ primary }) => primary).map(({ table }) => table))
  expect(ofWorkspaces.filter((table) => !withPrimaryKey.has(table))).toEqual([])
  // Each lexeme of `search` begins with its workspace (record/search-terms.ts).
  const led = ({ leading, type }: { leading: string; type: string }) =>
    leading === 'workspace_id' || (leading === 'search' && type === 'tsvector')
  const others = rows.filter((row) => !global.has(row.table) && !led(row))
  expect(new Set(others.map(({ index }) => index))).toEqual(INDEXES_OVER_ALL)
})

test('every global table exists', async () => {
  expect(await tables()).toEqual(expect.arrayContaining([...GLOBAL_TABLES]))
})

test('every time is a timestamptz(3)', async () => {
  const { rows } = await sql<{ table: string; column: string; type: string }>`
    select relname as "table", attname as "column", format_type(atttypid, atttypmod) as type
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not attisdropped
      and atttypid in ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
  `.execute(database.sql)
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.filter(({ type }) => type !== 'timestamp(3) with time zone')).toEqual([])
})

test.each([
  { constraint: 'account_kind_check', values: ACCOUNT_KINDS },
  { constraint: 'app_status_check', values: APP_STATUSES },
  { constraint: 'install_state_check', values: INSTALL_STATES },
  { constraint: 'action_run_status_check', values: RUN_STATUSES },
  { constraint: 'install_refresh_outcome_check', values: REFRESH_OUTCOMES },
  { constraint: 'notification_kind_check', values: NOTIFICATION_KINDS },
  { constraint: 'customer_state_check', values: CUSTOMER_STATES },
  { constraint: 'customer_key_kind_check', values: CUSTOMER_KEY_KINDS },
  { constraint: 'webhook_event_status_check', values: WEBHOOK_STATUSES },
  { constraint: 'delivery_status_check', values: DELIVERY_STATUSES },
])('$constraint allows what the types allow', async ({ constraint, values }) => {
  const { rows } = await sql<{ definition: string }>`
    select pg_get_constraintdef(oid) as definition from pg_constraint
    where conname = ${constraint} and conparentid = 0
  `.execute(database.sql)
  const allowed = [...(rows[0]?.definition ?? '').matchAll(/'([^']+)'/g)].map(([, value]) => value)
  expect(allowed).toEqual([...values])
})
