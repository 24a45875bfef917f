import { sql, type Transaction } from 'kysely'
import type { Log } from '../log.ts'
import type { Database } from './client.ts'
import { exempt } from './exemptions.ts'
import type { Schema } from './schema.ts'

/** Tables partitioned by the day (UTC) of `created_at`; retention drops whole days. */
export const PARTITIONED_TABLES = ['action_run', 'webhook_event', 'trigger_firing', 'delivery'] as const

const DAY_MS = 86_400_000
/** A process whose clock is behind writes into yesterday just after midnight. */
const DAYS_BEHIND = 1
/** So many nights may the server be unable to make partitions before rows are refused. */
const DAYS_AHEAD = 3
/** Specification 4.4: run records are kept 30 days by default; events of webhooks as long. */
const DEFAULT_RETENTION_DAYS = 30
/** Rather than queue every reader behind us, try again in an hour. */
const LOCK_TIMEOUT = '5s'
/** Ours alone: processes do this in turn. */
const PARTITION_LOCK = 7_302_951_847

/**
 * Makes the partitions from yesterday to three days ahead and drops the oldest whose last row is older than the
 * retention. Called at start and every hour; any number of processes may do so at once.
 *
 * One day of each table is dropped at a time, and only where the database's clock agrees with ours: a clock that was set
 * wrong for an hour must not cost a month of rows.
 *
 * @param now milliseconds since the epoch
 * @returns the names of the tables made and dropped
 */
export async function ensurePartitions(
  database: Database,
  options: { now: number; log: Log; retentionDays?: number },
): Promise<{ made: string[]; dropped: string[] }> {
  const { now, log, retentionDays = DEFAULT_RETENTION_DAYS } = options
  const result = await database.transaction(async (transaction) => {
    const trx = exempt(transaction, 'db.ensurePartitions')
    await takeTurn(trx)
    const agreedNow = Math.min(now, await databaseNow(trx))
    const days = Array.from({ length: DAYS_BEHIND + 1 + DAYS_AHEAD }, (_, index) => index - DAYS_BEHIND)
    const made: string[] = []
    const dropped: string[] = []
    for (const table of PARTITIONED_TABLES) {
      const existing = await partitionsOf(trx, table)
      made.push(
        ...(await makeMissing(trx, { table, existing, times: days.map((day) => now + day * DAY_MS) })),
      )
      const oldestKept = partitionName(table, agreedNow - retentionDays * DAY_MS)
      const [oldest] = existing
      // Names of one table order as their days do.
      if (oldest === undefined || oldest >= oldestKept) continue
      await sql`drop table ${sql.table(oldest)}`.execute(trx)
      dropped.push(oldest)
    }
    return { made, dropped }
  })
  if (result.dropped.length > 0) log.info('database.pruned', { tables: result.dropped })
  return result
}

/**
 * Makes the partitions of these times where they are missing: a clock that was set, or a server that could not make any
 * for days, writes rows of days that nobody has prepared.
 */
export async function addPartitions(database: Database, times: readonly number[]): Promise<void> {
  await database.transaction(async (transaction) => {
    const trx = exempt(transaction, 'db.addPartitions')
    await takeTurn(trx)
    for (const table of PARTITIONED_TABLES) {
      await makeMissing(trx, { table, existing: await partitionsOf(trx, table), times })
    }
  })
}

async function takeTurn(trx: Transaction<Schema>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${PARTITION_LOCK})`.execute(trx)
  await sql`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`.execute(trx)
}

async function databaseNow(trx: Transaction<Schema>): Promise<number> {
  const { rows } = await sql<{ now: Date }>`select now() as now`.execute(trx)
  return rows[0]?.now.getTime() ?? 0
}

async function makeMissing(
  trx: Transaction<Schema>,
  { table, existing, times }: { table: string; existing: readonly string[]; times: readonly number[] },
): Promise<string[]> {
  const made: string[] = []
  for (const time of times) {
    const name = partitionName(table, time)
    if (existing.includes(name) || made.includes(name)) continue
    await attachPartition(trx, { table, name, startsAt: startOfDay(time) })
    made.push(name)
  }
  return made
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
  await forgoStatistics(trx, name)
}

/** Of what the partitioned table and its indexes have none (migrations 0018 and 0020): that is not handed down. */
async function forgoStatistics(trx: Transaction<Schema>, partition: string): Promise<void> {
  const { rows } = await sql<{ relation: string; column: string }>`
    select relname as relation, attname as column
    from pg_inherits join pg_attribute on attrelid = inhparent join pg_class on oid = inhrelid
    where attstattarget = 0 and attnum > 0 and oid in (
      select ${partition}::regclass union all select indexrelid from pg_index where indrelid = ${partition}::regclass)
  `.execute(trx)
  for (const { relation, column } of rows) {
    await sql`alter table ${sql.id(relation)} alter column ${sql.id(column)} set statistics 0`.execute(trx)
  }
}

function startOfDay(time: number): number {
  return Math.floor(time / DAY_MS) * DAY_MS
}

/** `action_run_20260102` */
function partitionName(table: string, time: number): string {
  return `${table}_${new Date(time).toISOString().slice(0, 10).replaceAll('-', '')}`
}
