import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { silentLog } from '../log.ts'
import { ensurePartitions } from './partition.ts'
import { uuidv7 } from './uuid.ts'

/** Far from the real clock, so that the partitions that `testDatabase` makes do not matter. */
const NOON = Date.parse('2040-05-31T12:00:00Z')
const DAY_MS = 86_400_000

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'action_run'::regclass
  `.execute(database.sql)
  for (const { name } of rows) await sql`drop table ${sql.table(name)}`.execute(database.sql)
})

afterAll(() => database.drop())

const ensure = (now: number, retentionDays?: number) =>
  ensurePartitions(database, { now, log: silentLog, ...(retentionDays && { retentionDays }) })

const insertRun = (createdAt: Date) =>
  database.sql
    .insertInto('actionRun')
    .values({
      workspaceId: uuidv7(),
      createdAt,
      id: uuidv7(),
      ns: 'github',
      version: '1.0.0',
      action: 'create_issue',
      actorKind: 'token',
      status: 'succeeded',
      durationMs: 1,
      record: '{}',
    })
    .execute()

const runs = async () => {
  const rows = await database.sql.selectFrom('actionRun').select('createdAt').orderBy('createdAt').execute()
  return rows.map(({ createdAt }) => createdAt.toISOString())
}

test('makes yesterday, today and three days ahead, by processes that start together, once', async () => {
  const results = await Promise.all([ensure(NOON), ensure(NOON), ensure(NOON)])
  expect(results.flatMap(({ made }) => made)).toEqual([
    'action_run_20400530',
    'action_run_20400531',
    'action_run_20400601',
    'action_run_20400602',
    'action_run_20400603',
  ])
  expect(results.flatMap(({ dropped }) => dropped)).toEqual([])
})

test.each([
  { what: 'the first millisecond made', at: '2040-05-30T00:00:00.000Z', taken: true },
  { what: 'the last millisecond made', at: '2040-06-03T23:59:59.999Z', taken: true },
  { what: 'the millisecond before', at: '2040-05-29T23:59:59.999Z', taken: false },
  { what: 'the millisecond after', at: '2040-06-04T00:00:00.000Z', taken: false },
])('$what: $at', async ({ at, taken }) => {
  const insert = insertRun(new Date(at))
  if (taken) await insert
  else await expect(insert).rejects.toThrow('no partition of relation "action_run" found for row')
})

test('the day that retention still reaches is kept, and the one before it dropped', async () => {
  // 30 May is 30 days before 29 June: its last run is younger than 30 days until that day ends.
  expect((await ensure(Date.parse('2040-06-29T23:59:59.999Z'))).dropped).toEqual([])
  expect((await ensure(Date.parse('2040-06-30T00:00:00.000Z'))).dropped).toEqual(['action_run_20400530'])
  expect(await runs()).toEqual(['2040-06-03T23:59:59.999Z'])
})

test('a shorter retention drops more', async () => {
  const { dropped } = await ensure(NOON + 30 * DAY_MS, 7)
  expect(dropped).toEqual([
    'action_run_20400531',
    'action_run_20400601',
    'action_run_20400602',
    'action_run_20400603',
  ])
  expect(await runs()).toEqual([])
})
