/** All SQL that writes events of webhooks, the ids that tell duplicates, and rejections; what reads them is in `event-log.ts`. */
import { sql, type Transaction, type UpdateResult } from 'kysely'
import { BytePieces } from '../db/byte-pieces.ts'
import type { Database } from '../db/client.ts'
import { columnArrays } from '../db/column-arrays.ts'
import { exempt } from '../db/exemptions.ts'
import type { Schema } from '../db/schema.ts'
import { statementOnce } from '../db/statement-once.ts'
import type { WebhookStatus } from '../db/webhook-schema.ts'
import type { Held } from '../jobs/left-claims.ts'
import { isWaiting, unforeseen } from './waiting.ts'

/** A delivery that passed every check. */
export interface NewEvent {
  workspaceId: string
  id: string
  createdAt: Date
  ns: string
  /** Absent: stored as `unknown`. */
  event: string | undefined
  /** Absent: never a duplicate. */
  transactionId: string | undefined
  /** For how long `transactionId` is remembered. */
  windowMs: number
  orderingKey: string | undefined
  headers: Readonly<Record<string, string>>
  body: Uint8Array
  note: string | undefined
  /** How many more of the same came in the same batch. */
  again: number
}

/**
 * Stores events and the ids that stand for them in one statement. An id that is known already, also to a transaction that
 * is under way elsewhere, keeps its first event; the delivery is counted there and not stored.
 *
 * @param events no two with the same workspace, app, event and transaction id; `again` counts those left out
 * @returns the ids of those that were kept
 */
export async function insertEvents(db: Database, events: readonly NewEvent[]): Promise<Set<string>> {
  const { rows } = await insertPacked(db.sql, { ...packed(events), now: events[0]?.createdAt })
  return new Set(rows.map(({ id }) => id))
}

const insertPacked = statementOnce<'given' | 'bodies' | 'now', { id: string }>(
  // Sorted: batches that insert the same ids wait for each other instead of in a circle.
  ({ given, bodies, now }) => sql`
    with given as (
      select *, created_at + window_ms * interval '1 millisecond' as expires_at
      from json_to_recordset(${given}::json) as row (workspace_id uuid, id uuid, created_ms float8, ns text,
        event text, transaction_id text, window_ms float8, again int, ordering_key text, headers json, note text,
        body_from int, body_bytes int),
        lateral (select 'epoch'::timestamptz + created_ms * interval '1 millisecond' as created_at) as time),
    known as (
      insert into webhook_transaction as t
        (workspace_id, ns, event, transaction_id, event_id, expires_at, duplicates, duplicate_at)
      select workspace_id, ns, coalesce(event, ''), transaction_id, id, expires_at, again,
        case when again > 0 then created_at end
      from given where transaction_id is not null
      order by workspace_id, ns, event, transaction_id
      on conflict (workspace_id, ns, event, transaction_id) do update set
        (event_id, expires_at, duplicates, duplicate_at) = (
          select
            case when over then excluded.event_id else t.event_id end,
            case when over then excluded.expires_at else t.expires_at end,
            case when over then excluded.duplicates else t.duplicates + 1 + excluded.duplicates end,
            case when over then excluded.duplicate_at else ${now}::timestamptz(3) end
          from (select t.expires_at <= ${now}::timestamptz(3) as over) as window_is)
      returning event_id
    )
    insert into webhook_event
      (workspace_id, id, created_at, ns, event, status, transaction_id, ordering_key, headers, body, note, due_at)
    select workspace_id, id, created_at, ns, event, case when event is null then 'unknown' else 'received' end,
      transaction_id, ordering_key, headers::text, substring(${bodies}::bytea from body_from for body_bytes), note,
      case when event is not null then created_at end
    from given
    where transaction_id is null or id in (select event_id from known)
    returning id`,
  { name: 'webhook.insertEvents', handleOf: (db) => exempt(db, 'webhook.insertEvents') },
)

/** A batch as two parameters, however many rows it has: all but the bodies as JSON, and the bodies one behind the other. */
function packed(events: readonly NewEvent[]): { given: string; bodies: BytePieces } {
  let from = 1
  const rows = events.map((event) => {
    const { length } = event.body
    const row = {
      workspace_id: event.workspaceId,
      id: event.id,
      created_ms: event.createdAt.getTime(),
      ns: event.ns,
      event: event.event,
      transaction_id: event.transactionId,
      window_ms: event.windowMs,
      again: event.again,
      ordering_key: event.orderingKey,
      headers: event.headers,
      note: event.note,
      body_from: from,
      body_bytes: length,
    }
    from += length
    return row
  })
  return { given: JSON.stringify(rows), bodies: new BytePieces(events.map(({ body }) => body)) }
}

