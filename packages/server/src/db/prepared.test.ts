/** Alike on both engines. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { isDatabaseError } from './error.ts'
import { prepared } from './prepared.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})

afterAll(() => database.drop())

test('a statement with a name is planned once for a connection, also after it has failed', async () => {
  await database.transaction(async (trx) => {
    const divide = async (divisor: number) => {
      const { rows } = await sql<{ n: number }>`select 6 / ${divisor}::int as n`.execute(
        prepared(trx, 'divide'),
      )
      return rows[0]?.n
    }
    expect(await divide(2)).toBe(3)
    await sql`savepoint here`.execute(trx)
    await expect(divide(0)).rejects.toSatisfy(isDatabaseError)
    await sql`rollback to here`.execute(trx)
    expect(await divide(3)).toBe(2)
    const { rows } =
      await sql`select statement, (generic_plans + custom_plans)::int as runs from pg_prepared_statements
      where name = 'divide'`.execute(trx)
    // The division by zero was refused by the planner already.
    expect(rows).toEqual([{ statement: 'select 6 / $1::int as n', runs: 2 }])
  })
})

test('a statement without a name is kept by nobody', async () => {
  await database.transaction(async (trx) => {
    await sql`select ${1}::int as unnamed`.execute(trx)
    const { rows } =
      await sql`select 1 from pg_prepared_statements where statement like '%unnamed%' and name <> ''
      and statement not like '%pg_prepared%'`.execute(trx)
    expect(rows).toEqual([])
  })
})
