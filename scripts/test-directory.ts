/**
 * Where tests put their files: a directory of the run's own, gone when it ends. In memory where the machine offers that:
 * each database is a copy of a thousand files, which costs a disk up to a second of processor time.
 */
import { accessSync, chmodSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MEMORY = '/dev/shm'
/** Several times what a run has there at a time. A container gets 64 MB unless asked for more. */
const LEAST_FREE_BYTES = 4 * 2 ** 30

/** Called by vitest before the first file: everything started from here on finds its temporary directory there. */
export function setup(): () => void {
  const directory = mkdtempSync(join(hasRoom(MEMORY) ? MEMORY : tmpdir(), 'miniapps-tests-'))
  // A PostgreSQL of a test's own runs as another user.
  chmodSync(directory, 0o711)
  process.env['TMPDIR'] = directory
  return () => rmSync(directory, { recursive: true, force: true })
}

function hasRoom(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize >= LEAST_FREE_BYTES
  } catch {
    return false
  }
}
