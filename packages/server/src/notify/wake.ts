import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { Sleeper } from '../jobs/sleeper.ts'

/** Of the loop that delivers in this process. */
export const sleeperOf = perContext((_context: Context) => new Sleeper())

/** There is something to deliver, or room for more: the loop of this process looks at once. */
export function wakeDelivery(context: Context): void {
  sleeperOf(context).wake()
}
