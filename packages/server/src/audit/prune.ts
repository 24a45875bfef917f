import type { Context } from '../context.ts'
import { deleteEntriesBefore } from './store.ts'

const DAY_MS = 86_400_000
/** Rows of one statement: it holds its locks for a moment only. */
const BATCH_ROWS = 5_000

/** Removes the entries whose retention (`AUDIT_RETENTION_DAYS`) has ended. */
export async function pruneAudit(context: Context): Promise<void> {
  const before = new Date(context.now() - context.config.auditRetentionDays * DAY_MS)
  while ((await deleteEntriesBefore(context.db, before, BATCH_ROWS)) === BATCH_ROWS) {
    // The next batch.
  }
}
