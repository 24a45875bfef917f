import { sql } from 'kysely'
import type { Database } from '../db/client.ts'
import { exempt } from '../db/exemptions.ts'

import type { Known } from './connection-budget.ts'

/** Payload: `workspace/install`. */
export const BUDGET_CHANNEL = 'provider_budget_changed'
/** Milliseconds: what was learnt longer ago is not believed; the next answer says it again. */
const BELIEVED_MS = 60 * 60_000

/** One request for slots of one window. Times in milliseconds since the epoch. */
export interface SlotRequest {
  workspaceId: string
  key: string
  limit: number
  windowMs: number
  /** How many slots to take, at most. */
  want: number
  now: number
}

export interface SlotGrant {
  /** How many were taken: from 0 to `want`. */
  granted: number
  /** When the oldest slots in the window were taken; undefined where the window is empty. */
  oldest: number | undefined
}

/**
 * Takes slots in one statement: whatever other processes ask meanwhile waits for the row. Entries that have left the
 * window are dropped, as are those that lie further ahead than a window: they were taken before the clock was set back.
 * The last entry is always the one of this statement, and one of 0 slots is dropped by the next.
 *
 * The commit is not waited for on disk: a power cut may forget slots of its last moments, and no caller waits a flush.
 */
export async function takeSlots(
  db: Database,
  { workspaceId, key, limit, windowMs, want, now }: SlotRequest,
): Promise<SlotGrant> {
  const { rows } = await sql<{ takenAt: string[]; counts: number[] }>`
    with unflushed as materialized (select set_config('synchronous_commit', 'off', true))
    insert into rate_window as w (workspace_id, key, taken_at, counts, updated_at)
    select ${workspaceId}::uuid, ${key}::text, array[${now}::bigint], array[${Math.min(want, limit)}::int],
      ${new Date(now)}::timestamptz
    from unflushed
    on conflict (workspace_id, key) do update set
      (taken_at, counts) = (
        select
          coalesce(array_agg(e.at order by e.place), '{}') || ${now}::bigint,
          coalesce(array_agg(e.taken order by e.place), '{}')
            || greatest(0, least(${want}::int, ${limit}::int - coalesce(sum(e.taken), 0)::int))
        from unnest(w.taken_at, w.counts) with ordinality as e (at, taken, place)
        where e.taken > 0
          and e.at between ${now}::bigint - ${windowMs}::bigint + 1 and ${now}::bigint + ${windowMs}::bigint
      ),
      updated_at = greatest(w.updated_at, excluded.updated_at)
    returning taken_at, counts`.execute(exempt(db.sql, 'limit.takeSlots'))
  const [row] = rows
  if (row === undefined) throw new Error('The rate limit statement returned no row.')
  const inWindow = row.takenAt.map(Number).filter((_, index) => (row.counts[index] ?? 0) > 0)
  return {
    granted: row.counts.at(-1) ?? 0,
    oldest: inWindow.length === 0 ? undefined : Math.min(...inWindow),
  }
}

/** @returns how many were removed: at most `limit` that were not touched since `before` */
export async function removeIdle(db: Database, before: Date, limit: number): Promise<number> {
  const { rows } = await sql`
    delete from rate_window w
    using (
      select workspace_id, key from rate_window where updated_at < ${before} limit ${limit} for update skip locked
    ) idle
    where w.workspace_id = idle.workspace_id and w.key = idle.key
    returning 1`.execute(exempt(db.sql, 'limit.removeIdle'))
  return rows.length
}

export interface BudgetKey {
  workspaceId: string
  installId: string
}

/** What a process has learnt of a connection within the last hour. */
export async function findBudget(
  db: Database,
  { workspaceId, installId }: BudgetKey,
  now: number,
): Promise<Known | undefined> {
  const row = await db.sql
    .selectFrom('providerBudget')
    .select(['requests', 'perMs', 'blockedUntil'])
    .where('workspaceId', '=', workspaceId)
    .where('installId', '=', installId)
    .where('learntAt', '>', new Date(now - BELIEVED_MS))
    .executeTakeFirst()
  if (!row) return undefined
  const { requests, perMs, blockedUntil } = row
  return {
    pace: requests === null || perMs === null ? undefined : { requests, perMs },
    blockedUntil: blockedUntil?.getTime() ?? 0,
  }
}

/** Keeps what was learnt and tells the other processes. Nothing where the install is gone. */
export async function keepBudget(
  db: Database,
  { workspaceId, installId }: BudgetKey,
  { pace, blockedUntil, learntAt }: Known & { learntAt: number },
): Promise<void> {
  await sql`
    with kept as (
      insert into provider_budget as b (workspace_id, install_id, requests, per_ms, blocked_until, learnt_at)
      select i.workspace_id, i.id, ${pace?.requests ?? null}::int, ${pace ? Math.ceil(pace.perMs) : null}::int,
        ${blockedUntil === 0 ? null : new Date(blockedUntil)}::timestamptz, ${new Date(learntAt)}::timestamptz
      from install i where i.workspace_id = ${workspaceId}::uuid and i.id = ${installId}::uuid
      on conflict (workspace_id, install_id) do update set
        requests = excluded.requests, per_ms = excluded.per_ms, learnt_at = excluded.learnt_at,
        blocked_until = greatest(b.blocked_until, excluded.blocked_until)
      returning 1
    )
    select pg_notify(${BUDGET_CHANNEL}, ${`${workspaceId}/${installId}`}) from kept`.execute(
    exempt(db.sql, 'limit.keepBudget'),
  )
}
