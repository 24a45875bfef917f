/** All SQL on data keys, on which master key wraps new ones, and on which process has which master keys. */
import type { Transaction } from 'kysely'
import type { Database } from '../db/client.ts'
import { exempt } from '../db/exemptions.ts'
import type { Row, Schema } from '../db/schema.ts'

type Executor = Database['sql'] | Transaction<Schema>

/** Name in table `setting` of the fingerprint of the master key that wraps new data keys. */
const ACTIVE_KEY_SETTING = 'masterKeyFingerprint'

/** Name in table `setting` of the platform's own data key: `{ wrappedKey: base64, masterKeyId }`. */
const PLATFORM_KEY_SETTING = 'platformKey'

export interface WrappedKey {
  wrappedKey: Uint8Array
  masterKeyId: string
}

/** A data key that is kept only where there is none yet. */
export interface KeyInTheMaking {
  /** Fingerprint of the master key that becomes the active one where the database knows none. */
  firstId: string
  wrap(masterKeyId: string): WrappedKey
}

/** How many data keys, the platform's own among them, each master key wraps. */
export async function countByMasterKey(executor: Executor): Promise<Map<string, number>> {
  const rows = await exempt(executor, 'secret.countByMasterKey')
    .selectFrom('workspaceKey')
    .select(['masterKeyId', ({ fn }) => fn.countAll<string>().as('count')])
    .groupBy('masterKeyId')
    .execute()
  const counts = new Map(rows.map(({ masterKeyId, count }) => [masterKeyId, Number(count)]))
  const platform = await findPlatformKey(executor)
  if (platform) counts.set(platform.masterKeyId, (counts.get(platform.masterKeyId) ?? 0) + 1)
  return counts
}

/** @returns fingerprint of the master key that wraps new data keys; `undefined` before the first start */
export async function findActiveKey(executor: Executor): Promise<string | undefined> {
  const row = await executor
    .selectFrom('setting')
    .select('value')
    .where('name', '=', ACTIVE_KEY_SETTING)
    .executeTakeFirst()
  return row && String(row.value)
}

/**
 * Holds the choice of the active master key until the transaction ends: `share` where it must not change meanwhile, `update`
 * to change it. Where there was no choice, `firstId` is it, whichever process was first.
 */
export async function lockActiveKey(
  trx: Transaction<Schema>,
  firstId: string,
  strength: 'share' | 'update' = 'share',
): Promise<string> {
  const query = trx.selectFrom('setting').select('value').where('name', '=', ACTIVE_KEY_SETTING)
  const locked = strength === 'share' ? query.forShare() : query.forUpdate()
  const row = await locked.executeTakeFirst()
  if (row) return String(row.value)
  await trx
    .insertInto('setting')
    .values({ name: ACTIVE_KEY_SETTING, value: JSON.stringify(firstId) })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  return String((await locked.executeTakeFirstOrThrow()).value)
}

/** Only under {@link lockActiveKey} with `update`. */
export async function changeActiveKey(trx: Transaction<Schema>, masterKeyId: string): Promise<void> {
  await trx
    .updateTable('setting')
    .set({ value: JSON.stringify(masterKeyId) })
    .where('name', '=', ACTIVE_KEY_SETTING)
    .execute()
}

export async function findWrappedKey(
  executor: Executor,
  workspaceId: string,
): Promise<WrappedKey | undefined> {
  return executor
    .selectFrom('workspaceKey')
    .select(['wrappedKey', 'masterKeyId'])
    .where('workspaceId', '=', workspaceId)
    .executeTakeFirst()
}

/** @returns the workspace's key: the one given where there was none, whichever process was first */
export async function keepWrappedKey(
  db: Database,
  workspaceId: string,
  { firstId, wrap }: KeyInTheMaking,
): Promise<WrappedKey> {
  // A rotation that chose another master key meanwhile would pass this row by.
  return db.transaction(async (trx) => {
    const { wrappedKey, masterKeyId } = wrap(await lockActiveKey(trx, firstId))
    await trx
      .insertInto('workspaceKey')
      .values({ workspaceId, wrappedKey, masterKeyId })
      .onConflict((conflict) => conflict.column('workspaceId').doNothing())
      .execute()
    const kept = await findWrappedKey(trx, workspaceId)
    if (kept === undefined)
      throw new Error(`The workspace ${workspaceId} was removed while its key was made.`)
    return kept
  })
}

