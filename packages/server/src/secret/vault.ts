/**
 * Encryption at rest (specification 3.2): AES-256-GCM with a data key for each workspace, wrapped by the master key.
 *
 * What is sealed is bound to its workspace and its place: the additional data names both, so that a ciphertext copied to
 * another row, column or workspace does not open. Every ciphertext names the key it needs, so that keys can be replaced
 * one day while old ciphertexts still open: rotating the master key rewrites `workspace_key` alone.
 *
 * The first use of a workspace asks the database. Inside a transaction that is refused (its queries belong to the
 * transaction's handle): seal before the transaction begins.
 */
import { createCipheriv, createDecipheriv, createHash, hkdf, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { BoundedCache } from '../cache.ts'
import type { Database } from '../db/client.ts'
import { fingerprint } from './master-key.ts'
import { findWrappedKey, keepWrappedKey, type WrappedKey } from './store.ts'

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

export function createVault({ masterKey, db }: { masterKey: Uint8Array; db: Database }): Vault {
  const wrappingKey = keyOf(masterKey)
  const masterKeyId = fingerprint(masterKey)
  const cache = new BoundedCache<Promise<DataKey>>(CACHED_KEYS)

  const wrap = (workspaceId: string, key: Uint8Array): WrappedKey => ({
    masterKeyId,
    wrappedKey: encrypt(wrappingKey, boundTo(workspaceId, 'workspace_key'), key),
  })
  const unwrap = (workspaceId: string, kept: WrappedKey): DataKey => {
    if (kept.masterKeyId !== masterKeyId) {
      throw new VaultError(
        `The key of workspace ${workspaceId} was wrapped by the master key ${kept.masterKeyId}; this process has ${masterKeyId}.`,
      )
    }
    return keyOf(decrypt(wrappingKey, boundTo(workspaceId, 'workspace_key'), kept.wrappedKey))
  }
  const load = async (workspaceId: string, mayMake: boolean): Promise<DataKey> => {
    const kept =
      (await findWrappedKey(db, workspaceId)) ??
      (mayMake && (await keepWrappedKey(db, workspaceId, wrap(workspaceId, randomBytes(KEY_BYTES)))))
    if (kept) return unwrap(workspaceId, kept)
    throw new VaultError(`The workspace ${workspaceId} has no data key: nothing was ever sealed for it.`)
  }
  /** Concurrent first uses share one load; a failed one is forgotten. */
  const dataKey = (workspaceId: string, { mayMake }: { mayMake: boolean }): Promise<DataKey> => {
    const cached = cache.get(workspaceId)
    if (cached) return cached
    const loading = load(workspaceId, mayMake)
    if (mayMake) cache.set(workspaceId, loading)
    loading.then(
      () => cache.set(workspaceId, loading),
      () => cache.delete(workspaceId, loading),
    )
    return loading
  }

  const sealBytes: Vault['sealBytes'] = async (workspaceId, purpose, bytes) =>
    encrypt(await dataKey(workspaceId, { mayMake: true }), boundTo(workspaceId, purpose), bytes)
  const openBytes: Vault['openBytes'] = async (workspaceId, purpose, sealed) =>
    decrypt(await dataKey(workspaceId, { mayMake: false }), boundTo(workspaceId, purpose), sealed)

  return {
    sealBytes,
    openBytes,
    async seal(workspaceId, purpose, value) {
      const text = JSON.stringify(value)
      if (text === undefined) throw new TypeError(`The value of "${purpose}" is not JSON.`)
      return sealBytes(workspaceId, purpose, Buffer.from(text, 'utf8'))
    },
    async open(workspaceId, purpose, sealed) {
      const bytes = await openBytes(workspaceId, purpose, sealed)
      return JSON.parse(Buffer.from(bytes).toString('utf8'))
    },
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
