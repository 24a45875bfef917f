import { sql, type Transaction } from 'kysely'
import type { Log } from '../log.ts'
import type { Database } from './client.ts'
import type { Schema } from './schema.ts'

/** Tables partitioned by the day (UTC) of `created_at`; retention drops whole days. */
const PARTITIONED_TABLES = ['action_run'] as const

const DAY_MS = 86_400_000
/** A process whose clock is behind writes into yesterday just after midnight. */
const DAYS_BEHIND = 1
/** So many nights may the server be unable to make partitions before rows are refused. */
const DAYS_AHEAD = 3
/** Specification 4.4: run records are kept 30 days by default. */
const DEFAULT_RETENTION_DAYS = 30
/** Rather than queue every reader behind us, try again in an hour. */
const LOCK_TIMEOUT = '5s'
/** Ours alone: processes do this in turn. */
const PARTITION_LOCK = 7_302_951_847

/**
 * Makes the partitions from yesterday to three days ahead and drops those whose last row is older than the retention.
 * Called at start and every hour; any number of processes may do so at once.
 *
 * @param now milliseconds since the epoch
 * @returns the names of the tables made and dropped
 */
export async function ensurePartitions(
  database: Database,
  options: { now: number; log: Log; retentionDays?: number },
): Promise<{ made: string[]; dropped: string[] }> {
  const { now, log, retentionDays = DEFAULT_RETENTION_DAYS } = options
  const result = await database.transaction(async (trx) => {
    await sql`select pg_advisory_xact_lock(${PARTITION_LOCK})`.execute(trx)
    await sql`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`.execute(trx)
    const made: string[] = []
    const dropped: string[] = []
    for (const table of PARTITIONED_TABLES) {
      const existing = await partitionsOf(trx, table)
      for (let day = -DAYS_BEHIND; day <= DAYS_AHEAD; day++) {
        const name = partitionName(table, now + day * DAY_MS)
        if (existing.includes(name)) continue
        await attachPartition(trx, { table, name, startsAt: startOfDay(now + day * DAY_MS) })
        made.push(name)
      }
      const oldestKept = partitionName(table, now - retentionDays * DAY_MS)
      // Names of one table order as their days do.
      for (const name of existing.filter((candidate) => candidate < oldestKept)) {
        await sql`drop table ${sql.table(name)}`.execute(trx)
        dropped.push(name)
      }
    }
    return { made, dropped }
  })
  if (result.dropped.length > 0) log.info('database.pruned', { tables: result.dropped })
  return result
}

async function partitionsOf(trx: Transaction<Schema>, table: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = ${table}::regclass order by relname
  `.execute(trx)
  return rows.map(({ name }) => name)
}

/** Attaching an empty table lets readers and writers of the others go on; `create … partition of` would not. */
async function attachPartition(
  trx: Transaction<Schema>,
  { table, name, startsAt }: { table: string; name: string; startsAt: number },
): Promise<void> {
  const parent = sql.table(table)
  const partition = sql.table(name)
  const from = sql.lit(new Date(startsAt).toISOString())
  const to = sql.lit(new Date(startsAt + DAY_MS).toISOString())
  await sql`create table ${partition} (like ${parent} including defaults including constraints including storage including compression)`.execute(
    trx,
  )
  await sql`alter table ${parent} attach partition ${partition} for values from (${from}) to (${to})`.execute(
    trx,
  )
}

function startOfDay(time: number): number {
  return Math.floor(time / DAY_MS) * DAY_MS
}

/** `action_run_20260102` */
function partitionName(table: string, time: number): string {
  return `${table}_${new Date(time).toISOString().slice(0, 10).replaceAll('-', '')}`
}
