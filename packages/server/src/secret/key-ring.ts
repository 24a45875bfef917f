/**
 * The master keys that a process was given (ADR 23). The database says which of them wraps new data keys; the first is the
 * one that a rotation makes that. The keys themselves do not leave the ring.
 */
import { createHash } from 'node:crypto'
import { boundTo, decrypt, encrypt, sealingKey, VaultError } from './envelope.ts'
import type { WrappedKey } from './store.ts'

const FINGERPRINT_BYTES = 8

/** Stands where a workspace's id stands; no id is spelled like this. */
export const PLATFORM = 'platform'

export const nameOfOwner = (owner: string) => (owner === PLATFORM ? 'the platform' : `workspace ${owner}`)

export interface KeyRing {
  /** Fingerprints, in the order in which the keys were given; at least one. */
  readonly ids: readonly [string, ...string[]]
  /**
   * @param owner a workspace's id, or {@link PLATFORM}
   * @throws VaultError where the ring lacks that master key
   */
  wrap(owner: string, request: { masterKeyId: string; dataKey: Uint8Array }): WrappedKey
  /** @throws VaultError where the ring lacks the master key that wrapped it, or where it was changed or moved */
  unwrap(owner: string, kept: WrappedKey): Uint8Array
}

/** @param keys 32 bytes each, no two alike (`loadMasterKeys`) */
export function createKeyRing(keys: readonly Uint8Array[]): KeyRing {
  const byId = new Map(keys.map((key) => [fingerprint(key), sealingKey(key)]))
  const [first, ...others] = [...byId.keys()]
  if (first === undefined) throw new Error('A key ring needs a key.')
  const ids: KeyRing['ids'] = [first, ...others]
  const find = (owner: string, id: string) => {
    const key = byId.get(id)
    if (key) return key
    throw new VaultError(
      `The key of ${nameOfOwner(owner)} was wrapped by the master key ${id}; this process has ${ids.join(' and ')}.`,
    )
  }
  return {
    ids,
    wrap: (owner, { masterKeyId, dataKey }) => ({
      masterKeyId,
      wrappedKey: encrypt(find(owner, masterKeyId), boundTo(owner, 'workspace_key'), dataKey),
    }),
    unwrap: (owner, { masterKeyId, wrappedKey }) =>
      decrypt(find(owner, masterKeyId), boundTo(owner, 'workspace_key'), wrappedKey),
  }
}

/** Says which key it is without saying anything about it: 16 hexadecimal digits. */
export function fingerprint(key: Uint8Array): string {
  return createHash('sha256')
    .update('miniapps master key\0')
    .update(key)
    .digest('hex')
    .slice(0, FINGERPRINT_BYTES * 2)
}
