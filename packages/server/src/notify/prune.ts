import type { Context } from '../context.ts'
import { deleteEventsBefore } from '../outbox/store.ts'
import { listWorkspaceIds } from '../webhook/store.ts'

/** A day longer than deliveries, so that each finds what it tells of. */
const EVENTS_KEPT_MS = 31 * 86_400_000
/** Rows of one statement: it holds its locks for a moment only. */
const ROWS_PER_BATCH = 1_000

/** Removes events whose deliveries went with their partitions. @returns how many went */
export async function pruneToldEvents(context: Context): Promise<number> {
  const before = new Date(context.now() - EVENTS_KEPT_MS)
  let deleted = 0
  for (const workspaceId of await listWorkspaceIds(context.db)) {
    for (let batch = ROWS_PER_BATCH; batch === ROWS_PER_BATCH; deleted += batch) {
      batch = await deleteEventsBefore(context.db, { workspaceId, before, limit: ROWS_PER_BATCH })
    }
  }
  return deleted
}
