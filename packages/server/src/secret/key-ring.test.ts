import { spawnSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { VaultError } from './envelope.ts'
import { createKeyRing, fingerprint } from './key-ring.ts'

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index))

describe('the fingerprint', () => {
  it('is the same for the same key, and short', () => {
    expect(fingerprint(KEY)).toMatch(/^[0-9a-f]{16}$/)
    expect(fingerprint(new Uint8Array(KEY))).toBe(fingerprint(KEY))
    expect(fingerprint(randomBytes(32))).not.toBe(fingerprint(KEY))
  })

  it('is no plain hash of the key', () => {
    const sum = spawnSync('sha256sum', { input: KEY, encoding: 'utf8' }).stdout
    expect(sum.startsWith(fingerprint(KEY))).toBe(false)
  })
})

describe('a ring', () => {
  const [first, second] = [randomBytes(32), randomBytes(32)]
  const owner = randomUUID()
  const dataKey = randomBytes(32)

  it('wraps with the key that is named, and unwraps whichever of its keys did', () => {
    const ring = createKeyRing([first, second])
    expect(ring.ids).toEqual([fingerprint(first), fingerprint(second)])
    for (const masterKeyId of ring.ids) {
      const kept = ring.wrap(owner, { masterKeyId, dataKey })
      expect(kept.masterKeyId).toBe(masterKeyId)
      expect(Buffer.from(ring.unwrap(owner, kept))).toEqual(dataKey)
    }
  })

  it('names the key that it lacks and those that it has', () => {
    const kept = createKeyRing([first]).wrap(owner, { masterKeyId: fingerprint(first), dataKey })
    const other = createKeyRing([second])
    expect(() => other.unwrap(owner, kept)).toThrow(VaultError)
    expect(() => other.unwrap(owner, kept)).toThrow(
      `was wrapped by the master key ${fingerprint(first)}; this process has ${fingerprint(second)}.`,
    )
  })

  it('does not unwrap for another owner', () => {
    const ring = createKeyRing([first])
    const kept = ring.wrap(owner, { masterKeyId: fingerprint(first), dataKey })
    expect(() => ring.unwrap(randomUUID(), kept)).toThrow(VaultError)
  })
})
