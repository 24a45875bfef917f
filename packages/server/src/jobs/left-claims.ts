/**
 * Work that a process had taken when it ended goes on in seconds, not when its claim runs out. A claim names its process;
 * those that are left look who still lives.
 */
import { sql } from 'kysely'
import type { Database } from '../db/client.ts'
import { exempt } from '../db/exemptions.ts'
import { startLoop } from './background-loop.ts'
import { findEnded } from './ended-processes.ts'
import { Sleeper } from './sleeper.ts'

const LOOK_INTERVAL_MS = 2_000
/** After a failure of the database. */
const LOOK_AFTER_FAILURE_MS = 5_000

/**
 * Of what was taken so often, and no more, the next process takes it at once. Beyond, the claim runs out at its time: a server
 * that ends again and again must not use up all attempts in seconds.
 */
export const PROMPT_CLAIMS = 2

/** What one process has taken in one workspace. */
export interface Held {
  workspaceId: string
  /** Of the process. */
  holder: string
}

export interface Claims {
  /** Its rows name their process in `claimed_by`, and an index holds those that do, by workspace and process. */
  table: 'webhook_event' | 'delivery'
  /** Lets others take it, and wakes whoever does here. */
  free(held: Held): Promise<void>
}

/** Frees what ended processes have taken. */
export async function freeLeft(db: Database, claims: Claims, signal?: AbortSignal): Promise<void> {
  const held = await listHeld(db, claims.table)
  const mine = await db.processId()
  const others = new Set(held.map(({ holder }) => holder).filter((holder) => holder !== mine))
  const ended = await findEnded(db, [...others], signal)
  for (const one of held) if (ended.includes(one.holder)) await claims.free(one)
}

async function listHeld(db: Database, name: Claims['table']): Promise<Held[]> {
  const table = sql.table(name)
  // From one to the next in the index, however many rows one has.
  const { rows } = await sql<Held>`
    with recursive held (workspace_id, holder) as (
      (select workspace_id, claimed_by from ${table} where claimed_by is not null
        order by workspace_id, claimed_by limit 1)
      union all
      select next.workspace_id, next.claimed_by from held, lateral (
        select workspace_id, claimed_by from ${table}
        where claimed_by is not null and (workspace_id, claimed_by) > (held.workspace_id, held.holder)
        order by workspace_id, claimed_by limit 1) as next
    )
    select workspace_id, holder from held`.execute(exempt(db.sql, 'jobs.listHeld'))
  return rows
}

/**
 * Looks at once, then every {@link LOOK_INTERVAL_MS}.
 * @returns a function that ends it, waiting for the look under way
 */
export function startFreeing(
  look: (signal: AbortSignal) => Promise<void>,
  onFailure: (error: unknown) => void,
): () => Promise<void> {
  return startLoop({
    sleeper: new Sleeper(),
    lookIntervalMs: LOOK_INTERVAL_MS,
    lookAfterFailureMs: LOOK_AFTER_FAILURE_MS,
    round: (signal) => look(signal).then(() => 0),
    onFailure,
  })
}
