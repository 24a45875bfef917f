/**
 * Encryption at rest (specification 3.2): AES-256-GCM with a data key for each workspace, wrapped by the master key.
 *
 * What is sealed is bound to its workspace and its place: the additional data names both, so that a ciphertext copied to
 * another row, column or workspace does not open. Every ciphertext names the key it needs, so that keys can be replaced
 * one day while old ciphertexts still open: rotating the master key rewrites the wrapped keys alone, `workspace_key` and
 * the platform's own in `setting`. What belongs to no workspace is sealed under the platform's key.
 *
 * The first use of a workspace asks the database. Inside a transaction that is refused (its queries belong to the
 * transaction's handle): seal before the transaction begins.
 */
import { createCipheriv, createDecipheriv, createHash, hkdf, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { BoundedCache } from '../cache.ts'
import type { Database } from '../db/client.ts'
import { fingerprint } from './master-key.ts'
import { findPlatformKey, findWrappedKey, keepPlatformKey, keepWrappedKey, type WrappedKey } from './store.ts'

const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
/** NIST SP 800-38D: 96 random bits serve 2^32 messages of one key. */
const NONCE_BYTES = 12
/** Always checked in full: Node accepts shorter tags unless the length is named. */
const TAG_BYTES = 16
/** Format of a ciphertext: version (1 byte), key id (4), nonce (12), encrypted bytes, tag (16). */
const FORMAT_VERSION = 1
/** Enough to name the right key among a workspace's own; it authenticates nothing. */
const KEY_ID_BYTES = 4
const HEADER_BYTES = 1 + KEY_ID_BYTES
const OVERHEAD_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES

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

/** Something sealed could not be opened. Never holds key, plaintext or ciphertext. */
export class VaultError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'VaultError'
  }
}

interface DataKey {
  readonly id: Buffer
  readonly bytes: Buffer
}

/** Stands where a workspace's id stands; no id is spelled like this. */
const PLATFORM = 'platform'

interface KeyPlace {
  find(db: Database): Promise<WrappedKey | undefined>
  /** @returns the key that is kept: the one given where there was none */
  keep(db: Database, key: WrappedKey): Promise<WrappedKey>
}

const PLATFORM_KEY: KeyPlace = { find: findPlatformKey, keep: keepPlatformKey }
const workspaceKey = (id: string): KeyPlace => ({
  find: (db) => findWrappedKey(db, id),
  keep: (db, key) => keepWrappedKey(db, id, key),
})

export function createVault({ masterKey, db }: { masterKey: Uint8Array; db: Database }): Vault {
  const wrappingKey = keyOf(masterKey)
  const masterKeyId = fingerprint(masterKey)
  const cache = new BoundedCache<Promise<DataKey>>(CACHED_KEYS)

  const wrap = (owner: string, key: Uint8Array): WrappedKey => ({
    masterKeyId,
    wrappedKey: encrypt(wrappingKey, boundTo(owner, 'workspace_key'), key),
  })
  const unwrap = (owner: string, kept: WrappedKey): DataKey => {
    if (kept.masterKeyId !== masterKeyId) {
      throw new VaultError(
        `The key of ${nameOf(owner)} was wrapped by the master key ${kept.masterKeyId}; this process has ${masterKeyId}.`,
      )
    }
    return keyOf(decrypt(wrappingKey, boundTo(owner, 'workspace_key'), kept.wrappedKey))
  }
  const load = async (owner: string, mayMake: boolean): Promise<DataKey> => {
    const { find, keep } = owner === PLATFORM ? PLATFORM_KEY : workspaceKey(owner)
    const kept = (await find(db)) ?? (mayMake && (await keep(db, wrap(owner, randomBytes(KEY_BYTES)))))
    if (kept) return unwrap(owner, kept)
    throw new VaultError(`${capitalized(nameOf(owner))} has no data key: nothing was ever sealed for it.`)
  }
  /** Concurrent first uses share one load; a failed one is forgotten. */
  const dataKey = (owner: string, { mayMake }: { mayMake: boolean }): Promise<DataKey> => {
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

function keyOf(bytes: Uint8Array): DataKey {
  const key = Buffer.from(bytes)
  const id = createHash('sha256').update('miniapps key id\0').update(key).digest().subarray(0, KEY_ID_BYTES)
  return { id, bytes: key }
}

const nameOf = (owner: string) => (owner === PLATFORM ? 'the platform' : `workspace ${owner}`)
const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** Unambiguous: no workspace and purpose give the bytes of another pair. */
function boundTo(workspaceId: string, purpose: string): Buffer {
  return Buffer.from(JSON.stringify([workspaceId, purpose]), 'utf8')
}

function encrypt(key: DataKey, binding: Buffer, bytes: Uint8Array): Buffer {
  const header = Buffer.concat([Buffer.of(FORMAT_VERSION), key.id])
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key.bytes, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.concat([header, binding]))
  return Buffer.concat([header, nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
}

function decrypt(key: DataKey, binding: Buffer, sealed: Uint8Array): Buffer {
  const input = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
  if (input.length < OVERHEAD_BYTES)
    throw new VaultError('What is stored is too short to be something sealed.')
  if (input[0] !== FORMAT_VERSION) {
    throw new VaultError(`What is stored has format ${input[0]}; this server knows format ${FORMAT_VERSION}.`)
  }
  const header = input.subarray(0, HEADER_BYTES)
  if (!header.subarray(1).equals(key.id)) {
    throw new VaultError('What is stored was sealed with another key: another workspace, or a replaced one.')
  }
  const nonce = input.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES)
  const decipher = createDecipheriv(ALGORITHM, key.bytes, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.concat([header, binding]))
  decipher.setAuthTag(input.subarray(-TAG_BYTES))
  try {
    const encrypted = input.subarray(HEADER_BYTES + NONCE_BYTES, -TAG_BYTES)
    return Buffer.concat([decipher.update(encrypted), decipher.final()])
  } catch (cause) {
    throw new VaultError('What is stored was changed, or stands where it was not sealed for.', { cause })
  }
}
