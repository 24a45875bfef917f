import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { testEngine } from '../../test/database.ts'
import { silentLog } from '../log.ts'
import { type Database, embeddedDataExists, openDatabase } from './client.ts'
import { lockDirectory } from './directory-lock.ts'
import { EMBEDDED_MAJOR } from './embedded.ts'
import { DatabaseRefusedError, DatabaseUnavailableError, isRetryable } from './error.ts'

/** Short for the tests that wait for it, and long for a statement that does answer on a busy machine. */
const HANG_LIMIT_MS = 3000

/** One directory for the whole file, made once: initdb takes seconds. */
let dataDir: string

const open = (options: { queryTimeoutMs?: number } = {}) =>
  openDatabase({ dataDir, log: silentLog, ...options })

async function value<T>(database: Database, expression: string): Promise<T> {
  const { rows } = await sql<{ value: T }>`select ${sql.raw(expression)} as value`.execute(database.sql)
  return rows[0]?.value as T
}

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'miniapps-embedded-'))
  mkdirSync(join(dataDir, 'database.unfinished/base'), { recursive: true })
  writeFileSync(join(dataDir, 'database.unfinished/PG_VERSION'), '18\n')
  const database = await open()
  await sql`create table note (id serial primary key, text text)`.execute(database.sql)
  await database.close()
})

afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

describe.skipIf(testEngine === 'postgres')('durability', () => {
  test('the engine runs with the settings that make a flush reach the disk', async () => {
    const database = await open()
    onTestFinished(() => database.close())
    expect(await value(database, `current_setting('fsync')`)).toBe('on')
    expect(await value(database, `current_setting('synchronous_commit')`)).toBe('on')
    expect(await value(database, `current_setting('full_page_writes')`)).toBe('on')
    expect(await value(database, `current_setting('wal_sync_method')`)).toBe('fsync')
  })

  test('no acknowledged row is lost when the process is killed, three times over', async () => {
    for (let round = 0; round < 3; round++) {
      const writer = await startWriter()
      const acknowledged = await writer.killAfter(25 + round * 10)
      const database = await open()
      const stored = await value<number>(
        database,
        `(select count(*)::int from setting where name like '${writer.pid}-%')`,
      )
      await database.close()
      expect(stored).toBeGreaterThanOrEqual(acknowledged)
      // One more may have been committed without anybody hearing of it.
      expect(stored).toBeLessThanOrEqual(acknowledged + 1)
    }
  })
})

describe.skipIf(testEngine === 'postgres')('the data directory', () => {
  test('a second opening is refused and told where and by whom it is held', async () => {
    const database = await open()
    onTestFinished(() => database.close())
    await expect(open()).rejects.toThrow(DatabaseRefusedError)
    await expect(open()).rejects.toThrow(`The data directory ${dataDir} is in use by process ${process.pid}.`)
  })

  test('another process is refused while the first one lives, and not after it was killed', async () => {
    const writer = await startWriter()
    await expect(open()).rejects.toThrow(`in use by process ${writer.pid}`)
    await writer.kill()
    await (await open()).close()
  })

  test('the lock is let go by closing', async () => {
    await (await open()).close()
    const lock = lockDirectory(dataDir)
    lock.release()
    lock.release()
    expect(existsSync(join(dataDir, 'database.pid'))).toBe(false)
  })

  test('an opening that fails lets go of the lock', async () => {
    const scratch = mkdtempSync(join(tmpdir(), 'miniapps-refused-'))
    onTestFinished(() => rmSync(scratch, { recursive: true, force: true }))
    mkdirSync(join(scratch, 'database'))
    const openScratch = () => openDatabase({ dataDir: scratch, log: silentLog })
    await expect(openScratch()).rejects.toThrow('PG_VERSION is missing')
    await expect(openScratch()).rejects.toThrow('PG_VERSION is missing')
  })

  test('a directory of another PostgreSQL major is refused, naming export and import', async () => {
    const scratch = mkdtempSync(join(tmpdir(), 'miniapps-refused-'))
    onTestFinished(() => rmSync(scratch, { recursive: true, force: true }))
    mkdirSync(join(scratch, 'database'))
    writeFileSync(join(scratch, 'database/PG_VERSION'), '17\n')
    await expect(openDatabase({ dataDir: scratch, log: silentLog })).rejects.toThrow(
      /was written by PostgreSQL 17; this release embeds PostgreSQL 18.*"export".*"import"/,
    )
  })

  test('the engine is the major that directories are checked against', async () => {
    const database = await open()
    onTestFinished(() => database.close())
    expect(await value(database, `current_setting('server_version_num')::int / 10000`)).toBe(EMBEDDED_MAJOR)
    expect(readFileSync(join(dataDir, 'database/PG_VERSION'), 'utf8').trim()).toBe(String(EMBEDDED_MAJOR))
  })

  test('what a power cut left of the lock of the engine itself keeps nobody out', async () => {
    writeFileSync(join(dataDir, 'database/postmaster.pid'), '')
    const database = await open()
    await database.close()
  })

  test('data is seen to exist by whoever must not make a new key for it', () => {
    expect(embeddedDataExists(dataDir)).toBe(true)
    expect(embeddedDataExists(join(dataDir, 'elsewhere'))).toBe(false)
  })

  test('what an interrupted first start left behind is replaced', () => {
    expect(existsSync(join(dataDir, 'database.unfinished'))).toBe(false)
  })
})