/** Told after events became due. */
export const DUE_CHANNEL = 'webhook_due'

export async function tellOfDue(db: Database): Promise<void> {
  await sql`select pg_notify(${DUE_CHANNEL}, '')`.execute(db.sql)
}

export async function listWorkspaceIds(db: Database): Promise<string[]> {
  const rows = await db.sql.selectFrom('workspace').select('id').orderBy('id').execute()
  return rows.map(({ id }) => id)
}

/** Deletes ids whose time is over. @returns how many: at most `limit` */
export async function deleteExpiredTransactions(
  db: Database,
  { workspaceId, before, limit }: { workspaceId: string; before: Date; limit: number },
): Promise<number> {
  const result = await db.sql
    .deleteFrom('webhookTransaction')
    .where('workspaceId', '=', workspaceId)
    .where(({ eb, selectFrom, refTuple }) =>
      eb(
        refTuple('ns', 'event', 'transactionId'),
        'in',
        selectFrom('webhookTransaction')
          .select(['ns', 'event', 'transactionId'])
          .where('workspaceId', '=', workspaceId)
          .where('expiresAt', '<=', before)
          .orderBy('expiresAt')
          .limit(limit)
          .forUpdate()
          .skipLocked()
          .$asTuple('ns', 'event', 'transactionId'),
      ),
    )
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}

/** Deliveries of one minute that were refused for one reason. */
export interface Rejections {
  workspaceId: string
  ns: string
  minute: Date
  code: string
  count: number
  reason: string
  headerNames: string[]
  firstAt: Date
  lastAt: Date
}

/** Adds to what was counted. @param rejections no two of the same app, minute and code */
export async function countRejections(db: Database, rejections: readonly Rejections[]): Promise<void> {
  await exempt(db.sql, 'webhook.countRejections')
    .insertInto('webhookRejection')
    .values([...rejections])
    .onConflict((conflict) =>
      conflict.columns(['workspaceId', 'minute', 'ns', 'code']).doUpdateSet({
        count: sql<number>`webhook_rejection.count + excluded.count`,
        reason: sql<string>`excluded.reason`,
        headerNames: sql<string[]>`excluded.header_names`,
        lastAt: sql<Date>`greatest(webhook_rejection.last_at, excluded.last_at)`,
      }),
    )
    .execute()
}

/** Forgets what was counted before. */
export async function deleteRejectionsBefore(
  db: Database,
  { workspaceId, before }: { workspaceId: string; before: Date },
): Promise<void> {
  await db.sql
    .deleteFrom('webhookRejection')
    .where('workspaceId', '=', workspaceId)
    .where('minute', '<', before)
    .execute()
}

/** Of an event that is being processed; `round` and `attempts` say by whom. */
export interface Claim {
  workspaceId: string
  id: string
  createdAt: Date
  round: number
  attempts: number
}

export interface ClaimedEvent extends Claim {
  ns: string
  event: string
  /** JSON text. */
  headers: string
  body: Buffer
  /** JSON text: what earlier attempts of this round have done. */
  stages: string
  customerId: string | null
}

interface DueAsked {
  now: Date
  /** Only workspaces behind it, in the order of ids. */
  after: string
  limit: number
}

/** Workspaces with something due, in the order of their ids. */
export async function listDueWorkspaces(db: Database, asked: DueAsked): Promise<string[]> {
  const { rows } = await dueWorkspaces(asked).execute(exempt(db.sql, 'webhook.listDueWorkspaces'))
  return rows.map(({ workspaceId }) => workspaceId)
}

/** As it is sent: a test looks at its plan. From one workspace to the next in the index, however much one has waiting. */
export function dueWorkspaces({ now, after, limit }: DueAsked) {
  return sql<{ workspaceId: string }>`
    with recursive due (workspace_id) as (
      (select workspace_id from webhook_event
        where ${isWaiting} and due_at <= ${now} and workspace_id > ${after}::uuid order by workspace_id limit 1)
      union all
      select (select e.workspace_id from webhook_event e
        where ${isWaiting} and due_at <= ${now} and e.workspace_id > due.workspace_id order by e.workspace_id limit 1)
      from due where due.workspace_id is not null
    )
    select workspace_id from due where workspace_id is not null limit ${limit}`
}

