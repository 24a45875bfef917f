/**
 * Which running process was given which master keys. A rotation chooses a new key only once all of them have it, and a
 * process starts only where it has all that are needed: so that none fails later, at the first credential it cannot read.
 */
import type { Database } from '../db/client.ts'
import { findEnded } from '../jobs/ended-processes.ts'
import type { KeyRing } from './key-ring.ts'
import { MasterKeyError } from './master-key-text.ts'
import {
  countByMasterKey,
  deleteHolders,
  insertHolder,
  type KeyHolder,
  listHolders,
  lockActiveKey,
} from './store.ts'

/**
 * Compares the keys with those that the data needs, and says that this process has them. In a database without data, the
 * first key is chosen.
 * @returns takes that back; for the end of the process
 * @throws MasterKeyError where a key that is needed is missing
 */
export async function holdMasterKeys(db: Database, keyRing: KeyRing): Promise<() => Promise<void>> {
  const processId = await db.processId()
  await db.transaction(async (trx) => {
    const active = await lockActiveKey(trx, keyRing.ids[0])
    requireKeys(keyRing, { active, counts: await countByMasterKey(trx) })
    await insertHolder(trx, { processId, masterKeyIds: [...keyRing.ids] })
  })
  // Where the database is away, the row stays and is found dead later.
  return () => deleteHolders(db.sql, [processId]).catch(() => {})
}

interface NeededKeys {
  /** Wraps new data keys. */
  active: string
  /** Data keys by the master key that wraps them. */
  counts: ReadonlyMap<string, number>
}

/** @throws MasterKeyError where the ring lacks a key that is needed */
export function requireKeys({ ids }: KeyRing, { active, counts }: NeededKeys): void {
  const needed = [...new Set([...counts.keys(), active])]
  const missing = needed.filter((id) => !ids.includes(id))
  if (missing.length === 0) return
  const given = `the key${ids.length > 1 ? 's' : ''} given ${ids.length > 1 ? 'are' : 'is'} ${ids.join(', ')}`
  const where = 'MASTER_KEY, MASTER_KEY_FILE, MASTER_KEY_COMMAND or the file master.key in DATA_DIR'
  if (missing.length === needed.length) {
    throw new MasterKeyError(
      `The master key is not the one this database was written with (the database says ${missing.join(', ')}, ${given}). ` +
        `Stored credentials cannot be read with it. Set ${where} to the key that belongs to this database.`,
    )
  }
  const uses = missing.map(
    (id) => `${id} (${counts.get(id) ?? 0} data keys${id === active ? ', and every new one' : ''})`,
  )
  throw new MasterKeyError(
    `The database needs a master key that this process does not have: ${uses.join(', ')}; ${given}. The master key is being ` +
      `replaced, or was put back from an old backup: add the missing key in a line of its own to ${where}, and keep the others.`,
  )
}

/**
 * The processes that are running; rows of others are removed. Takes a few seconds where one ended without saying so: a
 * connection that is being made again looks dead.
 */
export async function findHolders(db: Database): Promise<KeyHolder[]> {
  const holders = await listHolders(db.sql)
  const ended = await findEnded(
    db,
    holders.map(({ processId }) => processId),
  )
  await deleteHolders(db.sql, ended)
  return holders.filter(({ processId }) => !ended.includes(processId))
}
