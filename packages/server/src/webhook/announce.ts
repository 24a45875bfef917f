/**
 * Tells whoever watches, in every process, which events of a workspace came or changed. A notice is a hint and no part of
 * the transaction that it is about: a commit that notifies waits for every other one that does. What a notice that was lost
 * would have told stands in the log.
 */
import { sql } from 'kysely'
import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'

/** The payload is `{workspaceId}/{id},{id}…`, or `{workspaceId}/*` where there were too many to name. */
export const WEBHOOK_CHANNEL = 'webhook_changed'
/** Milliseconds between two notices of one process, however much it does; the first goes out at once. */
const ANNOUNCE_INTERVAL_MS = 100
/** Ids of one notice. A payload holds 8 000 bytes. */
export const MAX_ANNOUNCED_EVENTS = 100

interface Announcing {
  /** By workspace. */
  ids: Map<string, Set<string>>
  isPaused: boolean
}

const announcingOf = perContext((_context: Context): Announcing => ({ ids: new Map(), isPaused: false }))

/** Costs the caller nothing, and fails for nobody. */
export function announceEvent(
  context: Context,
  { workspaceId, id }: { workspaceId: string; id: string },
): void {
  const announcing = announcingOf(context)
  const known = announcing.ids.get(workspaceId)
  if (known === undefined) announcing.ids.set(workspaceId, new Set([id]))
  // One more than can be named says that there were too many.
  else if (known.size <= MAX_ANNOUNCED_EVENTS) known.add(id)
  if (announcing.isPaused) return
  announcing.isPaused = true
  setImmediate(() => void announce(context, announcing))
}

async function announce(context: Context, announcing: Announcing): Promise<void> {
  const payloads = [...announcing.ids].map(([workspaceId, ids]) =>
    ids.size > MAX_ANNOUNCED_EVENTS ? `${workspaceId}/*` : `${workspaceId}/${[...ids].join(',')}`,
  )
  announcing.ids.clear()
  try {
    await sql`select pg_notify(${WEBHOOK_CHANNEL}, payload) from unnest(${payloads}::text[]) as t (payload)`.execute(
      context.db.sql,
    )
  } catch {
    // The database is away, or closed: nobody could be told anything else.
  }
  setTimeout(() => {
    announcing.isPaused = false
    const [next] = announcing.ids
    if (next === undefined) return
    const [workspaceId, [id = '']] = [next[0], [...next[1]]]
    announceEvent(context, { workspaceId, id })
  }, ANNOUNCE_INTERVAL_MS).unref()
}
