import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDataDirectory } from '../../test/data-directory.ts'
import { testEngine } from '../../test/database.ts'
import { CHECKPOINT_AFTER_BYTES, checkpointWhenDue, vacuumNext } from './embedded-housekeeping.ts'
import { openPglite } from './embedded-pglite.ts'

let dataDir: string
let pglite: PGlite

beforeAll(async () => {
  dataDir = await testDataDirectory()
  pglite = await openPglite(join(dataDir, 'database'))
})

afterAll(async () => {
  await pglite?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const only = async <T>(expression: string): Promise<T> =>
  (await pglite.query<{ value: T }>(`select ${expression} as value`)).rows[0]?.value as T

test.skipIf(testEngine === 'postgres')(
  'a checkpoint is written once the log is long enough, and not before',
  async () => {
    const lastCheckpoint = () => only<string>('(select redo_lsn::text from pg_control_checkpoint())')
    const before = await lastCheckpoint()
    await checkpointWhenDue(pglite)
    expect(await lastCheckpoint()).toBe(before)
    await pglite.exec('create table bulk (text text)')
    const written = `pg_wal_lsn_diff(pg_current_wal_lsn(), '${before}')::int`
    while ((await only<number>(written)) <= CHECKPOINT_AFTER_BYTES) {
      await pglite.exec(`insert into bulk select repeat(md5(n::text), 20) from generate_series(1, 10000) n`)
    }
    expect(await lastCheckpoint()).toBe(before)
    await checkpointWhenDue(pglite)
    expect(await lastCheckpoint()).not.toBe(before)
  },
)

test.skipIf(testEngine === 'postgres')(
  'tables with dead rows are vacuumed one after the other, until none needs it',
  async () => {
    await pglite.exec(
      `create table "Churned" (number int); insert into "Churned" select generate_series(1, 1000)`,
    )
    await pglite.exec('update "Churned" set number = number + 1')
    const statements: string[] = []
    for (let next = await vacuumNext(pglite); next; next = await vacuumNext(pglite)) statements.push(next)
    expect(statements).toContain('vacuum (analyze) "Churned"')
    expect(new Set(statements).size).toBe(statements.length)
    const dead = `(select n_dead_tup::int from pg_stat_user_tables where relname = 'Churned')`
    expect(await only(dead)).toBe(0)
  },
)

const BLOCK_BYTES = 512

test.skipIf(testEngine === 'postgres')(
  'a new segment of the log takes no space on the disk before it is written',
  async () => {
    // The first ones were made when the cluster was.
    for (let made = 0; made < 4; made++) {
      await pglite.exec(`select pg_logical_emit_message(true, 'test', 'used'); select pg_switch_wal()`)
    }
    await pglite.exec(`select pg_logical_emit_message(true, 'test', 'used')`)
    const name = await only<string>('pg_walfile_name(pg_current_wal_lsn())')
    const { size, blocks } = statSync(join(dataDir, 'database', 'pg_wal', name))
    expect(blocks * BLOCK_BYTES).toBeLessThan(size / 4)
  },
)
