import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../src/db/client.ts'
import { NIL_UUID } from '../src/db/uuid.ts'
import { listDueWorkspaces } from '../src/webhook/store.ts'

const LATER_THAN_ALL = new Date('9999-12-31T00:00:00Z')

/**
 * Resolves when no event of any workspace is to be processed, now or later.
 * @param options.withinMs default: however long it takes
 * @throws where one still is after that
 */
export async function untilNothingDue(
  db: Database,
  { pollMs, withinMs = Number.POSITIVE_INFINITY }: { pollMs: number; withinMs?: number },
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (await isAnythingDue(db)) {
    if (performance.now() > deadline) throw new Error(`Events were still due after ${withinMs} ms.`)
    await sleep(pollMs)
  }
}

async function isAnythingDue(db: Database): Promise<boolean> {
  return (await listDueWorkspaces(db, { now: LATER_THAN_ALL, after: NIL_UUID, limit: 1 })).length > 0
}
