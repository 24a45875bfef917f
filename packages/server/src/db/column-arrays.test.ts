/** Alike on both engines. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { columnArrays } from './column-arrays.ts'
import { statementOnce } from './statement-once.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})

afterAll(() => database.drop())

const COLUMNS = columnArrays({
  id: 'int',
  text: 'text',
  isTrue: 'boolean',
  at: 'timestamptz',
  bytes: 'bytea',
  json: 'jsonb',
})

const read = statementOnce<keyof ReturnType<typeof COLUMNS.values>, Record<string, unknown>>(
  (places) => sql`select * from ${COLUMNS.from(places, 'row')}`,
)

const AT = new Date('2026-03-29T01:30:00.123Z')
const whole = {
  text: '',
  isTrue: true,
  at: AT,
  bytes: Buffer.from([0, 34, 92, 255]),
  json: { a: ['"', '\\'] },
}

test.each<[string, string]>([
  ['empty', ''],
  ['the word for nothing', 'NULL'],
  ['what ends an element', 'a,b}{"c"'],
  ['what escapes', '\\ \\" \\\\ \\n'],
  ['blanks around', ' a\t\n\r '],
  ['what escapes, beside what JSON escapes', '"\\n\n\u0001\u007f\u2028'],
  ['every script', 'Ünï 名 \u{1F600}'],
])('a text is read as it is: %s', async (_what, text) => {
  const rows = [
    { ...whole, id: 1, text },
    { ...whole, id: 2, text: 'behind', json: { [text]: text } },
  ]
  expect((await read(database.sql, COLUMNS.values(rows))).rows).toEqual(rows)
})

test.each(['\ud800', '"\ud800"'])('a lone surrogate is replaced: %j', async (text) => {
  const { rows } = await read(database.sql, COLUMNS.values([{ id: 1, text }]))
  expect(rows).toMatchObject([{ text: text.toWellFormed() }])
})

test('what is null, or not there, is null; rows keep their order; there may be none', async () => {
  const nothing = { text: null, isTrue: null, at: null, bytes: null, json: null }
  const { rows } = await read(
    database.sql,
    COLUMNS.values([{ id: 3, ...nothing }, { id: 1 }, { ...whole, id: 2 }]),
  )
  expect(rows).toEqual([
    { id: 3, ...nothing },
    { id: 1, ...nothing },
    { ...whole, id: 2 },
  ])
  expect((await read(database.sql, COLUMNS.values([]))).rows).toEqual([])
})
