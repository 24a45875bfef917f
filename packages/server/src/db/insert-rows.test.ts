import { type CompiledQuery, sql } from 'kysely'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { UnboundStatementError } from './error.ts'
import { rowInserter } from './insert-rows.ts'
import { uuidv7 } from './uuid.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})

afterAll(() => database.drop())

const columns = [
  'workspaceId',
  'createdAt',
  'id',
  'ns',
  'version',
  'action',
  'actorKind',
  'status',
  'errorCode',
  'durationMs',
  'record',
] as const
const insertRuns = rowInserter('actionRun', columns)

const run = (workspaceId: string, durationMs: number) => ({
  workspaceId,
  createdAt: new Date(Date.now() - durationMs),
  id: uuidv7(),
  ns: 'github',
  version: '1.0.0',
  action: `action ${durationMs}`,
  actorKind: 'token' as const,
  status: 'failed' as const,
  errorCode: durationMs % 2 === 0 ? null : 'TIMEOUT',
  durationMs,
  record: JSON.stringify({ text: `"it's" $1 ${durationMs}` }),
})

const stored = (workspaceId: string) =>
  database.sql
    .selectFrom('actionRun')
    .select([...columns, 'requestId'])
    .where('workspaceId', '=', workspaceId)
    .orderBy('durationMs')
    .execute()

test('every value lands in its own row and column, whatever number of rows came before', async () => {
  const workspaceId = uuidv7()
  const rows = Array.from({ length: 9 }, (_, index) => run(workspaceId, index))
  for (const [from, to] of [
    [0, 2],
    [2, 3],
    [3, 3],
    [3, 5],
    [5, 9],
  ] as const) {
    await insertRuns(database, rows.slice(from, to))
  }
  expect(await stored(workspaceId)).toEqual(rows.map((row) => ({ ...row, requestId: null })))
})

test('a number of rows that was seen is not compiled again', async () => {
  const workspaceId = uuidv7()
  const rows = Array.from({ length: 6 }, (_, index) => run(workspaceId, index))
  const executed = vi.spyOn(database.sql, 'executeQuery')
  const built = vi.spyOn(database.sql, 'insertInto')
  try {
    await insertRuns(database, rows.slice(0, 3))
    const before = built.mock.calls.length
    await insertRuns(database, rows.slice(3))
    expect(built.mock.calls.length).toBe(before)
    const [first, second] = executed.mock.calls.map(([query]) => query as CompiledQuery)
    expect(second?.sql).toBe(first?.sql)
    // What was written is let go of.
    expect([first?.parameters, second?.parameters]).toEqual([[], []])
  } finally {
    executed.mockRestore()
    built.mockRestore()
  }
  expect(await stored(workspaceId)).toHaveLength(6)
})

test('statements of up to 32 rows are kept prepared', async () => {
  const workspaceId = uuidv7()
  const rows = Array.from({ length: 33 }, (_, index) => run(workspaceId, index))
  const names = await database.transaction(async (trx) => {
    const within = { ...database, sql: trx }
    await insertRuns(within, rows.slice(1))
    await insertRuns(
      within,
      rows.map((row) => ({ ...row, id: uuidv7() })),
    )
    const kept = await sql<{ name: string }>`
      select name from pg_prepared_statements where name like 'actionRun.insert.3_'`.execute(trx)
    return kept.rows.map(({ name }) => name)
  })
  expect(names).toEqual(['actionRun.insert.32'])
  expect(await stored(workspaceId)).toHaveLength(65)
})

test('rows without their workspace are refused', async () => {
  const withoutWorkspace = rowInserter('actionRun', ['id', 'ns'])
  await expect(withoutWorkspace(database, [{ id: uuidv7(), ns: 'github' }])).rejects.toThrow(
    UnboundStatementError,
  )
})