export async function findPlatformKey(executor: Executor): Promise<WrappedKey | undefined> {
  const row = await executor
    .selectFrom('setting')
    .select('value')
    .where('name', '=', PLATFORM_KEY_SETTING)
    .executeTakeFirst()
  return row && readPlatformKey(row.value)
}

/** @returns the platform's key: the one given where there was none, whichever process was first */
export async function keepPlatformKey(db: Database, { firstId, wrap }: KeyInTheMaking): Promise<WrappedKey> {
  return db.transaction(async (trx) => {
    const made = wrap(await lockActiveKey(trx, firstId))
    await trx
      .insertInto('setting')
      .values({ name: PLATFORM_KEY_SETTING, value: platformKeyText(made) })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute()
    return (await findPlatformKey(trx)) ?? made
  })
}

/** The platform's key, held until the transaction ends. */
export async function lockPlatformKey(trx: Transaction<Schema>): Promise<WrappedKey | undefined> {
  const row = await trx
    .selectFrom('setting')
    .select('value')
    .where('name', '=', PLATFORM_KEY_SETTING)
    .forUpdate()
    .executeTakeFirst()
  return row && readPlatformKey(row.value)
}

/** Only under {@link lockPlatformKey}. */
export async function replacePlatformKey(trx: Transaction<Schema>, key: WrappedKey): Promise<void> {
  await trx
    .updateTable('setting')
    .set({ value: platformKeyText(key) })
    .where('name', '=', PLATFORM_KEY_SETTING)
    .execute()
}

const platformKeyText = ({ wrappedKey, masterKeyId }: WrappedKey) =>
  JSON.stringify({ wrappedKey: Buffer.from(wrappedKey).toString('base64'), masterKeyId })

function readPlatformKey(value: unknown): WrappedKey {
  const { wrappedKey, masterKeyId } = value as { wrappedKey: string; masterKeyId: string }
  return { wrappedKey: Buffer.from(wrappedKey, 'base64'), masterKeyId }
}

export interface WorkspaceKey extends WrappedKey {
  workspaceId: string
}

interface KeyPage {
  /** Id of the last workspace of the page before. */
  after: string
  limit: number
}

/** The next data keys in the order of their workspaces. */
export async function listWrappedKeys(db: Database, { after, limit }: KeyPage): Promise<WorkspaceKey[]> {
  return exempt(db.sql, 'secret.listWrappedKeys')
    .selectFrom('workspaceKey')
    .select(['workspaceId', 'wrappedKey', 'masterKeyId'])
    .where('workspaceId', '>', after)
    .orderBy('workspaceId')
    .limit(limit)
    .execute()
}

/** The next data keys that another master key wraps, held until the transaction ends. */
export async function lockKeysOfOthers(
  trx: Transaction<Schema>,
  { after, limit, masterKeyId }: KeyPage & { masterKeyId: string },
): Promise<WorkspaceKey[]> {
  return exempt(trx, 'secret.lockKeysOfOthers')
    .selectFrom('workspaceKey')
    .select(['workspaceId', 'wrappedKey', 'masterKeyId'])
    .where('workspaceId', '>', after)
    .where('masterKeyId', '<>', masterKeyId)
    .orderBy('workspaceId')
    .limit(limit)
    .forUpdate()
    .execute()
}

/** Only under {@link lockKeysOfOthers}. */
export async function replaceWrappedKey(trx: Transaction<Schema>, key: WorkspaceKey): Promise<void> {
  await trx
    .updateTable('workspaceKey')
    .set({ wrappedKey: key.wrappedKey, masterKeyId: key.masterKeyId })
    .where('workspaceId', '=', key.workspaceId)
    .execute()
}

export type KeyHolder = Row<'keyHolder'>

export async function insertHolder(
  trx: Transaction<Schema>,
  holder: Pick<KeyHolder, 'processId' | 'masterKeyIds'>,
): Promise<void> {
  await trx.insertInto('keyHolder').values(holder).execute()
}

export async function listHolders(executor: Executor): Promise<KeyHolder[]> {
  return executor.selectFrom('keyHolder').selectAll().orderBy('startedAt').orderBy('processId').execute()
}

export async function deleteHolders(executor: Executor, processIds: readonly string[]): Promise<void> {
  if (processIds.length === 0) return
  await executor.deleteFrom('keyHolder').where('processId', 'in', processIds).execute()
}
