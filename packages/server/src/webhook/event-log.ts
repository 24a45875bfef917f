/** The event log of webhooks: what is read of it, and what is chosen from it to be processed again. */
import { sql } from 'kysely'
import { isId } from '../account/id.ts'
import type { PageRange } from '../account/store.ts'
import type { Database } from '../db/client.ts'
import { uuidTime } from '../db/uuid.ts'
import type { WebhookStatus } from '../db/webhook-schema.ts'
import type { Rejections } from './store.ts'
import { isWaiting, unforeseen } from './waiting.ts'

export interface EventFilter {
  workspaceId: string
  ns?: string
  event?: string
  status?: WebhookStatus
  transactionId?: string
  customerId?: string
  /** Only those that came again. */
  duplicated?: boolean
  /** From then on. */
  from?: Date
  /** Before. */
  until?: Date
  ids?: readonly string[]
}

function matching(db: Database, filter: EventFilter) {
  const { workspaceId, ns, event, status, transactionId, customerId, duplicated, from, until, ids } = filter
  return db.sql
    .selectFrom('webhookEvent')
    .where('workspaceId', '=', workspaceId)
    .$if(ns !== undefined, (query) => query.where('ns', '=', ns ?? ''))
    .$if(event !== undefined, (query) => query.where('event', '=', event ?? ''))
    .$if(status !== undefined, (query) => query.where('status', '=', status as WebhookStatus))
    .$if(status === 'received' || status === 'processing', (query) => query.where(isWaiting))
    .$if(transactionId !== undefined, (query) =>
      query
        .where('transactionId', '=', transactionId ?? '')
        .where(
          'createdAt',
          '=',
          sql<Date>`any(array(${timesOf(db, { workspaceId, transactionId: transactionId ?? '' })}))`,
        ),
    )
    .$if(customerId !== undefined, (query) => query.where('customerId', '=', customerId ?? ''))
    .$if(duplicated === true, (query) =>
      query.where(({ eb, selectFrom }) =>
        eb(
          'id',
          'in',
          selectFrom('webhookTransaction')
            .select('eventId')
            .where('workspaceId', '=', workspaceId)
            .where('duplicates', '>', 0),
        ),
      ),
    )
    .$if(from !== undefined, (query) => query.where('createdAt', '>=', from as Date))
    .$if(until !== undefined, (query) => query.where('createdAt', '<', until as Date))
    .$if(ids !== undefined, (query) =>
      query.where('id', 'in', [...(ids ?? [])]).where('createdAt', 'in', (ids ?? []).map(uuidTime)),
    )
}

/** When those of one id came, settled or waiting: each by an index of its own, and none that accepting has to write. */
function timesOf(
  db: Database,
  { workspaceId, transactionId }: { workspaceId: string; transactionId: string },
) {
  const all = db.sql
    .selectFrom('webhookEvent')
    .select('createdAt')
    .where('workspaceId', '=', workspaceId)
    .where('transactionId', '=', transactionId)
  return all.where('dueAt', 'is', null).unionAll(all.where(isWaiting))
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
  return selectEvents(db, filter, range).execute()
}

/** As it is sent: a test looks at its plan. */
export function selectEvents(db: Database, filter: EventFilter, range: PageRange) {
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
          // Few have one id: they are found first and then put in order.
          .limit(filter.transactionId === undefined ? unforeseen(range.limit) : range.limit)
          .$asTuple('createdAt', 'id'),
      ),
    )
    .orderBy('e.createdAt', 'desc')
    .orderBy('e.id', 'desc')
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

export interface RejectionFilter {
  workspaceId: string
  ns?: string
  code?: string
  from?: Date
  until?: Date
}

/** The latest minutes first. */
export function listRejections(
  db: Database,
  { workspaceId, limit, ...filter }: RejectionFilter & { limit: number },
): Promise<Rejections[]> {
  const { ns, code, from, until } = filter
  return db.sql
    .selectFrom('webhookRejection')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .$if(ns !== undefined, (query) => query.where('ns', '=', ns ?? ''))
    .$if(code !== undefined, (query) => query.where('code', '=', code ?? ''))
    .$if(from !== undefined, (query) => query.where('lastAt', '>=', from as Date))
    .$if(until !== undefined, (query) => query.where('firstAt', '<', until as Date))
    .orderBy('minute', 'desc')
    .orderBy('ns')
    .orderBy('code')
    .limit(limit)
    .execute()
}

/** How many deliveries of each status there are, how many came again, and how many were refused. */
export async function countDeliveries(
  db: Database,
  filter: Pick<EventFilter, 'workspaceId' | 'ns' | 'from' | 'until'>,
): Promise<Record<WebhookStatus | 'duplicate' | 'rejected', number>> {
  const { workspaceId, ns, from, until } = filter
  const byStatus = await matching(db, filter)
    .select(({ fn }) => ['status', fn.countAll<string>().as('count')])
    .groupBy('status')
    .execute()
  const again = await db.sql
    .selectFrom('webhookTransaction')
    .select(({ fn }) => fn.sum<string | null>('duplicates').as('count'))
    .where('workspaceId', '=', workspaceId)
    .$if(ns !== undefined, (query) => query.where('ns', '=', ns ?? ''))
    .$if(from !== undefined, (query) => query.where('duplicateAt', '>=', from as Date))
    .$if(until !== undefined, (query) => query.where('duplicateAt', '<', until as Date))
    .executeTakeFirstOrThrow()
  const refused = await db.sql
    .selectFrom('webhookRejection')
    .select(({ fn }) => fn.sum<string | null>('count').as('count'))
    .where('workspaceId', '=', workspaceId)
    .$if(ns !== undefined, (query) => query.where('ns', '=', ns ?? ''))
    .$if(from !== undefined, (query) => query.where('lastAt', '>=', from as Date))
    .$if(until !== undefined, (query) => query.where('firstAt', '<', until as Date))
    .executeTakeFirstOrThrow()
  const counts = { received: 0, processing: 0, processed: 0, failed: 0, unknown: 0 }
  for (const { status, count } of byStatus) counts[status] = Number(count)
  return { ...counts, duplicate: Number(again.count ?? 0), rejected: Number(refused.count ?? 0) }
}

/** An event without a name, as it came. */
export interface NamelessEvent {
  id: string
  createdAt: Date
  ns: string
  headers: string
  body: Buffer
}

/** Oldest first, by (created_at, id). */
export function listNameless(
  db: Database,
  { filter, after, limit }: { filter: EventFilter; after?: NamelessEvent | undefined; limit: number },
): Promise<NamelessEvent[]> {
  return matching(db, { ...filter, status: 'unknown' })
    .select(['id', 'createdAt', 'ns', 'headers', 'body'])
    .$if(after !== undefined, (query) =>
      query.where(sql<boolean>`(created_at, id) > (${after?.createdAt}, ${after?.id}::uuid)`),
    )
    .orderBy('createdAt')
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Gives a name to an event that had none, and makes it due. @returns false where somebody else has done so */
export async function nameEvent(
  db: Database,
  { workspaceId, id, createdAt }: { workspaceId: string; id: string; createdAt: Date },
  named: { event: string; orderingKey: string | null; dueAt: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await db.sql
    .updateTable('webhookEvent')
    .set(({ eb }) => ({ ...named, status: 'received', round: eb('round', '+', 1) }))
    .where('workspaceId', '=', workspaceId)
    .where('createdAt', '=', createdAt)
    .where('id', '=', id)
    .where('status', '=', 'unknown')
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
