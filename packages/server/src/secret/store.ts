import type { Database } from '../db/client.ts'

/** Name in table `setting` of the fingerprint of the key that wraps all data keys. */
const FINGERPRINT_SETTING = 'masterKeyFingerprint'

/** Name in table `setting` of the platform's own data key: `{ wrappedKey: base64, masterKeyId }`. */
const PLATFORM_KEY_SETTING = 'platformKey'

/** Data keys are few rows for a long time, and all are wrapped by one master key but during a rotation. */
export async function masterKeyIdsInUse(db: Database): Promise<string[]> {
  const rows = await db.sql.selectFrom('workspaceKey').select('masterKeyId').distinct().execute()
  const platform = await findPlatformKey(db)
  return [...new Set([...rows, ...(platform ? [platform] : [])].map(({ masterKeyId }) => masterKeyId))]
}

/** @returns the fingerprint that is kept: the one given where there was none, whichever process was first */
export async function keepFingerprint(db: Database, fingerprint: string): Promise<string> {
  await db.sql
    .insertInto('setting')
    .values({ name: FINGERPRINT_SETTING, value: JSON.stringify(fingerprint) })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  const { value } = await db.sql
    .selectFrom('setting')
    .select('value')
    .where('name', '=', FINGERPRINT_SETTING)
    .executeTakeFirstOrThrow()
  return String(value)
}

export interface WrappedKey {
  wrappedKey: Uint8Array
  masterKeyId: string
}

export async function findWrappedKey(db: Database, workspaceId: string): Promise<WrappedKey | undefined> {
  return db.sql
    .selectFrom('workspaceKey')
    .select(['wrappedKey', 'masterKeyId'])
    .where('workspaceId', '=', workspaceId)
    .executeTakeFirst()
}

/** @returns the workspace's key: the one given where there was none, whichever process was first */
export async function keepWrappedKey(
  db: Database,
  workspaceId: string,
  key: WrappedKey,
): Promise<WrappedKey> {
  await db.sql
    .insertInto('workspaceKey')
    .values({ workspaceId, wrappedKey: Buffer.from(key.wrappedKey), masterKeyId: key.masterKeyId })
    .onConflict((conflict) => conflict.column('workspaceId').doNothing())
    .execute()
  const kept = await findWrappedKey(db, workspaceId)
  if (kept === undefined) throw new Error(`The workspace ${workspaceId} was removed while its key was made.`)
  return kept
}

export async function findPlatformKey(db: Database): Promise<WrappedKey | undefined> {
  const row = await db.sql
    .selectFrom('setting')
    .select('value')
    .where('name', '=', PLATFORM_KEY_SETTING)
    .executeTakeFirst()
  if (!row) return undefined
  const { wrappedKey, masterKeyId } = row.value as { wrappedKey: string; masterKeyId: string }
  return { wrappedKey: Buffer.from(wrappedKey, 'base64'), masterKeyId }
}

/** @returns the platform's key: the one given where there was none, whichever process was first */
export async function keepPlatformKey(db: Database, key: WrappedKey): Promise<WrappedKey> {
  const value = {
    wrappedKey: Buffer.from(key.wrappedKey).toString('base64'),
    masterKeyId: key.masterKeyId,
  }
  await db.sql
    .insertInto('setting')
    .values({ name: PLATFORM_KEY_SETTING, value: JSON.stringify(value) })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  return (await findPlatformKey(db)) ?? key
}
