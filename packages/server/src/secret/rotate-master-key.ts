/**
 * Puts the first master key in the place of the others (specification 3.2, ADR 23): from then on it wraps new data keys,
 * and those that others wrap are wrapped anew, a few at a time. What is sealed under a data key is not touched, so every
 * process goes on meanwhile. What was done is in the rows: a rotation that was killed is begun again and goes on, and two
 * at once share the work.
 */
import type { Transaction } from 'kysely'
import type { Database } from '../db/client.ts'
import type { Schema } from '../db/schema.ts'
import { NIL_UUID } from '../db/uuid.ts'
import { VaultError } from './envelope.ts'
import { findHolders, requireKeys } from './key-holders.ts'
import { type KeyRing, PLATFORM } from './key-ring.ts'
import { MasterKeyError } from './master-key-text.ts'
import {
  changeActiveKey,
  countByMasterKey,
  listHolders,
  lockActiveKey,
  lockKeysOfOthers,
  lockPlatformKey,
  replacePlatformKey,
  replaceWrappedKey,
  type WorkspaceKey,
} from './store.ts'

/** A few milliseconds of work. */
const BATCH_KEYS = 100

export interface RotationProgress {
  /** Data keys that the first master key wraps by now, those of other processes included. */
  done: number
  total: number
}

export interface UnreadableKey {
  /** A workspace's id, or `platform`. */
  owner: string
  reason: string
}

/** Fingerprints of the master key that wrapped new data keys, and of the one that does so from now on. */
export interface Replacement {
  from: string
  to: string
}

export interface RotationOptions {
  /** Writes down that another key was chosen, in the transaction that chooses it. */
  recordReplacement?: (trx: Transaction<Schema>, replacement: Replacement) => Promise<void>
  /** After each batch, and once before the first. */
  onProgress?: (progress: RotationProgress) => void
  /** Ends it between two batches; it resolves with what was done. */
  signal?: AbortSignal
  /** Rows that one transaction holds, at most. Default {@link BATCH_KEYS}. */
  batchKeys?: number
}

export interface Rotation {
  /** Fingerprint of the key that wraps new data keys now. */
  masterKeyId: string
  /** How many data keys this call wrapped anew. */
  rewrapped: number
  /** Data keys that could not be unwrapped with the master key they name. They are left as they are. */
  unreadable: UnreadableKey[]
}

/**
 * @throws MasterKeyError where a running process lacks the first key, or this one lacks a key that is needed; nothing was
 *   changed then
 */
export async function rotateMasterKey(
  { db, keyRing }: { db: Database; keyRing: KeyRing },
  { recordReplacement, onProgress, signal, batchKeys = BATCH_KEYS }: RotationOptions = {},
): Promise<Rotation> {
  const [masterKeyId] = keyRing.ids
  await activate(db, keyRing, recordReplacement)
  const tellProgress = async () => onProgress?.(await measure(db, masterKeyId))
  await tellProgress()
  const rotation: Rotation = { masterKeyId, rewrapped: 0, unreadable: [] }
  let after: string | undefined = NIL_UUID
  while (after !== undefined && !signal?.aborted) {
    const from: string = after
    const batch = await db.transaction((trx) => rewrapBatch(trx, { keyRing, after: from, limit: batchKeys }))
    if (batch.last === undefined) break
    rotation.rewrapped += batch.rewrapped
    rotation.unreadable.push(...batch.unreadable)
    after = batch.last
    await tellProgress()
  }
  if (signal?.aborted) return rotation
  const platform = await db.transaction((trx) => rewrapPlatformKey(trx, keyRing))
  rotation.rewrapped += platform.rewrapped
  rotation.unreadable.push(...platform.unreadable)
  await tellProgress()
  return rotation
}

/** Makes the first key the one that wraps new data keys, where every running process has it. */
async function activate(
  db: Database,
  keyRing: KeyRing,
  recordReplacement: RotationOptions['recordReplacement'],
): Promise<void> {
  const [first] = keyRing.ids
  // Removes the rows of ended processes, which takes seconds: not under the lock.
  await findHolders(db)
  await db.transaction(async (trx) => {
    const active = await lockActiveKey(trx, first, 'update')
    requireKeys(keyRing, { active, counts: await countByMasterKey(trx) })
    if (active === first) return
    // A process that starts now waits for this lock, and then finds that it needs the first key.
    const lacking = (await listHolders(trx)).filter(({ masterKeyIds }) => !masterKeyIds.includes(first))
    if (lacking.length > 0) {
      const since = lacking.map(({ startedAt }) => startedAt.toISOString()).join(', ')
      throw new MasterKeyError(
        `${lacking.length} running process${lacking.length > 1 ? 'es do' : ' does'} not have the master key ${first} yet (started ${since}). ` +
          'Give every process both keys and restart it, then rotate. Nothing was changed.',
      )
    }
    await changeActiveKey(trx, first)
    await recordReplacement?.(trx, { from: active, to: first })
  })
}

interface Batch {
  rewrapped: number
  unreadable: UnreadableKey[]
  /** The last workspace it looked at; `undefined` where none was left. */
  last: string | undefined
}

async function rewrapBatch(
  trx: Transaction<Schema>,
  { keyRing, after, limit }: { keyRing: KeyRing; after: string; limit: number },
): Promise<Batch> {
  const [masterKeyId] = keyRing.ids
  const rows = await lockKeysOfOthers(trx, { after, limit, masterKeyId })
  const batch: Batch = { rewrapped: 0, unreadable: [], last: rows.at(-1)?.workspaceId }
  for (const row of rows) {
    const anew = rewrap(keyRing, row.workspaceId, row)
    if ('reason' in anew) batch.unreadable.push(anew)
    else {
      await replaceWrappedKey(trx, { workspaceId: row.workspaceId, ...anew })
      batch.rewrapped += 1
    }
  }
  return batch
}

async function rewrapPlatformKey(
  trx: Transaction<Schema>,
  keyRing: KeyRing,
): Promise<Pick<Batch, 'rewrapped' | 'unreadable'>> {
  const kept = await lockPlatformKey(trx)
  if (kept === undefined || kept.masterKeyId === keyRing.ids[0]) return { rewrapped: 0, unreadable: [] }
  const anew = rewrap(keyRing, PLATFORM, kept)
  if ('reason' in anew) return { rewrapped: 0, unreadable: [anew] }
  await replacePlatformKey(trx, anew)
  return { rewrapped: 1, unreadable: [] }
}

function rewrap(keyRing: KeyRing, owner: string, kept: Omit<WorkspaceKey, 'workspaceId'>) {
  try {
    return keyRing.wrap(owner, { masterKeyId: keyRing.ids[0], dataKey: keyRing.unwrap(owner, kept) })
  } catch (error) {
    if (error instanceof VaultError) return { owner, reason: error.message }
    throw error
  }
}

async function measure(db: Database, masterKeyId: string): Promise<RotationProgress> {
  const counts = await countByMasterKey(db.sql)
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return { done: counts.get(masterKeyId) ?? 0, total }
}
