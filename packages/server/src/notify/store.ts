/** All SQL on subscriptions and their deliveries. */
import { type Insertable, type Selectable, sql, type Transaction, type Updateable } from 'kysely'
import { isId } from '../account/id.ts'
import type { PageRange } from '../account/store.ts'
import type { Database } from '../db/client.ts'
import { exempt } from '../db/exemptions.ts'
import type { DeliveryStatus } from '../db/notify-schema.ts'
import type { Row, Schema } from '../db/schema.ts'
import { uuidTime } from '../db/uuid.ts'
import type { Held } from '../jobs/left-claims.ts'

type Executor = Database['sql'] | Transaction<Schema>

export type Subscription = Row<'subscription'>
export type Delivery = Row<'delivery'>

export interface SubscriptionKey {
  workspaceId: string
  id: string
}

export async function insertSubscription(
  trx: Transaction<Schema>,
  subscription: Insertable<Schema['subscription']>,
): Promise<Subscription> {
  return trx.insertInto('subscription').values(subscription).returningAll().executeTakeFirstOrThrow()
}

/** Any text may be asked for; what is no id finds nothing. */
export async function findSubscription(
  executor: Executor,
  { workspaceId, id }: SubscriptionKey,
): Promise<Subscription | undefined> {
  if (!isId(id)) return undefined
  return executor
    .selectFrom('subscription')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Whatever changes a subscription or its deliveries holds its row first, so that nobody waits in a circle. */
export async function lockSubscription(
  trx: Transaction<Schema>,
  { workspaceId, id }: SubscriptionKey,
  ifTaken: 'wait' | 'skip' = 'wait',
): Promise<Subscription | undefined> {
  if (!isId(id)) return undefined
  const query = trx
    .selectFrom('subscription')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', id)
    .forUpdate()
  return (ifTaken === 'skip' ? query.skipLocked() : query).executeTakeFirst()
}

/** Those that take events now, in the order of their ids, held until the transaction ends. */
export async function lockActive(
  trx: Transaction<Schema>,
  workspaceId: string,
): Promise<Pick<Subscription, 'id' | 'actions'>[]> {
  return trx
    .selectFrom('subscription')
    .select(['id', 'actions'])
    .where('workspaceId', '=', workspaceId)
    .where('isActive', '=', true)
    .orderBy('id')
    .forUpdate()
    .execute()
}

/** Only under {@link lockSubscription}. */
export async function updateSubscription(
  trx: Transaction<Schema>,
  { workspaceId, id }: SubscriptionKey,
  changes: Omit<Updateable<Schema['subscription']>, 'workspaceId' | 'id'>,
): Promise<Subscription> {
  return trx
    .updateTable('subscription')
    .set(changes)
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** With its log. Only under {@link lockSubscription}. */
export async function deleteSubscription(
  trx: Transaction<Schema>,
  { workspaceId, id }: SubscriptionKey,
): Promise<void> {
  await trx
    .deleteFrom('delivery')
    .where('workspaceId', '=', workspaceId)
    .where('subscriptionId', '=', id)
    .execute()
  await trx.deleteFrom('subscription').where('workspaceId', '=', workspaceId).where('id', '=', id).execute()
}

export interface SubscriptionFilter {
  workspaceId: string
  isActive?: boolean | undefined
  /** Part of the name or the address. */
  searchValue?: string | undefined
}

function subscriptionsMatching(executor: Executor, filter: SubscriptionFilter) {
  const { workspaceId, isActive, searchValue } = filter
  return executor
    .selectFrom('subscription')
    .where('workspaceId', '=', workspaceId)
    .$if(isActive !== undefined, (query) => query.where('isActive', '=', isActive === true))
    .$if(searchValue !== undefined, (query) =>
      query.where(sql<boolean>`strpos(lower(coalesce(name, '') || ' ' || url), lower(${searchValue})) > 0`),
    )
}

/** Newest first. */
export function listSubscriptions(
  executor: Executor,
  filter: SubscriptionFilter,
  { limit, offset, after }: PageRange,
): Promise<Subscription[]> {
  return subscriptionsMatching(executor, filter)
    .selectAll()
    .$if(after !== undefined, (query) => query.where('id', '<', after?.id ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .offset(offset)
    .execute()
}

export async function countSubscriptions(executor: Executor, filter: SubscriptionFilter): Promise<number> {
  const row = await subscriptionsMatching(executor, filter)
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** Rows of one INSERT: 65 535 parameters are the most that a statement takes. */
const ROWS_PER_STATEMENT = 5_000

/** Only under the lock of their subscriptions. */
export async function insertDeliveries(
  trx: Transaction<Schema>,
  deliveries: readonly Insertable<Schema['delivery']>[],
): Promise<void> {
  for (let from = 0; from < deliveries.length; from += ROWS_PER_STATEMENT) {
    await trx
      .insertInto('delivery')
      .values(deliveries.slice(from, from + ROWS_PER_STATEMENT))
      .execute()
  }
}

/** Something of these subscriptions is due then, or was before. */
export async function expectDeliveries(
  trx: Transaction<Schema>,
  { workspaceId, ids, dueAt }: { workspaceId: string; ids: readonly string[]; dueAt: Date },
): Promise<void> {
  if (ids.length === 0) return
  await trx
    .updateTable('subscription')
    .set({ dueAt: sql<Date>`least(due_at, ${dueAt}::timestamptz(3))` })
    .where('workspaceId', '=', workspaceId)
    .where('id', 'in', [...ids])
    .execute()
}

/** Subscriptions with something to send that nothing holds back, in the order of their keys. @param after only those behind it */
export async function listDueSubscriptions(
  db: Database,
  { now, after, limit }: { now: Date; after: SubscriptionKey; limit: number },
): Promise<SubscriptionKey[]> {
  return exempt(db.sql, 'notify.listDueSubscriptions')
    .selectFrom('subscription')
    .select(['workspaceId', 'id'])
    .where('dueAt', 'is not', null)
    .where('dueAt', '<=', now)
    .where('isActive', '=', true)
    .where(sql<boolean>`coalesce(greatest(circuit_open_until, held_until) <= ${now}, true)`)
    .where(sql<boolean>`(workspace_id, id) > (${after.workspaceId}::uuid, ${after.id}::uuid)`)
    .orderBy('workspaceId')
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Which attempt, and which taking of it: whoever took it later has it alone. */
export type Claim = Pick<
  Delivery,
  'workspaceId' | 'createdAt' | 'id' | 'subscriptionId' | 'claims' | 'eventId' | 'event' | 'attemptNumber'
>

const claimColumns = [
  'workspaceId',
  'createdAt',
  'id',
  'subscriptionId',
  'claims',
  'eventId',
  'event',
  'attemptNumber',
] as const

/**
 * Takes the deliveries that are due, the longest waiting first. Only under {@link lockSubscription}.
 * @param until when somebody else may take them whatever has become of the holder
 * @param holder the process that takes them
 */
export async function claimDeliveries(
  trx: Transaction<Schema>,
  { workspaceId, id }: SubscriptionKey,
  { now, until, holder, limit }: { now: Date; until: Date; holder: string; limit: number },
): Promise<Claim[]> {
  const claimed = await trx
    .updateTable('delivery')
    .set(({ eb }) => ({ claims: eb('claims', '+', 1), dueAt: until, claimedBy: holder }))
    .where('workspaceId', '=', workspaceId)
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple('createdAt', 'id'),
        'in',
        selectFrom('delivery as due')
          .select(['due.createdAt', 'due.id'])
          .where('due.workspaceId', '=', workspaceId)
          .where('due.subscriptionId', '=', id)
          .where('due.dueAt', '<=', now)
          .orderBy('due.dueAt')
          .orderBy('due.id')
          .limit(limit)
          .$asTuple('createdAt', 'id'),
      ),
    )
    .returning(claimColumns)
    .execute()
  return claimed.sort((one, other) => (one.id < other.id ? -1 : 1))
}

/** When the next delivery is due, or may be taken from a process that ended; null where none waits. */
export async function nextDue(
  trx: Transaction<Schema>,
  { workspaceId, id }: SubscriptionKey,
): Promise<Date | null> {
  const row = await trx
    .selectFrom('delivery')
    .select('dueAt')
    .where('workspaceId', '=', workspaceId)
    .where('subscriptionId', '=', id)
    .where('dueAt', 'is not', null)
    .orderBy('dueAt')
    .limit(1)
    .executeTakeFirst()
  return row?.dueAt ?? null
}

/** What deliveries tell of; gone where its retention has ended. */
export async function findToldEvents(
  executor: Executor,
  { workspaceId, ids }: { workspaceId: string; ids: readonly string[] },
): Promise<Map<string, Selectable<Schema['outbox']>>> {
  if (ids.length === 0) return new Map()
  const rows = await executor
    .selectFrom('outbox')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .where('id', 'in', [...ids])
    .execute()
  return new Map(rows.map((row) => [row.id, row]))
}

type Settled = Pick<Updateable<Schema['delivery']>, 'status' | 'error' | 'durationMs' | 'dueAt' | 'claims'> &
  Pick<Updateable<Schema['delivery']>, 'requestHeaders' | 'requestBody' | 'responseStatus' | 'responseBody'>

/** @returns false where somebody else has taken the attempt since: nothing of it counts any more */
export async function saveAttempt(
  trx: Transaction<Schema>,
  claim: Claim,
  columns: Settled,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('delivery')
    .set({ ...columns, claimedBy: null })
    .where('workspaceId', '=', claim.workspaceId)
    .where('createdAt', '=', claim.createdAt)
    .where('id', '=', claim.id)
    .where('claims', '=', claim.claims)
    .where('status', '=', 'pending')
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Subscriptions of which a process has attempts. */
export async function listHeldSubscriptions(db: Database, { workspaceId, holder }: Held): Promise<string[]> {
  const rows = await db.sql
    .selectFrom('delivery')
    .select('subscriptionId')
    .distinct()
    .where('workspaceId', '=', workspaceId)
    .where('claimedBy', '=', holder)
    .execute()
  return rows.map(({ subscriptionId }) => subscriptionId)
}

/**
 * Gives back what a process has of a subscription: due at once, or, where it was taken more often than `promptClaims`, when
 * its claim runs out. Only under {@link lockSubscription}.
 * @returns when the claims would have run out
 */
export async function freeDeliveries(
  trx: Transaction<Schema>,
  { workspaceId, id }: SubscriptionKey,
  { holder, now, promptClaims }: { holder: string; now: Date; promptClaims: number },
): Promise<Date[]> {
  const held = await trx
    .selectFrom('delivery')
    .select('dueAt')
    .where('workspaceId', '=', workspaceId)
    .where('claimedBy', '=', holder)
    .where('subscriptionId', '=', id)
    .execute()
  await trx
    .updateTable('delivery')
    .set({
      claimedBy: null,
      dueAt: sql<Date>`case when claims <= ${promptClaims} then ${now}::timestamptz(3) else due_at end`,
    })
    .where('workspaceId', '=', workspaceId)
    .where('claimedBy', '=', holder)
    .where('subscriptionId', '=', id)
    .execute()
  return held.flatMap(({ dueAt }) => dueAt ?? [])
}

/** Any text may be asked for; what is no id finds nothing. */
export async function findDelivery(
  executor: Executor,
  { workspaceId, id }: { workspaceId: string; id: string },
): Promise<Delivery | undefined> {
  if (!isId(id)) return undefined
  return executor
    .selectFrom('delivery')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .where('createdAt', '=', uuidTime(id))
    .where('id', '=', id)
    .executeTakeFirst()
}

/** The last attempt at telling a subscription of the event that `of` tells of. */
export async function findLastAttempt(
  trx: Transaction<Schema>,
  of: Pick<Delivery, 'workspaceId' | 'subscriptionId' | 'eventId'>,
): Promise<Delivery | undefined> {
  return trx
    .selectFrom('delivery')
    .selectAll()
    .where('workspaceId', '=', of.workspaceId)
    .where('subscriptionId', '=', of.subscriptionId)
    .where('eventId', '=', of.eventId)
    .orderBy('attemptNumber', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** A delivery that waits for its time is due now. Only under {@link lockSubscription}. */
export async function bringForward(
  trx: Transaction<Schema>,
  { workspaceId, createdAt, id }: Delivery,
  dueAt: Date,
): Promise<void> {
  await trx
    .updateTable('delivery')
    .set({ dueAt })
    .where('workspaceId', '=', workspaceId)
    .where('createdAt', '=', createdAt)
    .where('id', '=', id)
    .where('claims', '=', 0)
    .execute()
}

export interface DeliveryFilter {
  workspaceId: string
  subscriptionId: string
  status?: DeliveryStatus | undefined
}

function deliveriesMatching(executor: Executor, { workspaceId, subscriptionId, status }: DeliveryFilter) {
  return executor
    .selectFrom('delivery')
    .where('workspaceId', '=', workspaceId)
    .where('subscriptionId', '=', subscriptionId)
    .$if(status !== undefined, (query) => query.where('status', '=', status as DeliveryStatus))
}

/** Newest first, by (created_at, id). */
export function listDeliveries(
  executor: Executor,
  filter: DeliveryFilter,
  { limit, offset, after }: PageRange,
): Promise<Delivery[]> {
  return deliveriesMatching(executor, filter)
    .selectAll()
    .$if(after !== undefined, (query) =>
      query.where(sql<boolean>`(created_at, id) < (${after?.value}::timestamptz, ${after?.id}::uuid)`),
    )
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .offset(offset)
    .execute()
}

export async function countDeliveries(executor: Executor, filter: DeliveryFilter): Promise<number> {
  const row = await deliveriesMatching(executor, filter)
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}
