/** Alike on both engines. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { UnboundStatementError } from './error.ts'
import { statementOnce } from './statement-once.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})

afterAll(() => database.drop())

test('takes other values each time, on the handle and in transactions, and is built once', async () => {
  let built = 0
  const span = statementOnce<'from' | 'to', { days: number }>(({ from, to }) => {
    built += 1
    return sql`select ${to}::int - ${from}::int as days where ${to}::int > ${0}`
  })
  expect((await span(database.sql, { from: 1, to: 3 })).rows).toEqual([{ days: 2 }])
  await database.transaction(async (trx) => {
    expect((await span(trx, { to: 10, from: 4 })).rows).toEqual([{ days: 6 }])
  })
  expect((await span(database.sql, { from: 1, to: -3 })).rows).toEqual([])
  expect(built).toBe(1)
})

test('a time is the same moment wherever this process runs', async () => {
  const moment = new Date('2026-03-29T01:30:00.123Z')
  const same = statementOnce<'at', { at: Date }>(({ at }) => sql`select ${at}::timestamptz(3) as at`)
  expect((await same(database.sql, { at: moment })).rows).toEqual([{ at: moment }])
})

test('is planned once for a connection where it has a name, and kept by nobody where it has none', async () => {
  const named = statementOnce<'n', { n: number }>(({ n }) => sql`select ${n}::int as n /* once */`, {
    name: 'test.named',
  })
  const unnamed = statementOnce<'n', { n: number }>(({ n }) => sql`select ${n}::int as n /* once again */`)
  await database.transaction(async (trx) => {
    for (const n of [1, 2]) {
      expect((await named(trx, { n })).rows).toEqual([{ n }])
      expect((await unnamed(trx, { n })).rows).toEqual([{ n }])
    }
    const { rows } =
      await sql`select name, (generic_plans + custom_plans)::int as runs from pg_prepared_statements
      where statement like '%/* once%' and statement not like '%pg_prepared%'`.execute(trx)
    expect(rows.filter((row) => (row as { name: string }).name !== '')).toEqual([
      { name: 'test.named', runs: 2 },
    ])
  })
})

test('says whose rows it means each time', async () => {
  const count = statementOnce<'workspaceId', { count: string }>(({ workspaceId }, db) =>
    db
      .selectFrom('customer')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('workspaceId', '=', workspaceId),
  )
  const workspaceId = '01900000-0000-7000-8000-000000000001'
  expect((await count(database.sql, { workspaceId })).rows).toEqual([{ count: '0' }])
  for (const nobody of ['', undefined]) {
    await expect(count(database.sql, { workspaceId: nobody })).rejects.toThrow(UnboundStatementError)
  }
})
