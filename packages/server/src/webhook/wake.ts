import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { Sleeper } from '../jobs/sleeper.ts'

/** Of the loop that processes events in this process. */
export const sleeperOf = perContext((_context: Context) => new Sleeper())

/** There is something to process: whoever sleeps in this process looks at once. */
export function wake(context: Context): void {
  sleeperOf(context).wake()
}
