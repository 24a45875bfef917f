import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { testDataDirectory } from '../../test/data-directory.ts'
import { testEngine } from '../../test/database.ts'
import { type EmptyDatabase, emptyDatabase } from '../../test/empty-database.ts'
import { nodeEnvironment } from '../../test/server-process.ts'
import { type Database, openDatabase } from '../db/client.ts'
import { silentLog } from '../log.ts'
import { findEnded } from './ended-processes.ts'

const CHILD = resolve(import.meta.dirname, '../../test/connected-process.ts')

describe.runIf(testEngine === 'postgres')('a process on PostgreSQL', () => {
  let empty: EmptyDatabase
  let databaseUrl: string
  let db: Database
  const children: ChildProcess[] = []

  beforeAll(async () => {
    empty = await emptyDatabase()
    databaseUrl = empty.env['DATABASE_URL'] ?? ''
    db = await open()
  })
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })
  afterAll(async () => {
    await db.close()
    await empty.drop()
  })

  const open = () => openDatabase({ databaseUrl, dataDir: tmpdir(), log: silentLog })

  async function startProcess() {
    const env = { ...nodeEnvironment(), DATABASE_URL: databaseUrl }
    const child = spawn(process.execPath, [CHILD], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    const [written] = (await once(child.stdout, 'data')) as [Buffer]
    return { child, id: written.toString().trim() }
  }

  it('that is killed has ended, and the others have not', async () => {
    const [killed, spared] = await Promise.all([startProcess(), startProcess()])
    const ids = [killed.id, spared.id, await db.processId()]
    expect(await findEnded(db, ids)).toEqual([])
    const exited = once(killed.child, 'exit')
    killed.child.kill('SIGKILL')
    await exited
    // The server notices a moment after the process is gone.
    await expect.poll(() => findEnded(db, ids)).toEqual([killed.id])
  })

  it('that is stopped has not ended: it may go on at any moment', async () => {
    const { child, id } = await startProcess()
    child.kill('SIGSTOP')
    expect(await findEnded(db, [id])).toEqual([])
  })

  it('whose connection was cut has not ended: it makes another', async () => {
    const other = await open()
    const id = await other.processId()
    await sql`select pg_terminate_backend(pid) from pg_locks
      where locktype = 'advisory' and (classid::bigint << 32 | objid::bigint) = ${id}::bigint`.execute(db.sql)
    expect(await findEnded(db, [id])).toEqual([])
    await other.close()
    expect(await findEnded(db, [id])).toEqual([id])
  })

  it('is told dead by nobody who is ending', async () => {
    const ending = new AbortController()
    ending.abort()
    expect(await findEnded(db, ['1'], ending.signal)).toEqual([])
  })
})

describe.runIf(testEngine === 'embedded')('a process on the embedded database', () => {
  it('has ended where it is another one', async () => {
    const dataDir = await testDataDirectory()
    const db = await openDatabase({ dataDir, log: silentLog })
    expect(await findEnded(db, ['1', await db.processId()])).toEqual(['1'])
    await db.close()
    await rm(dataDir, { recursive: true, force: true })
  })
})
