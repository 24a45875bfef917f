import { mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { expect, onTestFinished, test } from 'vitest'
import { testDataDirectory } from '../../test/data-directory.ts'
import { testEngine } from '../../test/database.ts'
import { DurableNodeFS } from './durable-node-fs.ts'
import { openPglite } from './embedded-pglite.ts'

/** The first commit also flushes the names of files that are made at each start. */
const AFTER_START = `insert into setting values ('after start', '1')`

test.skipIf(testEngine === 'postgres')(
  'a commit flushes the log to the disk once, and a read not at all',
  async () => {
    const dataDir = await testDataDirectory()
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
    let flushes = 0
    const pglite = await openPglite(join(dataDir, 'database'), { onFlush: () => flushes++ })
    onTestFinished(() => pglite.close())
    await pglite.exec(AFTER_START)
    const flushesOf = async (statement: string) => {
      const before = flushes
      await pglite.exec(statement)
      return flushes - before
    }
    expect(await flushesOf(`insert into setting values ('durable', '1')`)).toBe(1)
    expect(
      await flushesOf(
        `begin; insert into setting values ('a', '1'); insert into setting values ('b', '1'); commit`,
      ),
    ).toBe(1)
    expect(await flushesOf('select * from setting')).toBe(0)
    expect(await flushesOf('checkpoint')).toBeGreaterThan(1)
  },
)

test.skipIf(testEngine === 'postgres')('a commit flushes the names of the files that it needs', async () => {
  const dataDir = await testDataDirectory()
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const directory = join(dataDir, 'database')
  const flushed: string[] = []
  const pglite = await openPglite(directory, { onFlush: (path) => flushed.push(path) })
  onTestFinished(() => pglite.close())
  await pglite.exec(AFTER_START)
  flushed.length = 0
  await pglite.exec('create table fresh (id int)')
  const { rows } = await pglite.query<{ path: string }>(`select pg_relation_filepath('fresh') as path`)
  expect(flushed[0]).toBe(dirname(join(directory, rows[0]?.path ?? '')))
  expect(flushed[1]).toContain('/pg_wal/')
  flushed.length = 0
  await pglite.exec('insert into fresh values (1)')
  expect(flushed).toHaveLength(1)
})

test.skipIf(testEngine === 'postgres')('a full disk is reported when a write meets it', async () => {
  const failures: unknown[] = []
  const scratch = mkdtempSync(join(tmpdir(), 'miniapps-full-'))
  const pglite = await PGlite.create({
    fs: new DurableNodeFS(scratch, { onStorageError: (failure) => failures.push(failure) }),
    noInitDb: true,
  })
  onTestFinished(() => rmSync(scratch, { recursive: true, force: true }))
  const { NODEFS } = pglite.Module as unknown as {
    NODEFS: { stream_ops: { write(...args: unknown[]): number } }
  }
  const full = { nfd: openSync('/dev/full', 'w') }
  expect(() => NODEFS.stream_ops.write(full, Buffer.from('x'), 0, 1, 0)).toThrow()
  expect(failures).toEqual([{ operation: 'write', code: 'ENOSPC' }])
})
