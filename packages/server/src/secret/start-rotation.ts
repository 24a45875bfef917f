import type { Database } from '../db/client.ts'
import type { Log } from '../log.ts'
import type { KeyRing } from './key-ring.ts'
import { type RotationOptions, rotateMasterKey } from './rotate-master-key.ts'
import { countByMasterKey, findActiveKey } from './store.ts'

/** Milliseconds between two lines about the same rotation. */
const PROGRESS_INTERVAL_MS = 1_000

interface Parts extends Pick<RotationOptions, 'recordReplacement'> {
  db: Database
  keyRing: KeyRing
  log: Log
}

/**
 * Looks at the start whether the first master key wraps everything. Where it does not, the embedded database, which no
 * command can open beside its server, is rotated in the background; on PostgreSQL, where other processes may not have the
 * key yet, the operator is told.
 * @returns ends a rotation under way; the next start goes on with it
 */
export async function startRotation(parts: Parts): Promise<() => Promise<void>> {
  const { db, keyRing, log } = parts
  const [masterKeyId] = keyRing.ids
  const counts = await countByMasterKey(db.sql)
  const left = [...counts].reduce((sum, [id, count]) => sum + (id === masterKeyId ? 0 : count), 0)
  if (left === 0 && (await findActiveKey(db.sql)) === masterKeyId) return () => Promise.resolve()
  if (db.engine === 'postgres') {
    log.warn('key.outdated', { masterKeyId, left })
    return () => Promise.resolve()
  }
  const ending = new AbortController()
  const rotating = rotateLogged(parts, ending.signal)
  return () => {
    ending.abort()
    return rotating
  }
}

async function rotateLogged(
  { db, keyRing, log, recordReplacement }: Parts,
  signal: AbortSignal,
): Promise<void> {
  const [masterKeyId] = keyRing.ids
  const startedAt = performance.now()
  let told = startedAt
  try {
    const { rewrapped, unreadable } = await rotateMasterKey(
      { db, keyRing },
      {
        signal,
        ...(recordReplacement && { recordReplacement }),
        onProgress: (progress) => {
          if (performance.now() - told < PROGRESS_INTERVAL_MS) return
          told = performance.now()
          log.info('key.rotated', { masterKeyId, status: 'running', ...progress })
        },
      },
    )
    const durationMs = Math.round(performance.now() - startedAt)
    const status = signal.aborted ? 'interrupted' : unreadable.length === 0 ? 'finished' : 'incomplete'
    const write = unreadable.length === 0 ? log.info : log.error
    write('key.rotated', { masterKeyId, status, rewrapped, unreadable, durationMs })
  } catch (error) {
    log.error('key.rotated', { masterKeyId, status: 'failed', error })
  }
}
