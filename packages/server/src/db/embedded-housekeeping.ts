/**
 * What PostgreSQL's background processes do, and PGlite has none of: without checkpoints its log, and recovery after a
 * crash, grow for ever; without vacuum so do its tables, and planning goes by statistics that are never gathered.
 */
import type { PGlite } from '@electric-sql/pglite'

/** Recovery replays at most about so much; the log keeps no more than `max_wal_size` for reuse. */
export const CHECKPOINT_AFTER_BYTES = 64 * 2 ** 20

/** PostgreSQL's own defaults for autovacuum. */
const VACUUM_THRESHOLD_ROWS = 50
const VACUUM_SCALE_FACTOR = 0.2
const ANALYZE_SCALE_FACTOR = 0.1
const FREEZE_MAX_AGE_TRANSACTIONS = 200_000_000

/** Writes a checkpoint when the log since the last one is long enough. */
export async function checkpointWhenDue(pglite: PGlite): Promise<void> {
  const { rows } = await pglite.query<{ due: boolean }>(
    'select pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn) > $1::bigint as due from pg_control_checkpoint()',
    [CHECKPOINT_AFTER_BYTES],
  )
  if (rows[0]?.due) await pglite.exec('checkpoint')
}

/**
 * Vacuums or analyzes the table that needs it most, if one does: one at a time, so that no query waits for more.
 *
 * @returns the statement that was run
 */
export async function vacuumNext(pglite: PGlite): Promise<string | undefined> {
  // The counts of the latest statements are otherwise not in the statistics yet.
  await pglite.exec('select pg_stat_force_next_flush()')
  const { rows } = await pglite.query<{ statement: string }>(
    `select case when old or dead then 'vacuum (analyze) ' else 'analyze ' end || name as statement
     from (
       select pg_class.oid::regclass::text as name, n_dead_tup, n_mod_since_analyze,
         age(relfrozenxid) > $4::int as old,
         n_dead_tup > $1::int + $2::float8 * greatest(reltuples, 0) as dead,
         n_mod_since_analyze > $1::int + $3::float8 * greatest(reltuples, 0) as changed
       from pg_class join pg_stat_all_tables on relid = pg_class.oid
       where relkind in ('r', 'm')
     ) as candidate
     where old or dead or changed
     order by old desc, dead desc, n_dead_tup desc, n_mod_since_analyze desc limit 1`,
    [VACUUM_THRESHOLD_ROWS, VACUUM_SCALE_FACTOR, ANALYZE_SCALE_FACTOR, FREEZE_MAX_AGE_TRANSACTIONS],
  )
  const statement = rows[0]?.statement
  if (statement !== undefined) await pglite.exec(statement)
  return statement
}
