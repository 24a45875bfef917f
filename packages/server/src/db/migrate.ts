import { type RawBuilder, sql, type Transaction } from 'kysely'
import type { Database } from './client.ts'
import { DatabaseRefusedError } from './error.ts'
import { exempt } from './exemptions.ts'
import { firstLife } from './migrations/0001-first-life.ts'
import { oauth } from './migrations/0002-oauth.ts'
import { refresh } from './migrations/0003-refresh.ts'
import { keyHolder } from './migrations/0004-key-holder.ts'
import { providerBudget } from './migrations/0005-provider-budget.ts'
import { audit } from './migrations/0006-audit.ts'
import { records } from './migrations/0008-records.ts'
import { webhook } from './migrations/0009-webhook.ts'
import { indexes } from './migrations/0010-indexes.ts'
import { notify } from './migrations/0012-notify.ts'
import { webhookSecretRotation } from './migrations/0013-webhook-secret-rotation.ts'
import { byHand } from './migrations/0014-by-hand.ts'
import { installsOfApp } from './migrations/0015-installs-of-app.ts'
import { claimHolders } from './migrations/0016-claim-holders.ts'
import { tags } from './migrations/0017-tags.ts'
import { noStatisticsOfDue } from './migrations/0018-no-statistics-of-due.ts'
import { settledOtherwise } from './migrations/0019-settled-otherwise.ts'
import { dueToldApart } from './migrations/0020-due-told-apart.ts'
import { lookedUp } from './migrations/0021-looked-up.ts'
import { withoutTimeLimit } from './patient-client.ts'
import type { Schema } from './schema.ts'

/** One step of the schema. Never edited once released; the next change is the next file. */
export interface Migration {
  /** File name without extension; its number is its place in {@link MIGRATIONS}. */
  name: string
  up(trx: Transaction<Schema>): Promise<void>
}

/** In the order in which they are applied. */
export const MIGRATIONS: readonly Migration[] = [
  firstLife,
  oauth,
  refresh,
  keyHolder,
  providerBudget,
  audit,
  records,
  webhook,
  indexes,
  notify,
  webhookSecretRotation,
  byHand,
  installsOfApp,
  claimHolders,
  tags,
  noStatisticsOfDue,
  settledOtherwise,
  dueToldApart,
  lookedUp,
]

/** Any number, as long as it is ours alone: processes that start together take this lock in turn. */
const MIGRATION_LOCK = 7_302_951_846

/** Columns with large text, which `lz4` stores faster than PostgreSQL's own `pglz`. */
const COMPRESSED_COLUMNS = [
  { table: 'app_version', column: 'definition' },
  { table: 'action_run', column: 'record' },
  { table: 'record', column: 'data' },
  { table: 'record', column: 'raw' },
  { table: 'webhook_event', column: 'headers' },
  { table: 'webhook_event', column: 'body' },
  { table: 'delivery', column: 'request_body' },
] as const

/** Columns that are written by the thousand: where only `pglz` could compress them, they stay as they are (ADR 39). */
const SELDOM_WORTH_PGLZ = [{ table: 'webhook_event', column: 'body' }] as const

/**
 * Brings the schema up to date. Each migration is one transaction; any number of processes may call this at once, and
 * each migration runs in one of them while the others wait.
 *
 * @param migrations default: all of this release
 * @returns the names of those that this call applied
 * @throws DatabaseRefusedError when a newer release has already changed the schema
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<string[]> {
  const applied: string[] = []
  for (;;) {
    const name = await withoutTimeLimit(() =>
      database.transaction((trx) => applyNext(exempt(trx, 'db.migrate'), migrations)),
    )
    if (name === undefined) break
    applied.push(name)
  }
  await withoutTimeLimit(() => database.transaction((trx) => applyStorageSettings(exempt(trx, 'db.migrate'))))
  return applied
}

async function applyNext(
  trx: Transaction<Schema>,
  migrations: readonly Migration[],
): Promise<string | undefined> {
  await lock(trx)
  await sql`create table if not exists migration (
    name text primary key,
    applied_at timestamptz(3) not null default now()
  )`.execute(trx)
  const rows = await trx.selectFrom('migration').select('name').orderBy('name').execute()
  const seen = new Set(rows.map(({ name }) => name))
  const known = new Set(migrations.map(({ name }) => name))
  const newer = [...seen].filter((name) => !known.has(name))
  if (newer.length > 0) {
    throw new DatabaseRefusedError(
      `The database has the schema of a newer release (${newer.join(', ')}). Start that release, or restore a backup from before its first start.`,
    )
  }
  const next = migrations.find(({ name }) => !seen.has(name))
  if (!next) return undefined
  await next.up(trx)
  await trx.insertInto('migration').values({ name: next.name }).execute()
  return next.name
}

/** As `pg_attribute` has them: `lz4`, and neither compressed nor kept in the row. */
const LZ4 = 'l'
const EXTERNAL = 'e'

/**
 * Settings that an engine may lack and correctness never needs: `lz4` where the server was built with it (PGlite is
 * not). Partitions made later inherit it. What is set already is not set again: that would lock the table at every start.
 */
async function applyStorageSettings(trx: Transaction<Schema>): Promise<void> {
  const { rows } = await sql<{ offered: boolean }>`
    select 'lz4' = any(enumvals) as offered from pg_settings where name = 'default_toast_compression'
  `.execute(trx)
  await lock(trx)
  if (rows[0]?.offered) {
    for (const column of COMPRESSED_COLUMNS) {
      const stored = await storageOf(trx, column)
      if (stored && stored.compression !== LZ4) await alterColumn(trx, column, sql`set compression lz4`)
    }
    return
  }
  for (const column of SELDOM_WORTH_PGLZ) {
    const stored = await storageOf(trx, column)
    if (stored && stored.storage !== EXTERNAL) await alterColumn(trx, column, sql`set storage external`)
  }
}

interface Column {
  table: string
  column: string
}

async function storageOf(trx: Transaction<Schema>, { table, column }: Column) {
  const { rows } = await sql<{ compression: string; storage: string }>`
    select attcompression as compression, attstorage as storage from pg_attribute
    where attrelid = ${table}::regclass and attname = ${column}
  `.execute(trx)
  return rows[0]
}

async function alterColumn(
  trx: Transaction<Schema>,
  { table, column }: Column,
  change: RawBuilder<unknown>,
): Promise<void> {
  await sql`alter table ${sql.table(table)} alter column ${sql.ref(column)} ${change}`.execute(trx)
}

async function lock(trx: Transaction<Schema>): Promise<void> {
  // Waiting for another process, and rewriting a table, may take long.
  await sql`set local statement_timeout = 0`.execute(trx)
  await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(trx)
}
