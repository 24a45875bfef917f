import { randomBytes, randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import pg from 'pg'
import { testDataDirectory } from './data-directory.ts'

export interface EmptyDatabase {
  /** Settings of a server that is to use it: which, and its master key. */
  env: Record<string, string>
  drop(): Promise<void>
}

/**
 * For tests that start a whole server: a data directory whose database is migrated already, or an empty database on the
 * PostgreSQL that the tests run on (`TEST_DATABASE_URL`).
 */
export async function emptyDatabase(): Promise<EmptyDatabase> {
  const server = process.env.TEST_DATABASE_URL
  const masterKey = randomBytes(32).toString('base64')
  if (server) return makeDatabase(server, masterKey)
  const dataDir = await testDataDirectory()
  return {
    env: { DATA_DIR: dataDir, MASTER_KEY: masterKey },
    drop: () => rm(dataDir, { recursive: true, force: true }),
  }
}

/** A copy of a database on PostgreSQL that nobody has open, as a backup would be. */
export async function copyDatabase({ env }: EmptyDatabase): Promise<EmptyDatabase> {
  const { DATABASE_URL = '', MASTER_KEY = '' } = env
  return makeDatabase(DATABASE_URL.replace(/[^/]+$/, 'postgres'), MASTER_KEY, DATABASE_URL.split('/').at(-1))
}

async function makeDatabase(
  server: string,
  masterKey: string,
  template = 'template1',
): Promise<EmptyDatabase> {
  const name = `miniapps_walk_${randomUUID().replaceAll('-', '')}`
  const url = new URL(server)
  url.pathname = `/${name}`
  await admin(server, `create database ${name} template ${template}`)
  return {
    env: { DATABASE_URL: url.href, MASTER_KEY: masterKey },
    drop: () => admin(server, `drop database if exists ${name} with (force)`),
  }
}

async function admin(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