/** Of what a turn may take: how far behind the oldest it looks where some of those wait for others of their ordering key. */
const LOOK_FURTHER = [1, 20, 1_000_000] as const

const claimedColumns = [
  'workspaceId',
  'id',
  'createdAt',
  'round',
  'attempts',
  'ns',
  'event',
  'headers',
  'body',
  'stages',
  'customerId',
] as const

interface Claiming {
  workspaceId: string
  now: Date
  /** When somebody else may take them whatever has become of the holder. */
  until: Date
  /** The process that takes them. */
  holder: string
  limit: number
}

/** Takes the oldest events that are due, none twice, and of each ordering key none while an older one is not settled. */
export async function claimEvents(db: Database, claiming: Claiming): Promise<ClaimedEvent[]> {
  const claimed: ClaimedEvent[] = []
  for (const factor of LOOK_FURTHER) {
    const { limit } = claiming
    const among = limit * factor
    const asked = { ...claiming, limit: limit - claimed.length, among }
    const { rows: found } = await claimRows(db.sql, asked)
    for (const { event, looked: _, ...rest } of found) claimed.push({ ...rest, event: event ?? '' })
    const looked = found[0]?.looked
    if (claimed.length === limit || (looked !== undefined && Number(looked) < among)) break
  }
  return claimed.sort(byAge)
}

/**
 * One look at the `among` oldest that are due and that nobody else is taking.
 *
 * Each step is written so that it costs what it finds, whatever the planner thinks of the table: what is due changes faster
 * than its statistics. Whether an older event of the key waits is asked of those few alone, one by one (the offset keeps it from
 * being a join), and the rows to update are found by an array of their times, then compared: by a second array, or as a join,
 * they would cost each with each.
 */
export function claimAmong(
  db: { sql: Database['sql'] | Transaction<Schema> },
  { workspaceId, now, until, holder, limit, among }: Claiming & { among: number },
) {
  return db.sql
    .with(
      (cte) => cte('oldest').materialized(),
      (query) =>
        query
          .selectFrom('webhookEvent')
          .select(['createdAt', 'id', 'ns', 'orderingKey'])
          .where('workspaceId', '=', workspaceId)
          .where(isWaiting)
          .where('dueAt', '<=', now)
          .orderBy('createdAt')
          .orderBy('id')
          .limit(unforeseen(among))
          .forUpdate()
          .skipLocked(),
    )
    .with(
      (cte) => cte('taken').materialized(),
      (query) =>
        query
          .selectFrom('oldest')
          .select(['createdAt', 'id'])
          .where(({ eb, or, not, exists, selectFrom }) =>
            or([
              eb('orderingKey', 'is', null),
              not(
                exists(
                  selectFrom('webhookEvent as older')
                    .select('older.id')
                    .where('older.workspaceId', '=', workspaceId)
                    .where('older.dueAt', 'is not', null)
                    .whereRef('older.ns', '=', 'oldest.ns')
                    .whereRef('older.orderingKey', '=', 'oldest.orderingKey')
                    .where(sql<boolean>`(older.created_at, older.id) < (oldest.created_at, oldest.id)`)
                    .offset(0),
                ),
              ),
            ]),
          )
          .orderBy('createdAt')
          .orderBy('id')
          .limit(limit),
    )
    .updateTable('webhookEvent')
    .set(({ eb }) => ({
      status: 'processing',
      attempts: eb('attempts', '+', 1),
      dueAt: until,
      claimedBy: holder,
    }))
    .where('workspaceId', '=', workspaceId)
    .where('createdAt', '=', sql<Date>`any(array(select created_at from taken))`)
    .where(sql<boolean>`((created_at, id) in (select created_at, id from taken)) is true`)
    .returning(claimedColumns)
    .returning(sql<string>`(select count(*) from oldest)`.as('looked'))
}

/** Without a name: a plan that outlives the statistics of a day that has just begun would read all of it. */
const claimRows = statementOnce<
  keyof Claiming | 'among',
  Omit<ClaimedEvent, 'event'> & { event: string | null; looked: string }
>((places, sql) => {
  const { workspaceId, now, until, holder, limit, among } = places
  return claimAmong({ sql }, { workspaceId, now, until, holder, limit, among })
})

