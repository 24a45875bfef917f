/** Rows of many workspaces, for measurements. */
import { sql } from 'kysely'
import type { Database } from '../src/db/client.ts'
import { withExemption } from '../src/db/exemptions.ts'

/** Of each of the added workspaces. */
const RUNS_PER_WORKSPACE = 5
const TOKENS_PER_WORKSPACE = 2
/** Of the workspace that was there before. */
const OWN_RUNS = 200

/**
 * Adds workspaces as the platform would write them, in one statement for each table: each with an owner, tokens, runs and
 * one connected app.
 *
 * @param ns of an app that is published
 * @returns the id of the workspace that was there before, which gets runs too
 */
export async function addWorkspaces(
  database: Database,
  { workspaces, ns }: { workspaces: number; ns: string },
): Promise<string> {
  const db = withExemption(database.sql, { tables: 'all', reason: 'A bench makes rows of all workspaces.' })
  const { rows } = await sql<{ id: string }>`select id from workspace limit 1`.execute(db)
  const own = String(rows[0]?.id)
  const runs = (from: ReturnType<typeof sql>, perWorkspace: number) => sql`
    insert into action_run (workspace_id, created_at, id, ns, version, action, actor_kind, status, duration_ms, record)
    select w.id, now() - make_interval(mins => n), gen_random_uuid(), ${ns}, '1.0.0', 'read', 'token', 'succeeded', 12, '{}'
    from ${from} w, generate_series(1, ${sql.lit(perWorkspace)}) n`
  await sql`insert into workspace (id, subdomain, name)
    select gen_random_uuid(), 'w' || n, 'Workspace ' || n from generate_series(1, ${sql.lit(workspaces)}) n`.execute(
    db,
  )
  const others = sql`(select id from workspace where id <> ${sql.lit(own)}::uuid)`
  await sql`insert into account (id, kind, name)
    select id, 'system', 'owner' from ${others} w`.execute(db)
  await sql`insert into member (workspace_id, account_id, role) select id, id, 'owner' from ${others} w`.execute(
    db,
  )
  await sql`insert into app_token (workspace_id, id, account_id, name, last_four)
    select w.id, gen_random_uuid(), w.id, 'token', 'abcd' from ${others} w, generate_series(1, ${sql.lit(TOKENS_PER_WORKSPACE)}) n`.execute(
    db,
  )
  // A token in ten expires, none is due; the rows of refreshes that have ended stay.
  await sql`insert into install (workspace_id, ns, id, version_id, state, refresh_at)
    select w.id, ${ns}, gen_random_uuid(), (select published_version_id from app where ns = ${ns}), 'connected',
      case when random() < 0.1 then now() + interval '1 day' end
    from ${others} w`.execute(db)
  await sql`insert into install_refresh (workspace_id, ns, attempt_id, process_id, started_at, ended_at, outcome)
    select workspace_id, ns, gen_random_uuid(), 1, now(), now(), 'refreshed' from install where refresh_at is not null`.execute(
    db,
  )
  await runs(others, RUNS_PER_WORKSPACE).execute(db)
  await runs(sql`(select ${sql.lit(own)}::uuid as id)`, OWN_RUNS).execute(db)
  await sql`analyze`.execute(db)
  return own
}
