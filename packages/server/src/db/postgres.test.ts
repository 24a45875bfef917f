/** What only PostgreSQL can show; runs where TEST_DATABASE_URL is set. */
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { testEngine } from '../../test/database.ts'
import { type PostgresServer, startPostgres } from '../../test/postgres.ts'
import { silentLog } from '../log.ts'
import { type Database, openDatabase } from './client.ts'
import { DatabaseRefusedError, isConnectionFailure, isRetryable } from './error.ts'
import { migrate } from './migrate.ts'
import { withoutTimeLimit } from './patient-client.ts'
import { refusalOf } from './postgres.ts'

const open = (databaseUrl: string) => openDatabase({ databaseUrl, dataDir: '', log: silentLog, poolSize: 3 })

test.each([
  {
    what: 'PostgreSQL 14',
    server: { version: '14.19', versionNum: 140019, encoding: 'UTF8' },
    says: /version 14\.19; version 15 or newer/,
  },
  {
    what: 'an encoding that cannot hold every text',
    server: { version: '16.1', versionNum: 160001, encoding: 'SQL_ASCII' },
    says: /encoding is SQL_ASCII; it must be UTF8/,
  },
])('$what is refused', ({ server, says }) => {
  expect(refusalOf(server)).toMatch(says)
})

test('PostgreSQL 15 is accepted', () => {
  expect(refusalOf({ version: '15.0', versionNum: 150000, encoding: 'UTF8' })).toBeUndefined()
})

test('an address of another kind is refused', async () => {
  await expect(open('mysql://127.0.0.1/x')).rejects.toThrow('DATABASE_URL must start with postgres://')
})

test('a server that is not there is refused without repeating the password', async () => {
  const attempt = open('postgres://someone:s3cret@127.0.0.1:1/x')
  await expect(attempt).rejects.toThrow(/cannot be reached: .*ECONNREFUSED/)
  await expect(attempt).rejects.not.toThrow(/s3cret/)
  await expect(attempt).rejects.toBeInstanceOf(DatabaseRefusedError)
})

describe.skipIf(testEngine === 'embedded')('a server that is killed', () => {
  let server: PostgresServer
  let database: Database

  beforeAll(async () => {
    server = await startPostgres()
    database = await open(server.url)
    await migrate(database)
  })

  afterAll(async () => {
    await database?.close()
    await server?.stop()
  })

  test('a database that does not exist is refused in the words of the server', async () => {
    await expect(open(server.url.replace(/postgres$/, 'nowhere'))).rejects.toThrow(
      'refused the connection: database "nowhere" does not exist',
    )
  })

  test('a connection that is cut fails its query as retryable, and the next query has another', async () => {
    const cut = database.transaction((trx) => sql`select pg_terminate_backend(pg_backend_pid())`.execute(trx))
    await expect(cut).rejects.toSatisfy((error) => isRetryable(error) && isConnectionFailure(error))
    await sql`select 1`.execute(database.sql)
  })

  test('subscribers whose connection was cut are told, and hear again', async () => {
    const lost = Promise.withResolvers<void>()
    const heard = Promise.withResolvers<string>()
    const stop = await database.listen('install_changed', heard.resolve, lost.resolve)
    onTestFinished(stop)
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %'`.execute(
      database.sql,
    )
    await lost.promise
    await sql`select pg_notify('install_changed', 'again')`.execute(database.sql)
    expect(await heard.promise).toBe('again')
  })

  test('a server that hangs is given up after the time limit, and asked again when it goes on', async () => {
    const impatient = await openDatabase({
      databaseUrl: server.url,
      dataDir: '',
      log: silentLog,
      poolSize: 1,
      queryTimeoutMs: 2_000,
    })
    onTestFinished(() => impatient.close())
    await sql`select 1`.execute(impatient.sql)
    server.pause()
    try {
      await expect(sql`select 1`.execute(impatient.sql)).rejects.toSatisfy(isConnectionFailure)
    } finally {
      server.resume()
    }
    await sql`select 1`.execute(impatient.sql)
    await withoutTimeLimit(() =>
      impatient.transaction(async (trx) => {
        await sql`set local statement_timeout = 0`.execute(trx)
        await sql`select pg_sleep(2.5)`.execute(trx)
      }),
    )
    await expect(sql`select pg_sleep(2.5)`.execute(impatient.sql)).rejects.toSatisfy(
      (error) => isRetryable(error) && !isConnectionFailure(error),
    )
  })

  test('after a kill -9 what was acknowledged is there, and subscribers are told', async () => {
    const lost = Promise.withResolvers<void>()
    onTestFinished(await database.listen('install_changed', () => {}, lost.resolve))
    await database.sql.insertInto('setting').values({ name: 'before', value: '1' }).execute()
    await server.kill9()
    // A session that is at work when the server dies may still answer once.
    const firstFailure = async (): Promise<unknown> => {
      try {
        for (;;) await database.sql.selectFrom('setting').selectAll().execute()
      } catch (error) {
        return error
      }
    }
    expect(await firstFailure()).toSatisfy(isRetryable)
    await server.restart()
    await lost.promise
    expect(await database.sql.selectFrom('setting').select('name').execute()).toEqual([{ name: 'before' }])
  })
})
