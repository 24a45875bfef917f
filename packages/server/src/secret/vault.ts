/**
 * Encryption at rest (specification 3.2): AES-256-GCM with a data key for each workspace, wrapped by the master key.
 *
 * What is sealed is bound to its workspace and its place: the additional data names both, so that a ciphertext copied to
 * another row, column or workspace does not open. Every ciphertext names the key it needs, and every wrapped key its
 * master key: rotating the master key (`rotate-master-key.ts`) rewrites the wrapped keys alone, `workspace_key` and the
 * platform's own in `setting`. What belongs to no workspace is sealed under the platform's key.
 *
 * The first use of a workspace asks the database. Inside a transaction that is refused (its queries belong to the
 * transaction's handle): seal before the transaction begins.
 */
import { hkdf, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { BoundedCache } from '../cache.ts'
import type { Database } from '../db/client.ts'
import { boundTo, decrypt, encrypt, KEY_BYTES, type SealingKey, sealingKey, VaultError } from './envelope.ts'
import { type KeyRing, nameOfOwner, PLATFORM } from './key-ring.ts'
import { findPlatformKey, findWrappedKey, keepPlatformKey, keepWrappedKey } from './store.ts'

/** Unwrapped data keys kept in memory; 100 bytes each. */
const CACHED_KEYS = 10_000

export interface Vault {
  /**
   * @param purpose what the value is and where it stands, for example `install:github:credentials`; the same is needed to open it
   * @param value JSON
   */
  seal(workspaceId: string, purpose: string, value: unknown): Promise<Uint8Array>
  /** @throws VaultError where it was sealed for another workspace or purpose, or was changed */
  open(workspaceId: string, purpose: string, sealed: Uint8Array): Promise<unknown>
  sealBytes(workspaceId: string, purpose: string, bytes: Uint8Array): Promise<Uint8Array>
  /** @throws VaultError like {@link open} */
  openBytes(workspaceId: string, purpose: string, sealed: Uint8Array): Promise<Uint8Array>
  /** As {@link seal}, for what belongs to the platform and not to one workspace. */
  sealPlatform(purpose: string, value: unknown): Promise<Uint8Array>
  /** @throws VaultError like {@link open} */
  openPlatform(purpose: string, sealed: Uint8Array): Promise<unknown>
  /** The workspace's key (32 bytes) for the HMAC of its app tokens: derived from its data key, the same in every process. */
  signingKey(workspaceId: string): Promise<Uint8Array>
}

export function createVault({ keyRing, db }: { keyRing: KeyRing; db: Database }): Vault {
  const cache = new BoundedCache<Promise<SealingKey>>(CACHED_KEYS)

  const find = (owner: string) =>
    owner === PLATFORM ? findPlatformKey(db.sql) : findWrappedKey(db.sql, owner)
  const make = (owner: string) => {
    const dataKey = randomBytes(KEY_BYTES)
    const making = {
      firstId: keyRing.ids[0],
      wrap: (masterKeyId: string) => keyRing.wrap(owner, { masterKeyId, dataKey }),
    }
    return owner === PLATFORM ? keepPlatformKey(db, making) : keepWrappedKey(db, owner, making)
  }
  const load = async (owner: string, mayMake: boolean): Promise<SealingKey> => {
    const kept = (await find(owner)) ?? (mayMake && (await make(owner)))
    if (kept) return sealingKey(keyRing.unwrap(owner, kept))
    throw new VaultError(
      `${capitalized(nameOfOwner(owner))} has no data key: nothing was ever sealed for it.`,
    )
  }
  /** Concurrent first uses share one load; a failed one is forgotten. */
  const dataKey = (owner: string, { mayMake }: { mayMake: boolean }): Promise<SealingKey> => {
    const cached = cache.get(owner)
    if (cached) return cached
    const loading = load(owner, mayMake)
    if (mayMake) cache.set(owner, loading)
    loading.then(
      () => cache.set(owner, loading),
      () => cache.delete(owner, loading),
    )
    return loading
  }

  const sealBytes: Vault['sealBytes'] = async (workspaceId, purpose, bytes) =>
    encrypt(await dataKey(workspaceId, { mayMake: true }), boundTo(workspaceId, purpose), bytes)
  const openBytes: Vault['openBytes'] = async (workspaceId, purpose, sealed) =>
    decrypt(await dataKey(workspaceId, { mayMake: false }), boundTo(workspaceId, purpose), sealed)

  const seal: Vault['seal'] = async (owner, purpose, value) => {
    const text = JSON.stringify(value)
    if (text === undefined) throw new TypeError(`The value of "${purpose}" is not JSON.`)
    return sealBytes(owner, purpose, Buffer.from(text, 'utf8'))
  }
  const open: Vault['open'] = async (owner, purpose, sealed) => {
    const bytes = await openBytes(owner, purpose, sealed)
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  }

  return {
    sealBytes,
    openBytes,
    seal,
    open,
    sealPlatform: (purpose, value) => seal(PLATFORM, purpose, value),
    openPlatform: (purpose, sealed) => open(PLATFORM, purpose, sealed),
    async signingKey(workspaceId) {
      const { bytes } = await dataKey(workspaceId, { mayMake: true })
      return deriveKey(bytes, `miniapps app token ${workspaceId}`)
    },
  }
}

/** HKDF (RFC 5869) with SHA-256, without salt: the data key is uniformly random. */
async function deriveKey(key: Uint8Array, info: string): Promise<Uint8Array> {
  return new Uint8Array(await promisify(hkdf)('sha256', key, Buffer.alloc(0), info, KEY_BYTES))
}

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
