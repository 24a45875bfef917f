import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { DurableNodeFS, type DurableNodeFsHooks } from './durable-node-fs.ts'
import { syncPath, syncTree } from './sync-path.ts'

/** `-F` (no flushing) is dropped from PGlite's own; the rest keeps the memory and the directory small. */
const START_PARAMS = [
  ...PGlite.defaultStartParams.filter((param) => param !== '-F'),
  ...[
    'wal_sync_method=fsync',
    'shared_buffers=16MB',
    'work_mem=4MB',
    'maintenance_work_mem=32MB',
    'min_wal_size=32MB',
    'max_wal_size=64MB',
    // A segment that is filled with zeroes first, 16 MB, holds everything up for a twentieth of a second: under load several
    // times a second, since few are kept to be used again.
    'wal_init_zero=off',
  ].flatMap((setting) => ['-c', setting]),
]

/**
 * Opens a cluster, making it where the directory is empty.
 *
 * @throws with PostgreSQL's own reason where it does not start
 */
export async function openPglite(directory: string, hooks?: DurableNodeFsHooks): Promise<PGlite> {
  // Its holder has ended: the lock of the data directory is ours. Cut off while it was written, it would keep us out.
  rmSync(join(directory, 'postmaster.pid'), { force: true })
  let reason = 'no reason given'
  const listen = (line: string) => {
    if (/FATAL|PANIC/.test(line)) reason = line
    return false
  }
  try {
    return await PGlite.create({
      fs: new DurableNodeFS(directory, hooks),
      startParams: START_PARAMS,
      onStdout: listen,
      onStderr: listen,
    })
  } catch (error) {
    throw new Error(`PostgreSQL did not start in ${directory}: ${reason}`, { cause: error })
  }
}

/**
 * Makes the cluster beside its place and moves it there when all of it is on the disk: a directory of that name is
 * always whole.
 */
export async function createCluster(directory: string): Promise<void> {
  const unfinished = `${directory}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true, mode: 0o700 })
  const pglite = await openPglite(unfinished)
  await pglite.close()
  syncTree(unfinished)
  renameSync(unfinished, directory)
  syncPath(dirname(directory))
}
