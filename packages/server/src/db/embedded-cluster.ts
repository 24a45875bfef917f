import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { LEAN_FLAGS } from './embedded-memory.ts'
import { DatabaseUnavailableError } from './error.ts'

/** It is done once and takes seconds, on a slow machine that does much else minutes; only a hang takes longer. */
const CREATE_TIMEOUT_MS = 600_000
const INITDB = fileURLToPath(new URL('./embedded-initdb.ts', import.meta.url))

/**
 * Makes the database cluster, in a process that ends with it.
 *
 * @throws DatabaseUnavailableError with the reason
 */
export async function createCluster(directory: string): Promise<void> {
  const child = fork(INITDB, [directory], {
    execArgv: [...LEAN_FLAGS],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: CREATE_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  let told = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    told += chunk.toString()
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  if (code === 0) return
  const reason = told.trim() || `Its process ended (${signal ?? code}).`
  throw new DatabaseUnavailableError(`The embedded database could not be made. ${reason}`)
}
