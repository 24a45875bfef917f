import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'

interface Sleeper {
  wake: (() => void) | undefined
  woken: boolean
}

const sleeperOf = perContext((_context: Context): Sleeper => ({ wake: undefined, woken: false }))

/** There is something to process: whoever sleeps in this process looks at once. */
export function wake(context: Context): void {
  const sleeper = sleeperOf(context)
  sleeper.woken = true
  sleeper.wake?.()
}

/** Resolves after `ms`, when this process is woken, or when the signal is aborted. */
export async function sleepUnlessWoken(context: Context, ms: number, signal: AbortSignal): Promise<void> {
  const sleeper = sleeperOf(context)
  if (!sleeper.woken && !signal.aborted) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    sleeper.wake = resolve
    signal.addEventListener('abort', () => resolve(), { once: true })
    await promise
    clearTimeout(timer)
    sleeper.wake = undefined
  }
  sleeper.woken = false
}
