/** What both engines promise alike; runs on the embedded one, and on PostgreSQL where TEST_DATABASE_URL is set. */
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import {
  isConnectionFailure,
  isDatabaseError,
  isForeignKeyViolation,
  isRetryable,
  isSerializationFailure,
  isUniqueViolation,
  TransactionScopeError,
} from './error.ts'
import { uuidv7 } from './uuid.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})

afterAll(() => database.drop())

beforeEach(async () => {
  await database.sql.deleteFrom('setting').execute()
})

async function value(expression: string): Promise<unknown> {
  const { rows } = await sql<{ value: unknown }>`select ${sql.raw(expression)} as value`.execute(database.sql)
  return rows[0]?.value
}

const names = async () =>
  (await database.sql.selectFrom('setting').select('name').orderBy('name').execute()).map(({ name }) => name)

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('It was expected to fail.')
}

describe('values', () => {
  test.each<{ what: string; expression: string; read: unknown }>([
    { what: 'bigint as a decimal string', expression: `9007199254740993::bigint`, read: '9007199254740993' },
    {
      what: 'an array of bigint as strings',
      expression: `array[1, 1700000000000]::bigint[]`,
      read: ['1', '1700000000000'],
    },
    { what: 'integer as a number', expression: `12::integer`, read: 12 },
    { what: 'boolean', expression: `true`, read: true },
    {
      what: 'timestamptz as a Date',
      expression: `timestamptz '2026-01-02 03:04:05.678+02'`,
      read: new Date('2026-01-02T01:04:05.678Z'),
    },
    { what: 'bytea as a Buffer', expression: `'\\x00ff'::bytea`, read: Buffer.of(0, 255) },
    { what: 'jsonb parsed', expression: `'{"a":[1,null]}'::jsonb`, read: { a: [1, null] } },
    {
      what: 'jsonb as text keeps every digit',
      expression: `('{"id":12345678901234567890}'::jsonb)::text`,
      read: '{"id": 12345678901234567890}',
    },
    { what: 'an array of text', expression: `array['a,b', 'c"d']`, read: ['a,b', 'c"d'] },
    { what: 'null', expression: `null::text`, read: null },
    { what: 'text beyond the basic plane', expression: `'😀'`, read: '😀' },
  ])('$what', async ({ expression, read }) => {
    expect(await value(expression)).toEqual(read)
  })

  test('times keep milliseconds and no more', async () => {
    const id = uuidv7()
    const createdAt = new Date('2026-03-04T05:06:07.089Z')
    await database.sql.insertInto('account').values({ id, kind: 'person', name: 'Noor', createdAt }).execute()
    const row = await database.sql
      .selectFrom('account')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    expect(row).toEqual({ id, kind: 'person', name: 'Noor', email: null, createdAt })
  })

  test('columns are camelCase, keys inside jsonb stay as they are', async () => {
    const stored = { snake_case: { inner_key: 1 }, camelCase: [{ deep_key: true }] }
    await database.sql
      .insertInto('setting')
      .values({ name: 'json', value: JSON.stringify(stored) })
      .execute()
    const row = await database.sql.selectFrom('setting').select('value').executeTakeFirstOrThrow()
    expect(row.value).toEqual(stored)
  })

  test('bytes and a megabyte of text come back as they went in', async () => {
    const [workspaceId, text] = [uuidv7(), 'é😀\n'.repeat(150_000)]
    const bytes = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256))
    await database.sql
      .insertInto('workspace')
      .values({ id: workspaceId, subdomain: 'bytes', name: text })
      .execute()
    await database.sql
      .insertInto('workspaceKey')
      .values({ workspaceId, wrappedKey: bytes, masterKeyId: 'k1' })
      .execute()
    const row = await allWorkspaces(database.sql)
      .selectFrom('workspaceKey')
      .innerJoin('workspace', 'workspace.id', 'workspaceId')
      .select(['wrappedKey', 'name'])
      .where('workspaceId', '=', workspaceId)
      .executeTakeFirstOrThrow()
    expect(row.wrappedKey.equals(bytes)).toBe(true)
    expect(row.name === text).toBe(true)
  })

  test('many queries at once are each answered with their own rows', async () => {
    const numbers = Array.from({ length: 200 }, (_, index) => index)
    expect(await Promise.all(numbers.map((number) => value(`${number}`)))).toEqual(numbers)
  })
})

