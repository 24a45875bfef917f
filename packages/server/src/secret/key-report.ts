/** What `keys show` and `keys check` tell: which master keys are needed, by what, and who has them. Never a key. */
import type { Database } from '../db/client.ts'
import { NIL_UUID } from '../db/uuid.ts'
import { VaultError } from './envelope.ts'
import { findHolders } from './key-holders.ts'
import { type KeyRing, PLATFORM } from './key-ring.ts'
import type { UnreadableKey } from './rotate-master-key.ts'
import {
  countByMasterKey,
  findActiveKey,
  findPlatformKey,
  listWrappedKeys,
  type WrappedKey,
} from './store.ts'

/** Data keys read at once; about 100 bytes each. */
const PAGE_KEYS = 1000

export interface MasterKeyReport {
  /** Fingerprint. */
  id: string
  /** Place among the keys that were given, from 1; `undefined` where it was not given. */
  place: number | undefined
  /** Data keys that it wraps, the platform's own included. */
  dataKeys: number
  /** It wraps new data keys. */
  active: boolean
  /** Running processes that have it. */
  processes: number
}

export interface KeysReport {
  /** Those given, in their order, then others that the data needs. */
  masterKeys: MasterKeyReport[]
  /** Running processes. */
  processes: number
}

export async function reportKeys(db: Database, { ids }: KeyRing): Promise<KeysReport> {
  const [counts, active, holders] = await Promise.all([
    countByMasterKey(db.sql),
    findActiveKey(db.sql),
    findHolders(db),
  ])
  const all = new Set([...ids, ...counts.keys(), ...(active === undefined ? [] : [active])])
  const masterKeys = [...all].map((id) => ({
    id,
    place: ids.includes(id) ? ids.indexOf(id) + 1 : undefined,
    dataKeys: counts.get(id) ?? 0,
    active: id === active,
    processes: holders.filter(({ masterKeyIds }) => masterKeyIds.includes(id)).length,
  }))
  return { masterKeys, processes: holders.length }
}

/** Unwraps every data key with the master key that it names. @returns those that do not open */
export async function findUnreadableKeys(db: Database, keyRing: KeyRing): Promise<UnreadableKey[]> {
  const unreadable: UnreadableKey[] = []
  const look = (owner: string, kept: WrappedKey) => {
    try {
      keyRing.unwrap(owner, kept)
    } catch (error) {
      if (!(error instanceof VaultError)) throw error
      unreadable.push({ owner, reason: error.message })
    }
  }
  let after = NIL_UUID
  for (;;) {
    const page = await listWrappedKeys(db, { after, limit: PAGE_KEYS })
    for (const { workspaceId, ...kept } of page) look(workspaceId, kept)
    const last = page.at(-1)
    if (last === undefined) break
    after = last.workspaceId
  }
  const platform = await findPlatformKey(db.sql)
  if (platform) look(PLATFORM, platform)
  return unreadable
}
