/** The event log of webhooks: what is read of it, and what is chosen from it to be processed again. */
import { sql } from 'kysely'
import { isId } from '../account/id.ts'
import type { PageRange } from '../account/store.ts'
import type { Database } from '../db/client.ts'
import { uuidTime } from '../db/uuid.ts'
import type { WebhookStatus } from '../db/webhook-schema.ts'
import type { Rejections } from './store.ts'

export interface EventFilter {
  workspaceId: string
  ns?: string
  event?: string
  status?: WebhookStatus
  /** From then on. */
  from?: Date
  /** Before. */
  until?: Date
  ids?: readonly string[]
}

function matching(db: Database, filter: EventFilter) {
  const { workspaceId, ns, event, status, from, until, ids } = filter
  return db.sql
    .selectFrom('webhookEvent')
    .where('workspaceId', '=', workspaceId)
    .$if(ns !== undefined, (query) => query.where('ns', '=', ns ?? ''))
    .$if(event !== undefined, (query) => query.where('event', '=', event ?? ''))
    .$if(status !== undefined, (query) => query.where('status', '=', status as WebhookStatus))
    .$if(from !== undefined, (query) => query.where('createdAt', '>=', from as Date))
    .$if(until !== undefined, (query) => query.where('createdAt', '<', until as Date))
    .$if(ids !== undefined, (query) =>
      query.where('id', 'in', [...(ids ?? [])]).where('createdAt', 'in', (ids ?? []).map(uuidTime)),
    )
}

/** Makes events that were settled due again, as another round. @returns how many */
export async function replay(
  db: Database,
  { filter, now, limit }: { filter: EventFilter; now: Date; limit: number },
): Promise<number> {
  const chosen = matching(db, filter)
    .where('status', 'in', ['processed', 'failed'])
    .select(['createdAt', 'id'])
    .orderBy('createdAt')
    .orderBy('id')
    .limit(limit)
    .forUpdate()
    .skipLocked()
  const { numUpdatedRows } = await db.sql
    .updateTable('webhookEvent')
    .set(({ eb }) => ({
      status: 'received',
      round: eb('round', '+', 1),
      attempts: 0,
      stages: '[]',
      error: null,
      processedAt: null,
      dueAt: now,
    }))
    .where('workspaceId', '=', filter.workspaceId)
    .where(({ eb, refTuple }) => eb(refTuple('createdAt', 'id'), 'in', chosen.$asTuple('createdAt', 'id')))
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

const listed = [
  'e.id',
  'e.createdAt',
  'e.ns',
  'e.event',
  'e.status',
  'e.transactionId',
  'e.orderingKey',
  'e.note',
  'e.attempts',
  'e.round',
  'e.dueAt',
  'e.stages',
  'e.error',
  'e.customerId',
  'e.processedAt',
  't.duplicates',
  't.duplicateAt',
] as const

function withDuplicates(db: Database, workspaceId: string) {
  return db.sql
    .selectFrom('webhookEvent as e')
    .leftJoin('webhookTransaction as t', (join) =>
      join
        .on('t.workspaceId', '=', workspaceId)
        .onRef('t.ns', '=', 'e.ns')
        .on(sql<boolean>`t.event = coalesce(e.event, '')`)
        .onRef('t.transactionId', '=', 'e.transactionId')
        // The id may stand for a later event by now.
        .onRef('t.eventId', '=', 'e.id'),
    )
    .where('e.workspaceId', '=', workspaceId)
    .select(listed)
    .select(sql<number>`octet_length(e.body)`.as('bodyBytes'))
}

export type ListedEvent = Awaited<ReturnType<typeof listEvents>>[number]
export type DetailedEvent = NonNullable<Awaited<ReturnType<typeof findEvent>>>

/** Newest first, by (created_at, id). */
export function listEvents(db: Database, filter: EventFilter, range: PageRange) {
  const { after } = range
  return withDuplicates(db, filter.workspaceId)
    .where(({ eb, refTuple }) =>
      eb(
        refTuple('e.createdAt', 'e.id'),
        'in',
        matching(db, filter)
          .select(['createdAt', 'id'])
          .$if(after !== undefined, (query) =>
            query.where(sql<boolean>`(created_at, id) < (${after?.value}, ${after?.id}::uuid)`),
          )
          .orderBy('createdAt', 'desc')
          .orderBy('id', 'desc')
          .offset(range.offset)
          .limit(range.limit)
          .$asTuple('createdAt', 'id'),
      ),
    )
    .orderBy('e.createdAt', 'desc')
    .orderBy('e.id', 'desc')
    .execute()
}

export async function countEvents(db: Database, filter: EventFilter): Promise<number> {
  const row = await matching(db, filter)
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** Any text may be asked for; what is no id finds nothing. */
export async function findEvent(db: Database, { workspaceId, id }: { workspaceId: string; id: string }) {
  if (!isId(id)) return undefined
  return withDuplicates(db, workspaceId)
    .where('e.createdAt', '=', uuidTime(id))
    .where('e.id', '=', id)
    .select(['e.headers', 'e.body'])
    .executeTakeFirst()
}

/**
 * Of the latest `among` events that came before `until`, those that were settled since: what somebody who knew them then has
 * not seen. Newest first.
 */
export function listSettledSince(
  db: Database,
  asked: { workspaceId: string; until: Date; since: Date; among: number; limit: number },
): Promise<ListedEvent[]> {
  const { workspaceId, until, since, among, limit } = asked
  const latest = matching(db, { workspaceId, until })
    .select(['createdAt', 'id', 'processedAt'])
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(among)
  return withDuplicates(db, workspaceId)
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple('e.createdAt', 'e.id'),
        'in',
        selectFrom(latest.as('latest'))
          .select(['latest.createdAt', 'latest.id'])
          .where('latest.processedAt', '>=', since)
          .limit(limit)
          .$asTuple('createdAt', 'id'),
      ),
    )
    .orderBy('e.createdAt', 'desc')
    .orderBy('e.id', 'desc')
    .execute()
}

/** The latest minutes first. */
export function listRejections(
  db: Database,
  { workspaceId, ns, limit }: { workspaceId: string; ns?: string; limit: number },
): Promise<Rejections[]> {
  return db.sql
    .selectFrom('webhookRejection')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .$if(ns !== undefined, (query) => query.where('ns', '=', ns ?? ''))
    .orderBy('minute', 'desc')
    .orderBy('ns')
    .orderBy('code')
    .limit(limit)
    .execute()
}