describe.skipIf(testEngine === 'postgres')('the watchdog', () => {
  const ENDLESS = `(with recursive numbers(n) as (select 1 union all select n + 1 from numbers) select count(*) from numbers)`

  test('a query that never answers is given up as retryable, and the database is opened again', async () => {
    const database = await open({ queryTimeoutMs: HANG_LIMIT_MS })
    onTestFinished(() => database.close())
    await sql`insert into note (text) values ('before the hang')`.execute(database.sql)
    const hanging = value(database, ENDLESS)
    // Waits for the only connection while the other hangs, and is answered by the next one.
    const behind = value(database, `(select count(*)::int from note where text = 'before the hang')`)
    const error = await hanging.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(DatabaseUnavailableError)
    expect(isRetryable(error)).toBe(true)
    expect((error as Error).message).toContain(`did not answer for ${HANG_LIMIT_MS} ms`)
    expect(await behind).toBe(1)
  })

  test('a transaction that hangs is rolled back', async () => {
    const database = await open({ queryTimeoutMs: HANG_LIMIT_MS })
    onTestFinished(() => database.close())
    const transaction = database.transaction(async (trx) => {
      await sql`insert into note (text) values ('never')`.execute(trx)
      await sql.raw(`select ${ENDLESS}`).execute(trx)
    })
    await expect(transaction).rejects.toThrow(DatabaseUnavailableError)
    expect(await value(database, `(select count(*)::int from note where text = 'never')`)).toBe(0)
  })

  test('storage that goes away stops the database, says why, and is used again when it is back', async () => {
    const database = await open()
    onTestFinished(() => database.close())
    await sql`insert into note (text) values ('kept')`.execute(database.sql)
    const log = join(dataDir, 'database/pg_wal')
    renameSync(log, `${log}.away`)
    await sql`select pg_switch_wal()`.execute(database.sql).catch(() => {})
    const refused = sql`insert into note (text) values ('refused')`.execute(database.sql)
    await expect(refused).rejects.toSatisfy(
      (error) => isRetryable(error) && /No such file/.test(String(error)),
    )
    await expect(value(database, '1')).rejects.toSatisfy(isRetryable)
    renameSync(`${log}.away`, log)
    await expect
      .poll(() =>
        value(database, `(select string_agg(text, ',') from note where text in ('kept', 'refused'))`),
      )
      .toBe('kept')
  })

  test('subscribers are told, and hear again', async () => {
    const database = await open({ queryTimeoutMs: HANG_LIMIT_MS })
    onTestFinished(() => database.close())
    const lost = Promise.withResolvers<void>()
    const heard = Promise.withResolvers<string>()
    await database.listen('install_changed', heard.resolve, lost.resolve)
    await expect(value(database, ENDLESS)).rejects.toThrow(DatabaseUnavailableError)
    await lost.promise
    await sql`select pg_notify('install_changed', 'again')`.execute(database.sql)
    expect(await heard.promise).toBe('again')
  })
})

interface Writer {
  pid: number
  kill(): Promise<void>
  /** Kills the process once it has acknowledged so many rows; resolves with how many it had acknowledged by then. */
  killAfter(rows: number): Promise<number>
}

async function startWriter(): Promise<Writer> {
  const script = join(import.meta.dirname, '../../test/database-writer.ts')
  const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  onTestFinished(kill)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  expect((await lines.next()).value).toBe('ready')
  return {
    pid: child.pid as number,
    kill,
    async killAfter(rows) {
      let acknowledged = 0
      for (;;) {
        const { value: line, done } = await lines.next()
        if (done) {
          await exited
          return acknowledged
        }
        acknowledged = Number(line)
        if (acknowledged === rows) child.kill('SIGKILL')
      }
    },
  }
}
