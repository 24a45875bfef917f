/**
 * A fresh, migrated, empty database for one test file: embedded, or on PostgreSQL where TEST_DATABASE_URL is set (the
 * address of a server on which databases may be created).
 *
 * Migrating is done once per machine, into a template named by a hash of everything that shapes it; each test database
 * is a copy.
 */
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import pg from 'pg'
import { type Database, openDatabase } from '../src/db/client.ts'
import { migrate } from '../src/db/migrate.ts'
import { ensurePartitions } from '../src/db/partition.ts'
import { silentLog } from '../src/log.ts'
import { templateHash, testDataDirectory } from './data-directory.ts'
import { openDatabases } from './open-databases.ts'

export interface TestDatabase extends Database {
  /** Opens it once more, as another process would; `undefined` on the embedded engine, which serves one. */
  openAgain: (() => Promise<Database>) | undefined
  /** Closes the database and removes it. A test file that forgets this fails. */
  drop(): Promise<void>
}

/** What `testDatabase` makes. Tests of one engine alone are skipped in the runs of the other. */
export const testEngine: Database['engine'] = process.env['TEST_DATABASE_URL'] ? 'postgres' : 'embedded'

/** Connections of one test database: files run in parallel on one server with 100. */
const TEST_POOL_SIZE = 5
/** Only a hang takes longer, on whatever machine. */
const QUERY_TIMEOUT_MS = 300_000

/** Partitions exist around the real clock's today; for another one, call `ensurePartitions` with it. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = process.env['TEST_DATABASE_URL']
  const { database, openAgain, remove }: Opened = server ? await onPostgres(server) : await embedded()
  await ensurePartitions(database, { now: Date.now(), log: silentLog })
  const test: TestDatabase = {
    ...database,
    openAgain,
    async drop() {
      if (!openDatabases.delete(test)) return
      await database.close()
      await remove()
    },
  }
  openDatabases.add(test)
  return test
}

interface Opened {
  database: Database
  openAgain?: () => Promise<Database>
  remove(): Promise<void> | void
}

async function embedded(): Promise<Opened> {
  const dataDir = await testDataDirectory()
  const database = await openDatabase({ dataDir, log: silentLog, queryTimeoutMs: QUERY_TIMEOUT_MS })
  return { database, remove: () => rmSync(dataDir, { recursive: true, force: true }) }
}

async function onPostgres(server: string): Promise<Opened> {
  const template = `miniapps_test_${templateHash()}`
  const name = `miniapps_test_db_${randomUUID().replaceAll('-', '')}`
  await asAdmin(server, async (admin) => {
    // `create database` from a template needs it unused, and two at once disturb each other: one file at a time.
    await admin.query(`select pg_advisory_lock(hashtext('miniapps_test'))`)
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [template])
    if (rowCount === 0) await makeTemplateDatabase(server, admin, template)
    await admin.query(`create database ${name} template ${template}`)
  })
  const openAgain = () =>
    openDatabase({
      databaseUrl: databaseUrl(server, name),
      dataDir: tmpdir(),
      log: silentLog,
      poolSize: TEST_POOL_SIZE,
      queryTimeoutMs: QUERY_TIMEOUT_MS,
    })
  const database = await openAgain()
  const remove = () =>
    asAdmin(server, async (admin) => {
      await admin.query(`drop database ${name} with (force)`)
    })
  return { database, openAgain, remove }
}

async function makeTemplateDatabase(server: string, admin: pg.Client, template: string): Promise<void> {
  const unfinished = `${template}_unfinished`
  await admin.query(`drop database if exists ${unfinished} with (force)`)
  await admin.query(`create database ${unfinished} template template0 encoding 'UTF8'`)
  const database = await openDatabase({
    databaseUrl: databaseUrl(server, unfinished),
    dataDir: tmpdir(),
    log: silentLog,
  })
  await migrate(database)
  await database.close()
  await admin.query(`alter database ${unfinished} rename to ${template}`)
}

async function asAdmin(server: string, work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: server })
  await admin.connect()
  try {
    await work(admin)
  } finally {
    await admin.end()
  }
}

function databaseUrl(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}
