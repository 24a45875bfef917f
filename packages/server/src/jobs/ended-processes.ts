import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, RECONNECTING_MS } from '../db/client.ts'

/**
 * Which of these processes have ended ({@link Database.processId}): killed, crashed, or without a way to the database for
 * long. One that is stopped has not. On PostgreSQL each that seems to have is looked at again five seconds later, because a
 * connection that is being made again looks dead.
 * @param signal when it is aborted, nobody is told dead
 */
export async function findEnded(
  db: Database,
  processIds: readonly string[],
  signal?: AbortSignal,
): Promise<string[]> {
  const seeming = await withoutConnection(db, processIds)
  if (seeming.length === 0 || db.engine === 'embedded') return seeming
  await sleep(RECONNECTING_MS, undefined, signal && { signal }).catch(() => {})
  return signal?.aborted ? [] : withoutConnection(db, seeming)
}

async function withoutConnection(db: Database, processIds: readonly string[]): Promise<string[]> {
  const without: string[] = []
  for (const id of processIds) if (!(await db.isProcessAlive(id))) without.push(id)
  return without
}
