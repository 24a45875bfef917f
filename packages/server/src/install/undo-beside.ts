/**
 * Undoes registrations of connections that ended in the background, where nobody waits for the answer: beside what goes on,
 * a few at once, however long their providers take; not where the app has been connected anew meanwhile.
 */
import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { openIfPossible, undoRegistration } from './remove.ts'
import { findInstall, type StoredInstall } from './store.ts'

const AT_ONCE = 8

const undoingOf = perContext((_context: Context) => ({
  waiting: [] as StoredInstall[],
  workers: new Set<Promise<void>>(),
}))

/** @param ended the row as it was when its connection ended: undoing needs its credentials */
export function undoBeside(context: Context, ended: StoredInstall): void {
  const { waiting, workers } = undoingOf(context)
  waiting.push(ended)
  if (workers.size === AT_ONCE) return
  const worker = work(context).finally(() => workers.delete(worker))
  workers.add(worker)
}

async function work(context: Context): Promise<void> {
  const { waiting } = undoingOf(context)
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { workspaceId, ns } = next
    try {
      // What was registered since must not be taken for what was before: better too much is left at the provider.
      const now = await findInstall(context.db.sql, { workspaceId, ns })
      if (!now?.credentials) await undoRegistration(context, await openIfPossible(context, next))
    } catch (error) {
      context.log.warn('install.unregistered', { workspaceId, ns, status: 'INTERNAL_ERROR', error })
    }
  }
}

/** Resolves when nothing is left to undo. */
export async function undone(context: Context): Promise<void> {
  const { workers } = undoingOf(context)
  while (workers.size > 0) await Promise.all(workers)
}

/** Waits for what is under way; what waits is left: the server stops. */
export function endUndoing(context: Context): Promise<void> {
  for (const { workspaceId, ns } of undoingOf(context).waiting.splice(0)) {
    context.log.warn('install.unregistered', { workspaceId, ns, status: 'SERVICE_UNAVAILABLE' })
  }
  return undone(context)
}
