/** Where a watcher stands, as the id of each message says it, and what it missed when it comes back with one. */
import { isId } from '../account/id.ts'
import type { Context } from '../context.ts'
import { uuidTime, uuidv7 } from '../db/uuid.ts'
import { listInstalls } from '../install/store.ts'
import { listEvents, listSettledSince } from '../webhook/event-log.ts'
import { eventMessage, GAP, installMessage, type LiveMessage } from './live-message.ts'

/** What a watcher has been told. */
export interface Place {
  /** The latest event that it knows of; ids grow with time. */
  eventId: string
  /** When it was told last, in milliseconds since the epoch. */
  at: number
}

/** Of those that came while it was away; more: it reads the lists again. */
export const MAX_MISSED_EVENTS = 500
/** Of those that it knew, so many of the latest are looked at for changes since. */
const KNOWN_EVENTS = 5_000
/** Events are committed a little later than their ids were made, and clocks of processes differ. */
const OVERLAP_MS = 5_000

export const startPlace = (now: number): Place => ({ eventId: uuidv7(now), at: now })

export const placeText = ({ eventId, at }: Place): string => `${eventId}.${at.toString(36)}`

/** `undefined` where it is none of ours. */
export function readPlace(text: string): Place | undefined {
  const [eventId = '', time = ''] = text.split('.')
  const at = Number.parseInt(time, 36)
  return isId(eventId) && Number.isSafeInteger(at) ? { eventId, at } : undefined
}

/** What happened since, oldest first; some of it may have been told already. */
export async function missedSince(
  context: Context,
  workspaceId: string,
  { eventId, at }: Place,
): Promise<LiveMessage[]> {
  const from = new Date(uuidTime(eventId).getTime() - OVERLAP_MS)
  const came = await listEvents(
    context.db,
    { workspaceId, from },
    { limit: MAX_MISSED_EVENTS + 1, offset: 0 },
  )
  const changed = await listSettledSince(context.db, {
    workspaceId,
    until: from,
    since: new Date(at - OVERLAP_MS),
    among: KNOWN_EVENTS,
    limit: MAX_MISSED_EVENTS,
  })
  const events = [...came, ...changed].reverse().map(eventMessage)
  return came.length > MAX_MISSED_EVENTS ? [GAP, ...events] : events
}

/** How each app of the workspace is connected. */
export async function installMessages(context: Context, workspaceId: string): Promise<LiveMessage[]> {
  const installs = await listInstalls(context.db.sql, workspaceId)
  return installs.map((install) => installMessage(install.ns, install))
}
