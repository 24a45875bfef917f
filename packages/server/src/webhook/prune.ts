import type { Context } from '../context.ts'
import { deleteExpiredTransactions, deleteRejectionsBefore, listWorkspaceIds } from './store.ts'

/** Rows of one statement: deliveries that name one of them wait no longer than that takes. */
const ROWS_PER_BATCH = 1_000
/** As long as events are kept. */
const REJECTIONS_KEPT_MS = 30 * 86_400_000

/**
 * Deletes ids that no delivery is compared with any more, and counts of rejections; any number of processes may do so at
 * once. Events themselves go with their partitions.
 * @returns how many ids went
 */
export async function pruneWebhooks(context: Context): Promise<number> {
  const now = context.now()
  let deleted = 0
  for (const workspaceId of await listWorkspaceIds(context.db)) {
    for (let batch = ROWS_PER_BATCH; batch === ROWS_PER_BATCH; deleted += batch) {
      const expired = { workspaceId, before: new Date(now), limit: ROWS_PER_BATCH }
      batch = await deleteExpiredTransactions(context.db, expired)
    }
    await deleteRejectionsBefore(context.db, { workspaceId, before: new Date(now - REJECTIONS_KEPT_MS) })
  }
  return deleted
}
