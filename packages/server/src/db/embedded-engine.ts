import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log.ts'
import { EmbeddedSession } from './embedded-session.ts'
import { DatabaseUnavailableError } from './error.ts'

/** Between attempts to open the directory again, doubled with each failure up to the longest. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

interface EngineOptions {
  directory: string
  /** A request without an answer for so long means that the worker hangs. */
  queryTimeoutMs: number
  log: Log
  /** The directory has been opened again after a loss. */
  onReopened(): void
}

/** Keeps one session open: when it is lost, PostgreSQL recovers in a new one as after a crash. */
export interface EmbeddedEngine {
  /** Waits while a lost session is being replaced. */
  session(): Promise<EmbeddedSession>
  close(): Promise<void>
}

export async function startEngine(options: EngineOptions): Promise<EmbeddedEngine> {
  const { directory, queryTimeoutMs, log } = options
  const closing = new AbortController()
  const { signal } = closing
  /** The session, or the attempt to open it: whoever asks while it failed learns why, and does not wait for the next. */
  let current = open()

  async function open(): Promise<EmbeddedSession> {
    const session = await EmbeddedSession.open(directory, queryTimeoutMs)
    void session.lost.then((error) => {
      log.error('database.reopened', { engine: 'embedded', status: 'lost', error })
      reopen(session).catch(() => {
        // Only closing ends the attempts.
      })
    })
    return session
  }

  async function reopen(lost: EmbeddedSession): Promise<void> {
    const startedAt = performance.now()
    current = lost.terminate().then(open)
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await current
        break
      } catch (error) {
        log.error('database.reopened', { engine: 'embedded', status: 'failed', error })
      }
      await sleep(pauseMs, undefined, { signal, ref: false })
      current = open()
    }
    const durationMs = Math.round(performance.now() - startedAt)
    log.warn('database.reopened', { engine: 'embedded', status: 'reopened', durationMs })
    options.onReopened()
  }

  await current
  return {
    session: () =>
      signal.aborted
        ? Promise.reject(new DatabaseUnavailableError('The database has been closed.'))
        : current,
    async close() {
      if (signal.aborted) return
      closing.abort()
      const session = await current.catch(() => undefined)
      await session?.close()
    },
  }
}
