import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DatabaseRefusedError } from './error.ts'

/** Primary SQLite result code. */
const SQLITE_BUSY = 5

export interface DirectoryLock {
  release(): void
}

/**
 * Takes the data directory for this process: an exclusive transaction on a SQLite file, which the operating system lets
 * go of when the process ends, however it ends. PGlite itself takes no lock, and two processes would overwrite each
 * other's pages.
 *
 * @throws DatabaseRefusedError when another process, or this one, holds it
 */
export function lockDirectory(directory: string): DirectoryLock {
  const pidFile = join(directory, 'database.pid')
  const handle = new DatabaseSync(join(directory, 'database.lock'))
  try {
    handle.exec('pragma journal_mode = memory; begin exclusive')
  } catch (error) {
    handle.close()
    if (((error as { errcode?: number }).errcode ?? 0) % 256 !== SQLITE_BUSY) throw error
    throw new DatabaseRefusedError(inUse(directory, pidFile), { cause: error })
  }
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 })
  let held = true
  return {
    release() {
      if (!held) return
      held = false
      rmSync(pidFile, { force: true })
      handle.close()
    },
  }
}

function inUse(directory: string, pidFile: string): string {
  const pid = readPid(pidFile)
  const holder = pid === undefined ? 'another process' : `process ${pid}`
  return `The data directory ${directory} is in use by ${holder}. One process at a time can use the embedded database: stop that one first, give this one another DATA_DIR, or use PostgreSQL through DATABASE_URL.`
}

function readPid(pidFile: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
    return Number.isSafeInteger(pid) ? pid : undefined
  } catch {
    // The holder has not written it yet, or may not share it with us.
    return undefined
  }
}