function byAge(one: Claim, other: Claim): number {
  return one.createdAt.getTime() - other.createdAt.getTime() || (one.id < other.id ? -1 : 1)
}

/** What is known of an event during its processing, and at the end of an attempt. */
export interface Progress {
  /** JSON text. */
  stages: string
  customerId?: string | null
  status?: WebhookStatus
  /** Null: nothing more is to be done. */
  dueAt?: Date | null
  /** JSON text. */
  error?: string | null
  processedAt?: Date | null
}

/** @returns false where somebody else has taken the event since: nothing of this attempt counts any more */
export async function saveProgress(
  executor: Database['sql'] | Transaction<Schema>,
  claim: Claim,
  progress: Progress,
): Promise<boolean> {
  const { numUpdatedRows } = await executor
    .updateTable('webhookEvent')
    .set({ ...progress, ...(progress.status !== undefined && { claimedBy: null }) })
    .where('workspaceId', '=', claim.workspaceId)
    .where('createdAt', '=', claim.createdAt)
    .where('id', '=', claim.id)
    .where('round', '=', claim.round)
    .where('attempts', '=', claim.attempts)
    .where('status', '=', 'processing')
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** How an attempt ended. */
export type Outcome = Omit<Progress, 'stages' | 'customerId'> & { status: WebhookStatus }

/** A {@link Claim} with all that is known of it at the end of its attempt. */
export type Settled = Claim & Outcome & { stages: string; customerId: string | undefined }

/**
 * Ends attempts at several events of one workspace in one statement.
 * @returns how many: one that somebody else has taken since is left as it is
 */
export async function settleEvents(
  trx: Transaction<Schema>,
  workspaceId: string,
  settled: readonly Settled[],
): Promise<number> {
  const times = settled.map(({ createdAt }) => createdAt.getTime())
  const { numAffectedRows = 0n } = await settleRows(trx, {
    workspaceId,
    ...SETTLED_COLUMNS.values(settled),
    first: new Date(Math.min(...times)),
    last: new Date(Math.max(...times)),
  })
  return Number(numAffectedRows)
}

const SETTLED_COLUMNS = columnArrays<Exclude<keyof Settled, 'workspaceId'>, Settled>({
  id: 'uuid',
  createdAt: 'timestamptz',
  round: 'int',
  attempts: 'int',
  status: 'text',
  stages: 'text',
  error: 'text',
  dueAt: 'timestamptz',
  processedAt: 'timestamptz',
  customerId: 'uuid',
})

const settleRows = statementOnce<keyof Settled | 'first' | 'last', UpdateResult>((place, db) =>
  db
    .updateTable('webhookEvent as e')
    .from(SETTLED_COLUMNS.from(place, 's'))
    .set(({ ref }) => ({
      status: ref('s.status'),
      stages: ref('s.stages'),
      error: ref('s.error'),
      claimedBy: null,
      dueAt: ref('s.dueAt'),
      processedAt: ref('s.processedAt'),
      customerId: ref('s.customerId'),
    }))
    .where('e.workspaceId', '=', place.workspaceId)
    // For the planner: only partitions of these days are looked into.
    .where('e.createdAt', '>=', place.first)
    .where('e.createdAt', '<=', place.last)
    .whereRef('e.createdAt', '=', 's.createdAt')
    .whereRef('e.id', '=', 's.id')
    .whereRef('e.round', '=', 's.round')
    .whereRef('e.attempts', '=', 's.attempts')
    .where('e.status', '=', 'processing'),
)

/**
 * Gives back what a process has: due at once, or, where it was taken more often than `promptClaims`, when its claim runs out.
 * @param options.only of these, what is held until then
 */
export async function freeEvents(
  db: Database,
  { workspaceId, holder }: Held,
  options: { now: Date; promptClaims: number; only?: { ids: readonly string[]; until: Date } },
): Promise<void> {
  const { now, promptClaims, only } = options
  await db.sql
    .updateTable('webhookEvent')
    .set({
      claimedBy: null,
      dueAt: sql<Date>`case when attempts <= ${promptClaims} then ${now}::timestamptz(3) else due_at end`,
    })
    .where('workspaceId', '=', workspaceId)
    .where('claimedBy', '=', holder)
    .$if(only !== undefined, (query) =>
      query.where('id', 'in', [...(only?.ids ?? [])]).where('dueAt', '=', only?.until ?? null),
    )
    .execute()
}
