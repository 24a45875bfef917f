import type { Context } from '../context.ts'
import { resumeRegistration } from './registration.ts'
import { REGISTRATION_LEFT_MS } from './state.ts'
import { listUnfinishedRegistrations } from './store.ts'

/** How often registrations are looked for that were left. */
const RESUME_INTERVAL_MS = 15_000

/**
 * Goes on with registrations that were left (specification 3.2).
 * @param options.all also those that gave a sign of life just now: nobody else can be at them
 * @returns how many
 */
export async function resumeRegistrations(
  context: Context,
  options: { all: boolean; signal?: AbortSignal },
): Promise<number> {
  const { all, signal } = options
  const before = new Date(context.now() - (all ? 0 : REGISTRATION_LEFT_MS))
  let resumed = 0
  for (const run of await listUnfinishedRegistrations(context.db.sql, before)) {
    if (signal?.aborted) break
    if (await resumeRegistration(context, { ...run, ...(signal && { signal }) }, { mine: all })) resumed++
  }
  return resumed
}

/**
 * Goes on with what was left: at once, then every {@link RESUME_INTERVAL_MS}. The embedded database serves one process, so
 * that at the start whatever is under way was left; on PostgreSQL another process may be at it, and only what gave no
 * sign of life for a minute was.
 * @returns a function that ends it; a registration under way is left, to be resumed at the next start
 */
export function startResumingRegistrations(context: Context): () => Promise<void> {
  const ending = new AbortController()
  const turn = async (all: boolean) => {
    try {
      await resumeRegistrations(context, { all, signal: ending.signal })
    } catch (error) {
      if (!ending.signal.aborted) context.log.error('install.registered', { status: 'INTERNAL_ERROR', error })
    }
  }
  let last = turn(context.db.engine === 'embedded')
  const timer = setInterval(() => {
    last = last.then(() => turn(false))
  }, RESUME_INTERVAL_MS)
  timer.unref()
  return () => {
    clearInterval(timer)
    ending.abort()
    return last
  }
}
