import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { silentLog } from '../log.ts'
import { isPartitionMissing } from './error.ts'
import { migrate } from './migrate.ts'
import { dueToldApart } from './migrations/0020-due-told-apart.ts'
import { addPartitions, ensurePartitions, PARTITIONED_TABLES } from './partition.ts'
import { uuidv7 } from './uuid.ts'

/** Behind the real clock, which decides with it what is dropped, and far from the partitions that `testDatabase` makes. */
const NOON = Date.parse('2020-05-31T12:00:00Z')
const DAY_MS = 86_400_000

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where relname ~ '_[0-9]{8}$' and relkind = 'r'
  `.execute(allWorkspaces(database.sql))
  for (const { name } of rows) await sql`drop table ${sql.table(name)}`.execute(allWorkspaces(database.sql))
})

afterAll(() => database.drop())

/** Of the table of runs: every partitioned one is treated alike. */
const ensure = async (now: number, retentionDays?: number) => {
  const options = { now, log: silentLog, ...(retentionDays && { retentionDays }) }
  const { made, dropped } = await ensurePartitions(database, options)
  const ofRuns = (names: string[]) => names.filter((name) => name.startsWith('action_run'))
  expect(made).toHaveLength(PARTITIONED_TABLES.length * ofRuns(made).length)
  expect(dropped).toHaveLength(PARTITIONED_TABLES.length * ofRuns(dropped).length)
  return { made: ofRuns(made), dropped: ofRuns(dropped) }
}

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
  const rows = await allWorkspaces(database.sql)
    .selectFrom('actionRun')
    .select('createdAt')
    .orderBy('createdAt')
    .execute()
  return rows.map(({ createdAt }) => createdAt.toISOString())
}

test('makes yesterday, today and three days ahead, by processes that start together, once', async () => {
  const results = await Promise.all([ensure(NOON), ensure(NOON), ensure(NOON)])
  expect(results.flatMap(({ made }) => made)).toEqual([
    'action_run_20200530',
    'action_run_20200531',
    'action_run_20200601',
    'action_run_20200602',
    'action_run_20200603',
  ])
  expect(results.flatMap(({ dropped }) => dropped)).toEqual([])
})

test.each([
  { what: 'the first millisecond made', at: '2020-05-30T00:00:00.000Z', taken: true },
  { what: 'the last millisecond made', at: '2020-06-03T23:59:59.999Z', taken: true },
  { what: 'the millisecond before', at: '2020-05-29T23:59:59.999Z', taken: false },
  { what: 'the millisecond after', at: '2020-06-04T00:00:00.000Z', taken: false },
])('$what: $at', async ({ at, taken }) => {
  const insert = insertRun(new Date(at))
  if (taken) await insert
  else await expect(insert).rejects.toThrow('no partition of relation "action_run" found for row')
})

test('the day that retention still reaches is kept, and the one before it dropped', async () => {
  // 30 May is 30 days before 29 June: its last run is younger than 30 days until that day ends.
  expect((await ensure(Date.parse('2020-06-29T23:59:59.999Z'))).dropped).toEqual([])
  expect((await ensure(Date.parse('2020-06-30T00:00:00.000Z'))).dropped).toEqual(['action_run_20200530'])
  expect(await runs()).toEqual(['2020-06-03T23:59:59.999Z'])
})

test('a shorter retention drops more, a day at a time', async () => {
  const dropped: string[] = []
  for (let turn = 1; turn <= 5; turn++) dropped.push(...(await ensure(NOON + 30 * DAY_MS, 7)).dropped)
  expect(dropped).toEqual([
    'action_run_20200531',
    'action_run_20200601',
    'action_run_20200602',
    'action_run_20200603',
  ])
  expect(await runs()).toEqual([])
})

test('a clock that is ahead of the database drops nothing', async () => {
  const today = Date.now()
  for (let more = true; more; ) more = (await ensure(today)).dropped.length > 0
  const { made, dropped } = await ensure(today + 366 * DAY_MS)
  expect(dropped).toEqual([])
  expect(made).toHaveLength(5)
})

test('a row of a day that nobody has prepared says so, and is taken once its partition was added', async () => {
  const far = new Date('2021-02-28T23:59:59.999Z')
  await expect(insertRun(far)).rejects.toSatisfy(isPartitionMissing)
  await Promise.all([addPartitions(database, [far.getTime()]), addPartitions(database, [far.getTime()])])
  await insertRun(far)
  expect(await runs()).toEqual([far.toISOString()])
})

/** What PostgreSQL gathers no statistics of, in the partitions of a table and their indexes: how many of them say so. */
const withoutStatistics = async () => {
  const { rows } = await sql<{ table: string; column: string; partitions: number }>`
    select parent.relname as table, attname as column, count(*)::int as partitions
    from pg_inherits join pg_class parent on parent.oid = inhparent join pg_attribute on attrelid = inhrelid
    where attstattarget = 0 and attnum > 0 group by 1, 2 order by 1, 2
  `.execute(allWorkspaces(database.sql))
  return rows
}

test('what has no statistics has none in its partitions, whether they came before that was said or after', async () => {
  const { rows } = await sql<{ partitions: number }>`
    select count(*)::int as partitions from pg_inherits where inhparent = 'webhook_event'::regclass
  `.execute(allWorkspaces(database.sql))
  const [{ partitions } = { partitions: 0 }] = rows
  expect(partitions).toBeGreaterThan(0)
  const expected = [
    { table: 'webhook_event', column: 'due_at', partitions },
    { table: 'webhook_event_due', column: 'int4', partitions },
  ]
  expect(await withoutStatistics()).toEqual(expected)
  await database.sql.deleteFrom('migration').where('name', '=', dueToldApart.name).execute()
  expect(await migrate(database)).toEqual([dueToldApart.name])
  expect(await withoutStatistics()).toEqual(expected)
})
