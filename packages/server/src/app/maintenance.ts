import { pruneAudit } from '../audit/prune.ts'
import type { Context } from '../context.ts'
import { ensurePartitions } from '../db/partition.ts'
import { pruneToldEvents } from '../notify/prune.ts'
import { pruneAuthorizations } from '../oauth/prune.ts'
import { pruneWebhooks } from '../webhook/prune.ts'

const MAINTENANCE_INTERVAL_MS = 60 * 60_000

/**
 * Makes the partitions of the coming days and drops what is past its retention: once now, then every hour. A failure
 * is logged and tried again at the next turn.
 * @param options.repeat false where other processes do the background work (`ROLE=api`): once now, and no more
 * @returns a function that ends it, waiting for a turn under way
 */
export async function startMaintenance(
  context: Context,
  options: { repeat: boolean } = { repeat: true },
): Promise<() => Promise<void>> {
  await ensurePartitions(context.db, { now: context.now(), log: context.log })
  if (!options.repeat) return () => Promise.resolve()
  let turn = Promise.resolve()
  const timer = setInterval(() => {
    turn = prune(context)
  }, MAINTENANCE_INTERVAL_MS)
  timer.unref()
  return () => {
    clearInterval(timer)
    return turn
  }
}

async function prune(context: Context): Promise<void> {
  const startedAt = context.now()
  try {
    await ensurePartitions(context.db, { now: context.now(), log: context.log })
    await context.rateLimit.prune()
    await pruneAuthorizations(context)
    await pruneWebhooks(context)
    await pruneToldEvents(context)
    await pruneAudit(context)
    context.log.info('database.pruned', { durationMs: context.now() - startedAt })
  } catch (error) {
    context.log.error('database.pruned', { error, durationMs: context.now() - startedAt })
  }
}
