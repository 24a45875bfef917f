/** Alike on both engines. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { BytePieces } from './byte-pieces.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})

afterAll(() => database.drop())

test.each<{ what: string; pieces: string[] }>([
  { what: 'none', pieces: [] },
  { what: 'one that is empty', pieces: [''] },
  { what: 'one', pieces: ['one'] },
  { what: 'several', pieces: ['one', '', 'two \0 zürich', 'x'.repeat(100_000)] },
  // More than the kernel takes in one call.
  { what: 'thousands', pieces: Array.from({ length: 3000 }, (_, index) => `<${index}>`) },
])('pieces arrive as one value: $what', async ({ pieces }) => {
  const bytes = new BytePieces(pieces.map((piece) => Buffer.from(piece)))
  const { rows } = await sql<{ bytes: Buffer }>`select ${bytes}::bytea as bytes`.execute(database.sql)
  expect(rows[0]?.bytes.toString()).toBe(pieces.join(''))
})

test('values of every other kind stand beside pieces', async () => {
  const pieces = new BytePieces([Buffer.from('a'), Buffer.from('b')])
  const at = new Date('2026-01-02T03:04:05.678Z')
  const { rows } =
    await sql`select ${null}::text as nothing, ${'zürich'}::text as text, ${pieces}::bytea as bytes,
    ${7}::int as number, ${at}::timestamptz as at, ${Buffer.from('c')}::bytea as buffer, ${true}::bool as yes`.execute(
      database.sql,
    )
  expect(rows).toEqual([
    {
      nothing: null,
      text: 'zürich',
      bytes: Buffer.from('ab'),
      number: 7,
      at,
      buffer: Buffer.from('c'),
      yes: true,
    },
  ])
})

test('a statement that fails leaves a connection that goes on', async () => {
  await database.transaction(async (trx) => {
    await sql`savepoint here`.execute(trx)
    const bytes = new BytePieces([Buffer.from('no number')])
    await expect(sql`select convert_from(${bytes}::bytea, 'UTF8')::int`.execute(trx)).rejects.toThrow(
      /no number/,
    )
    await sql`rollback to here`.execute(trx)
    const again = new BytePieces([Buffer.from('1'), Buffer.from('2')])
    const { rows } = await sql`select convert_from(${again}::bytea, 'UTF8')::int as number`.execute(trx)
    expect(rows).toEqual([{ number: 12 }])
  })
})
