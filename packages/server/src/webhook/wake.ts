/** Whoever waits for events to process learns of them at once, in this process and in the others on the database. */
import { setTimeout as sleep } from 'node:timers/promises'
import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { Sleeper } from '../jobs/sleeper.ts'
import { DUE_CHANNEL, tellOfDue } from './store.ts'

/**
 * Between two notices of one process: transactions that hold a notice commit one after the other, so those that hold
 * deliveries hold none.
 */
const NOTICE_INTERVAL_MS = 20

/** Of the loop that processes events in this process. */
export const sleeperOf = perContext((_context: Context) => new Sleeper())

/** There is something to process: call it after the commit. Whoever misses it looks every second. */
export function wake(context: Context): void {
  sleeperOf(context).wake()
  if (context.db.engine === 'postgres') noticeOf(context)()
}

const noticeOf = perContext((context: Context) => {
  let resting = false
  let again = false
  const tell = async () => {
    do {
      again = false
      await tellOfDue(context.db).catch((error) => context.log.warn('webhook.processed', { error }))
      await sleep(NOTICE_INTERVAL_MS, undefined, { ref: false })
    } while (again)
    resting = false
  }
  return () => {
    again = true
    if (resting) return
    resting = true
    void tell()
  }
})

/** @returns a function that stops listening */
export async function watchDue(context: Context): Promise<() => Promise<void>> {
  if (context.db.engine !== 'postgres') return async () => {}
  const look = () => sleeperOf(context).wake()
  return context.db.listen(DUE_CHANNEL, look, look)
}