describe('errors', () => {
  test('a duplicate key names its constraint and its detail', async () => {
    const twice = [
      { name: 'twice', value: '1' },
      { name: 'twice', value: '2' },
    ]
    const error = await rejection(database.sql.insertInto('setting').values(twice).execute())
    expect(error).toMatchObject({ code: '23505', constraint: 'setting_pkey', table: 'setting' })
    expect((error as { detail: string }).detail).toContain('(name)=(twice)')
    expect(isUniqueViolation(error)).toBe(true)
    expect(isUniqueViolation(error, 'setting_pkey')).toBe(true)
    expect(isUniqueViolation(error, 'workspace_subdomain_key')).toBe(false)
    expect(isForeignKeyViolation(error)).toBe(false)
    expect(isRetryable(error)).toBe(false)
  })

  test('a missing parent row is a foreign key violation', async () => {
    const error = await rejection(
      database.sql
        .insertInto('workspaceKey')
        .values({ workspaceId: uuidv7(), wrappedKey: Buffer.of(1), masterKeyId: 'k1' })
        .execute(),
    )
    expect(isForeignKeyViolation(error, 'workspace_key_workspace_id_fkey')).toBe(true)
    expect(isUniqueViolation(error)).toBe(false)
  })

  test.each<{
    what: string
    sqlstate: string
    serialization: boolean
    connection: boolean
    retryable: boolean
  }>([
    {
      what: 'serialization failure',
      sqlstate: '40001',
      serialization: true,
      connection: false,
      retryable: true,
    },
    { what: 'deadlock', sqlstate: '40P01', serialization: true, connection: false, retryable: true },
    { what: 'disk full', sqlstate: '53100', serialization: false, connection: false, retryable: true },
    {
      what: 'too many connections',
      sqlstate: '53300',
      serialization: false,
      connection: false,
      retryable: true,
    },
    {
      what: 'lock not available',
      sqlstate: '55P03',
      serialization: false,
      connection: false,
      retryable: true,
    },
    {
      what: 'administrator ended the connection',
      sqlstate: '57P01',
      serialization: false,
      connection: true,
      retryable: true,
    },
    {
      what: 'statement timeout',
      sqlstate: '57014',
      serialization: false,
      connection: false,
      retryable: true,
    },
    {
      what: 'a raised exception',
      sqlstate: 'P0001',
      serialization: false,
      connection: false,
      retryable: false,
    },
  ])('$what ($sqlstate)', async ({ sqlstate, serialization, connection, retryable }) => {
    const raise = `do $$ begin raise exception 'raised' using errcode = '${sqlstate}'; end $$`
    const error = await rejection(sql.raw(raise).execute(allWorkspaces(database.sql)))
    expect(isDatabaseError(error)).toBe(true)
    expect(isSerializationFailure(error)).toBe(serialization)
    expect(isConnectionFailure(error)).toBe(connection)
    expect(isRetryable(error)).toBe(retryable)
  })

  test('an error leaves the connection usable', async () => {
    for (let round = 0; round < 5; round++) await rejection(value('1 / 0'))
    expect(await value('1')).toBe(1)
  })
})

