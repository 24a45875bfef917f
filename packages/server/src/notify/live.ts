/**
 * Who watches a workspace in this process, and what they are told: each event of webhooks that came or changed, and each
 * change of an install. What happened is announced by the database to every process; what it was is read from the log, once
 * for all who watch the same workspace.
 */
import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { findInstall, INSTALL_CHANNEL } from '../install/store.ts'
import { WEBHOOK_CHANNEL } from '../webhook/announce.ts'
import { listEvents } from '../webhook/event-log.ts'
import { eventMessage, GAP, installMessage, type LiveMessage } from './live-message.ts'

export interface Watcher {
  workspaceId: string
  /** Must neither throw nor wait. */
  tell(messages: readonly LiveMessage[]): void
  /** The server stops. */
  end(): void
}

/** After a notice that names none: so many of the newest. */
const NEWEST_EVENTS = 100
/** Open at once: each costs a socket and up to half a megabyte. */
export const MAX_WATCHERS = 1_000
export const MAX_WATCHERS_PER_WORKSPACE = 50

const watchersOf = perContext((_context: Context) => new Map<string, Set<Watcher>>())

/** @returns a function that ends it; `undefined` where too many watch already */
export function watch(context: Context, watcher: Watcher): (() => void) | undefined {
  const byWorkspace = watchersOf(context)
  const watchers = byWorkspace.get(watcher.workspaceId) ?? new Set()
  const all = byWorkspace.values().reduce((sum, { size }) => sum + size, 0)
  if (watchers.size >= MAX_WATCHERS_PER_WORKSPACE || all >= MAX_WATCHERS) return undefined
  byWorkspace.set(watcher.workspaceId, watchers.add(watcher))
  return () => {
    if (watchers.delete(watcher) && watchers.size === 0) byWorkspace.delete(watcher.workspaceId)
  }
}

/** Ends all: the server stops. */
export function endWatching(context: Context): void {
  for (const watchers of [...watchersOf(context).values()]) for (const { end } of [...watchers]) end()
}

/**
 * Follows what all processes announce.
 * @returns a function that stops following
 */
export async function followAnnouncements(context: Context): Promise<() => Promise<void>> {
  const byWorkspace = watchersOf(context)
  const lost = () => {
    for (const watchers of byWorkspace.values()) for (const { tell } of watchers) tell([GAP])
  }
  const follow = (channel: string, read: (about: Announced) => Promise<LiveMessage[]>) =>
    context.db.listen(channel, (payload) => void pass(context, payload, read), lost)
  const stops = [
    await follow(WEBHOOK_CHANNEL, ({ workspaceId, what }) => readEvents(context, workspaceId, what)),
    await follow(INSTALL_CHANNEL, async ({ workspaceId, what: ns }) => [
      installMessage(ns, await findInstall(context.db.sql, { workspaceId, ns })),
    ]),
  ]
  return async () => void (await Promise.all(stops.map((stop) => stop())))
}

interface Announced {
  workspaceId: string
  what: string
}

async function pass(
  context: Context,
  payload: string,
  read: (about: Announced) => Promise<LiveMessage[]>,
): Promise<void> {
  const [workspaceId = '', what = ''] = payload.split('/')
  const byWorkspace = watchersOf(context)
  if (!byWorkspace.has(workspaceId)) return
  const messages = await read({ workspaceId, what }).catch(() => [GAP])
  for (const { tell } of [...(byWorkspace.get(workspaceId) ?? [])]) tell(messages)
}

async function readEvents(context: Context, workspaceId: string, what: string): Promise<LiveMessage[]> {
  const areNamed = what !== '*'
  const filter = { workspaceId, ...(areNamed && { ids: what.split(',') }) }
  const events = await listEvents(context.db, filter, { limit: NEWEST_EVENTS, offset: 0 })
  return [...(areNamed ? [] : [GAP]), ...events.reverse().map(eventMessage)]
}
