import { parseBody } from 'miniapp/webhook'
import type { Context } from '../context.ts'
import { storable } from '../db/text.ts'
import { findLiveInstall } from '../install/live-install.ts'
import { announceEvent } from './announce.ts'
import { decodeDelivery } from './decode-delivery.ts'
import { type EventFilter, listNameless, type NamelessEvent, nameEvent, replay } from './event-log.ts'
import { webhookOf } from './receiver.ts'
import { wake } from './wake.ts'

/** Events of one call: what takes longer is asked for again. */
export const MAX_REPLAYED = 10_000
/** Bodies in memory at once. */
const NAMELESS_AT_ONCE = 10

/**
 * Starts a new round of all stages for events that were processed or failed (specification 5.5), and a first one for those
 * without a name in which the version that the workspace has now finds one. Older states overwrite no newer records, and
 * triggers fire again, marked by their round.
 * @returns how many: at most `MAX_REPLAYED` of each kind, the oldest first
 */
export async function replayEvents(context: Context, filter: EventFilter): Promise<number> {
  const replayed = await replay(context.db, { filter, now: new Date(context.now()), limit: MAX_REPLAYED })
  const wantsNameless = filter.event === undefined && (filter.status ?? 'unknown') === 'unknown'
  const named = wantsNameless ? await replayNameless(context, filter) : 0
  if (replayed + named > 0) wake(context)
  return replayed + named
}

async function replayNameless(context: Context, filter: EventFilter): Promise<number> {
  let named = 0
  let after: NamelessEvent | undefined
  for (let looked = 0; looked < MAX_REPLAYED; looked += NAMELESS_AT_ONCE) {
    const events = await listNameless(context.db, { filter, after, limit: NAMELESS_AT_ONCE })
    for (const event of events) if (await replayOne(context, filter.workspaceId, event)) named += 1
    after = events.at(-1)
    if (events.length < NAMELESS_AT_ONCE) break
  }
  return named
}

async function replayOne(context: Context, workspaceId: string, event: NamelessEvent): Promise<boolean> {
  const live = await findLiveInstall(context, { workspaceId, ns: event.ns })
  const webhook = live && webhookOf(live.compiled)
  if (webhook === undefined) return false
  const headers = JSON.parse(event.headers) as Record<string, string>
  const decoded = await decodeDelivery({ headers, rawBody: event.body }, context.config.maxWebhookBytes)
  const parsed = decoded !== 'too-large' && decoded.ok ? parseBody(decoded) : undefined
  if (!parsed?.ok) return false
  // The query of a delivery is not kept: a name that stands there is not found again.
  const name = webhook.eventOf({ headers, query: {}, body: parsed.body })
  if (name === undefined) return false
  const key = webhook.orderingKeyOf(parsed.body, name)
  const { event: stored, orderingKey } = storable({ event: name, orderingKey: key ?? null }).value
  const { id, createdAt } = event
  const dueAt = new Date(context.now())
  const isMine = await nameEvent(
    context.db,
    { workspaceId, id, createdAt },
    { event: stored, orderingKey, dueAt },
  )
  if (isMine) announceEvent(context, { workspaceId, id })
  return isMine
}