describe('transactions', () => {
  test('what the body stored is there once it has fulfilled, with its result', async () => {
    const result = await database.transaction(async (trx) => {
      await trx.insertInto('setting').values({ name: 'kept', value: '1' }).execute()
      return 'done'
    })
    expect(result).toBe('done')
    expect(await names()).toEqual(['kept'])
  })

  test('a body that rejects leaves nothing, and its error comes through', async () => {
    const cause = new Error('changed my mind')
    const attempt = database.transaction(async (trx) => {
      await trx.insertInto('setting').values({ name: 'gone', value: '1' }).execute()
      throw cause
    })
    expect(await rejection(attempt)).toBe(cause)
    expect(await names()).toEqual([])
  })

  test('a body that swallows an error of a statement cannot commit half of its work', async () => {
    const attempt = database.transaction(async (trx) => {
      await trx.insertInto('setting').values({ name: 'half', value: '1' }).execute()
      await sql`select 1 / 0`.execute(trx).catch(() => {})
    })
    await rejection(attempt)
    expect(await names()).toEqual([])
  })

  test('a query on the outer handle inside the body is refused at once', async () => {
    const attempt = database.transaction(async () => {
      await database.sql.selectFrom('setting').selectAll().execute()
    })
    expect(await rejection(attempt)).toBeInstanceOf(TransactionScopeError)
  })

  test('so is a second transaction inside the body', async () => {
    const attempt = database.transaction(() => database.transaction(async () => {}))
    expect(await rejection(attempt)).toBeInstanceOf(TransactionScopeError)
  })

  test('work that a body started and did not await is free once the transaction has ended', async () => {
    const ended = Promise.withResolvers<void>()
    const later = await database.transaction(async () => ({
      promise: ended.promise.then(() => value('1')),
    }))
    ended.resolve()
    expect(await later.promise).toBe(1)
  })

  test('transactions that start together all commit', async () => {
    const starts = Array.from({ length: 20 }, (_, index) =>
      database.transaction(async (trx) => {
        await trx
          .insertInto('setting')
          .values({ name: `t${index}`, value: '1' })
          .execute()
        await sleep(1)
        await trx.updateTable('setting').set({ value: '2' }).where('name', '=', `t${index}`).execute()
      }),
    )
    await Promise.all(starts)
    expect(await names()).toHaveLength(20)
  })
})

describe('listen', () => {
  function collector() {
    const payloads: string[] = []
    return { payloads, onPayload: (payload: string) => void payloads.push(payload) }
  }
  const notify = (channel: string, payload: string) =>
    sql`select pg_notify(${channel}, ${payload})`.execute(database.sql)

  test('hears what is committed, in order, and nothing of what is rolled back', async () => {
    const { payloads, onPayload } = collector()
    const stop = await database.listen('conformance', onPayload)
    await rejection(
      database.transaction(async (trx) => {
        await sql`select pg_notify('conformance', 'rolled back')`.execute(trx)
        throw new Error('no')
      }),
    )
    await database.transaction(async (trx) => {
      await sql`select pg_notify('conformance', 'first')`.execute(trx)
      await sql`select pg_notify('conformance', 'second')`.execute(trx)
    })
    await notify('conformance', '')
    await expect.poll(() => payloads).toEqual(['first', 'second', ''])
    await stop()
  })

  test('every subscriber of a channel hears it, and only while it is subscribed', async () => {
    const [left, staying, other] = [collector(), collector(), collector()]
    const stopLeft = await database.listen('shared', left.onPayload)
    const stopStaying = await database.listen('shared', staying.onPayload)
    const stopOther = await database.listen('other', other.onPayload)
    await notify('shared', 'both')
    await expect.poll(() => [left.payloads, staying.payloads]).toEqual([['both'], ['both']])
    await stopLeft()
    await notify('shared', 'one')
    await expect.poll(() => staying.payloads).toEqual(['both', 'one'])
    await stopStaying()
    await stopStaying()
    await notify('shared', 'nobody')
    await notify('other', 'end')
    await expect.poll(() => other.payloads).toEqual(['end'])
    expect(left.payloads).toEqual(['both'])
    expect(staying.payloads).toEqual(['both', 'one'])
    await stopOther()
  })

  test('a subscriber that throws does not keep the others from hearing', async () => {
    const { payloads, onPayload } = collector()
    const stops = [
      await database.listen('throwing', () => {
        throw new Error('mine alone')
      }),
      await database.listen('throwing', onPayload),
    ]
    await notify('throwing', 'heard')
    await expect.poll(() => payloads).toEqual(['heard'])
    for (const stop of stops) await stop()
  })

  test.each(['', 'Upper', 'a"b', `x${'y'.repeat(63)}`])('refuses "%s" as a channel', async (channel) => {
    expect(await rejection(database.listen(channel, () => {}))).toBeInstanceOf(TypeError)
  })
})
