import { afterAll, beforeAll, expect, test } from 'vitest'
import { uuidv7 } from '../src/db/uuid.ts'
import { allWorkspaces } from './all-workspaces.ts'
import { type TestDatabase, testDatabase, testEngine } from './database.ts'

let first: TestDatabase
let second: TestDatabase

beforeAll(async () => {
  ;[first, second] = await Promise.all([testDatabase(), testDatabase()])
})

afterAll(async () => {
  await Promise.all([first, second].map((database) => database.drop()))
})

test('a test database is migrated and empty, and takes action runs of today', async () => {
  expect(await first.sql.selectFrom('workspace').selectAll().execute()).toEqual([])
  await first.sql
    .insertInto('actionRun')
    .values({
      workspaceId: uuidv7(),
      createdAt: new Date(),
      id: uuidv7(),
      ns: 'github',
      version: '1.0.0',
      action: 'create_issue',
      actorKind: 'token',
      status: 'succeeded',
      durationMs: 12,
      record: '{}',
    })
    .execute()
  expect(await allWorkspaces(first.sql).selectFrom('actionRun').select('action').execute()).toEqual([
    { action: 'create_issue' },
  ])
})

test('two test databases do not see each other', async () => {
  await first.sql.insertInto('setting').values({ name: 'mine', value: '1' }).execute()
  expect(await second.sql.selectFrom('setting').selectAll().execute()).toEqual([])
})

test('the engine is chosen by TEST_DATABASE_URL', () => {
  expect(first.engine).toBe(testEngine)
})
