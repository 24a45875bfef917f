/**
 * Data directories with an embedded database that is migrated and empty: copies of one that is made once per checkout, named
 * by a hash of everything that shapes it. Making one anew takes seconds.
 */
import { createHash } from 'node:crypto'
import {
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openDatabase } from '../src/db/client.ts'
import { migrate } from '../src/db/migrate.ts'
import { silentLog } from '../src/log.ts'

const CACHE = resolve(import.meta.dirname, '../../../node_modules/.cache')

/** One that nobody has open. The caller removes it. */
export async function testDataDirectory(): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), 'miniapps-test-db-'))
  await fillDataDirectory(dataDir)
  return dataDir
}

/** Puts such a database into a data directory that has none. A server that is to open it needs a master key. */
export async function fillDataDirectory(dataDir: string): Promise<void> {
  const template = join(CACHE, `test-database-${templateHash()}`)
  if (!existsSync(template)) await makeTemplateDirectory(template)
  cpSync(join(template, 'database'), join(dataDir, 'database'), {
    recursive: true,
    mode: constants.COPYFILE_FICLONE,
  })
}

/** Files that start together may each make one: the first to finish wins, and all are the same. */
async function makeTemplateDirectory(template: string): Promise<void> {
  mkdirSync(CACHE, { recursive: true })
  const dataDir = mkdtempSync(join(CACHE, 'test-database-unfinished-'))
  const database = await openDatabase({ dataDir, log: silentLog })
  await migrate(database)
  await database.close()
  try {
    renameSync(dataDir, template)
  } catch (error) {
    rmSync(dataDir, { recursive: true, force: true })
    if (!existsSync(template)) throw error
  }
}

/** Of the migrations and of PGlite's version. */
export function templateHash(): string {
  const hash = createHash('sha256')
  const source = join(import.meta.dirname, '../src/db')
  const migrations = readdirSync(join(source, 'migrations')).sort()
  for (const file of ['migrate.ts', ...migrations.map((name) => join('migrations', name))]) {
    hash.update(file).update(readFileSync(join(source, file)))
  }
  hash.update(readFileSync(createRequire(import.meta.url).resolve('@electric-sql/pglite/pglite.wasm')))
  return hash.digest('hex').slice(0, 16)
}
