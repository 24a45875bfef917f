import { sql, type Transaction } from 'kysely'
import type { Database } from '../db/client.ts'
import type { Schema } from '../db/schema.ts'

type Executor = Database['sql'] | Transaction<Schema>

export interface StoredVersion {
  id: string
  ns: string
  version: string
  /** The document as registered: compact JSON, member order kept, because the order of form fields is shown to people. */
  definition: string
  sha256: Uint8Array
}

export interface RegisteredApp {
  ns: string
  appId: string
  status: 'public' | 'private'
  visibility: string
  duplicateCheck: boolean
  publishedVersionId: string | null
  latestVersionId: string | null
}

const versionColumns = ['id', 'ns', 'version', 'definition', 'sha256'] as const
const appColumns = [
  'ns',
  'appId',
  'status',
  'visibility',
  'duplicateCheck',
  'publishedVersionId',
  'latestVersionId',
] as const

export async function findApp(executor: Executor, ns: string): Promise<RegisteredApp | undefined> {
  return executor.selectFrom('app').select(appColumns).where('ns', '=', ns).executeTakeFirst()
}

/** Makes later registrations of the same ns wait for this transaction; the row is made where there is none. */
export async function lockApp(
  trx: Transaction<Schema>,
  app: { ns: string; appId: string },
): Promise<RegisteredApp> {
  await trx
    .insertInto('app')
    .values({ ns: app.ns, appId: app.appId, status: 'private', visibility: 'private' })
    .onConflict((conflict) => conflict.column('ns').doNothing())
    .execute()
  return trx
    .selectFrom('app')
    .select(appColumns)
    .where('ns', '=', app.ns)
    .forUpdate()
    .executeTakeFirstOrThrow()
}

export async function findVersion(
  executor: Executor,
  key: { ns: string; version: string },
): Promise<StoredVersion | undefined> {
  return executor
    .selectFrom('appVersion')
    .select(versionColumns)
    .where('ns', '=', key.ns)
    .where('version', '=', key.version)
    .executeTakeFirst()
}

export async function findVersionById(executor: Executor, id: string): Promise<StoredVersion | undefined> {
  return executor.selectFrom('appVersion').select(versionColumns).where('id', '=', id).executeTakeFirst()
}

export async function findVersionsById(executor: Executor, ids: readonly string[]): Promise<StoredVersion[]> {
  return executor.selectFrom('appVersion').select(versionColumns).where('id', 'in', ids).execute()
}

export async function insertVersion(trx: Transaction<Schema>, version: StoredVersion): Promise<void> {
  await trx
    .insertInto('appVersion')
    .values({ ...version, sha256: Buffer.from(version.sha256) })
    .execute()
}

export async function publishVersion(
  trx: Transaction<Schema>,
  change: { ns: string; versionId: string; status: 'public' | 'private' },
): Promise<void> {
  await trx
    .updateTable('app')
    .set({
      status: change.status,
      visibility: change.status,
      publishedVersionId: change.versionId,
      latestVersionId: change.versionId,
      updatedAt: sql<Date>`now()`,
    })
    .where('ns', '=', change.ns)
    .execute()
}

/** Every app with its published version, by ns; the texts are searched by the caller, on compiled definitions. */
export async function listApps(
  executor: Executor,
  ns?: string,
): Promise<(RegisteredApp & { versionCount: number })[]> {
  const rows = await executor
    .selectFrom('app')
    .select(appColumns)
    .select((eb) =>
      eb
        .selectFrom('appVersion')
        .whereRef('appVersion.ns', '=', 'app.ns')
        .select((inner) => inner.fn.countAll<string>().as('count'))
        .as('versionCount'),
    )
    .where('publishedVersionId', 'is not', null)
    .$if(ns !== undefined, (query) => query.where('ns', '=', String(ns)))
    .orderBy('ns')
    .execute()
  return rows.map((row) => ({ ...row, versionCount: Number(row.versionCount ?? 0) }))
}

/** Channel on which a change of an app's config overrides is announced; the payload is the ns. */
export const APP_CONFIG_CHANNEL = 'app_config_changed'

/** The sealed config overrides of an app. */
export async function findAppConfig(executor: Executor, ns: string): Promise<Uint8Array | undefined> {
  const row = await executor.selectFrom('appConfig').select('config').where('ns', '=', ns).executeTakeFirst()
  return row?.config
}

/**
 * @param change.before what the change was made from; absent: nothing was stored
 * @returns false where something else is stored by now
 */
export async function replaceAppConfig(
  trx: Transaction<Schema>,
  change: { ns: string; before: Uint8Array | undefined; config: Uint8Array },
): Promise<boolean> {
  const { ns, before } = change
  const config = Buffer.from(change.config)
  const changed =
    before === undefined
      ? await trx
          .insertInto('appConfig')
          .values({ ns, config })
          .onConflict((conflict) => conflict.column('ns').doNothing())
          .returning('ns')
          .execute()
      : await trx
          .updateTable('appConfig')
          .set({ config, updatedAt: sql<Date>`now()` })
          .where('ns', '=', ns)
          .where('config', '=', Buffer.from(before))
          .returning('ns')
          .execute()
  if (changed.length === 0) return false
  await sql`select pg_notify(${APP_CONFIG_CHANNEL}, ${ns})`.execute(trx)
  return true
}
