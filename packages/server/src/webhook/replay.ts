import type { Context } from '../context.ts'
import { type EventFilter, replay } from './event-log.ts'
import { wake } from './wake.ts'

/**
 * Starts a new round of all stages for events that were processed or failed (specification 5.5). Older states overwrite
 * no newer records, and triggers fire again, marked by their round.
 * @returns how many: at most `MAX_REPLAYED`, the oldest first
 */
export async function replayEvents(context: Context, filter: EventFilter): Promise<number> {
  const replayed = await replay(context.db, { filter, now: new Date(context.now()), limit: MAX_REPLAYED })
  if (replayed > 0) wake(context)
  return replayed
}

/** Events of one call: what takes longer is asked for again. */
export const MAX_REPLAYED = 10_000
