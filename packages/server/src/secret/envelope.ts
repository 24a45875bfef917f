/**
 * The form of everything sealed: AES-256-GCM, with the key's id in front and its place as additional data. Pure but for
 * the random nonce; `vault.ts` and `key-ring.ts` hold the keys.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
export const KEY_BYTES = 32
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

/** Something sealed could not be opened. Never holds key, plaintext or ciphertext. */
export class VaultError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'VaultError'
  }
}

/** A key with the id that stands in its ciphertexts. */
export interface SealingKey {
  readonly id: Buffer
  readonly bytes: Buffer
}

/** @param bytes {@link KEY_BYTES} of them */
export function sealingKey(bytes: Uint8Array): SealingKey {
  const key = Buffer.from(bytes)
  const id = createHash('sha256').update('miniapps key id\0').update(key).digest().subarray(0, KEY_ID_BYTES)
  return { id, bytes: key }
}

/** Unambiguous: no owner and purpose give the bytes of another pair. */
export function boundTo(owner: string, purpose: string): Buffer {
  return Buffer.from(JSON.stringify([owner, purpose]), 'utf8')
}

/** @param binding additional data: the same is needed to {@link decrypt} */
export function encrypt(key: SealingKey, binding: Buffer, bytes: Uint8Array): Buffer {
  const header = Buffer.concat([Buffer.of(FORMAT_VERSION), key.id])
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key.bytes, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.concat([header, binding]))
  return Buffer.concat([header, nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
}

/** @throws VaultError where it was sealed by another key or for another binding, or was changed */
export function decrypt(key: SealingKey, binding: Buffer, sealed: Uint8Array): Buffer {
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
