import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type TestDatabase, testDatabase, testEngine } from '../../test/database.ts'
import { recordRotation } from '../account/record-rotation.ts'
import type { Log, LogFields } from '../log.ts'
import { silentLog } from '../log.ts'
import { holdMasterKeys } from './key-holders.ts'
import { findUnreadableKeys, reportKeys } from './key-report.ts'
import { createKeyRing, fingerprint } from './key-ring.ts'
import { type RotationProgress, rotateMasterKey } from './rotate-master-key.ts'
import { startRotation } from './start-rotation.ts'
import { countByMasterKey, findActiveKey } from './store.ts'
import { createVault } from './vault.ts'

const [OLD, NEW] = [randomBytes(32), randomBytes(32)]
const WORKSPACES = 23
const batchKeys = 10
const PURPOSE = 'install:github:credentials'

let db: TestDatabase
let sealed: Map<string, Uint8Array>
let ofPlatform: Uint8Array

beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await db.sql.deleteFrom('workspace').execute()
  await db.sql.deleteFrom('keyHolder').execute()
  await db.sql.deleteFrom('setting').execute()
  const old = vaultWith(OLD)
  const ids = Array.from({ length: WORKSPACES }, () => randomUUID())
  await db.sql
    .insertInto('workspace')
    .values(ids.map((id) => ({ id, subdomain: id, name: 'w' })))
    .execute()
  sealed = new Map()
  for (const id of ids) sealed.set(id, await old.seal(id, PURPOSE, { of: id }))
  ofPlatform = await old.sealPlatform('app-config:github', { client_secret: 's' })
})

const ring = (...keys: Uint8Array[]) => createKeyRing(keys)
const vaultWith = (...keys: Uint8Array[]) => createVault({ keyRing: ring(...keys), db })

async function newWorkspace(): Promise<string> {
  const id = randomUUID()
  await db.sql.insertInto('workspace').values({ id, subdomain: id, name: 'w' }).execute()
  return id
}

async function expectAllReadableWith(...keys: Uint8Array[]): Promise<void> {
  const vault = vaultWith(...keys)
  for (const [id, bytes] of sealed) expect(await vault.open(id, PURPOSE, bytes)).toEqual({ of: id })
  expect(await vault.openPlatform('app-config:github', ofPlatform)).toEqual({ client_secret: 's' })
}

/** Ends a rotation after its first batch, as a kill would between two transactions. */
async function rotateOneBatch(): Promise<void> {
  const stop = new AbortController()
  const onProgress = ({ done }: RotationProgress) => {
    if (done > 0) stop.abort()
  }
  await rotateMasterKey({ db, keyRing: ring(NEW, OLD) }, { onProgress, signal: stop.signal, batchKeys })
}

describe('after a rotation', () => {
  it('the new key alone opens everything, and the old one nothing', async () => {
    const seen: RotationProgress[] = []
    const rotation = await rotateMasterKey(
      { db, keyRing: ring(NEW, OLD) },
      { onProgress: (progress) => seen.push(progress), batchKeys },
    )
    const total = WORKSPACES + 1
    expect(rotation).toEqual({ masterKeyId: fingerprint(NEW), rewrapped: total, unreadable: [] })
    expect(seen.map(({ done }) => done)).toEqual([0, 10, 20, 23, 24])
    expect(new Set(seen.map((progress) => progress.total))).toEqual(new Set([total]))
    await expectAllReadableWith(NEW)
    const [id, bytes] = [...sealed][0] ?? ['', Buffer.alloc(0)]
    await expect(vaultWith(OLD).open(id, PURPOSE, bytes)).rejects.toThrow(/was wrapped by the master key/)
  })

  it('a new workspace gets the new key, also from a vault that was made before', async () => {
    const before = vaultWith(NEW, OLD)
    await before.seal(await newWorkspace(), PURPOSE, 1)
    expect((await countByMasterKey(db.sql)).get(fingerprint(NEW))).toBeUndefined()
    await rotateMasterKey({ db, keyRing: ring(NEW, OLD) })
    await before.seal(await newWorkspace(), PURPOSE, 1)
    expect([...(await countByMasterKey(db.sql))]).toEqual([[fingerprint(NEW), WORKSPACES + 3]])
  })

  it('is told of once, in the audit log of the default workspace, by fingerprints', async () => {
    const recordReplacement = recordRotation
    await rotateMasterKey({ db, keyRing: ring(NEW, OLD) }, { recordReplacement })
    await rotateMasterKey({ db, keyRing: ring(NEW, OLD) }, { recordReplacement })
    const acts = await allWorkspaces(db.sql).selectFrom('audit').select(['kind', 'details']).execute()
    expect(acts).toEqual([{ kind: 'key.rotated', details: { from: fingerprint(OLD), to: fingerprint(NEW) } }])
  })

  it('another changes nothing', async () => {
    await rotateMasterKey({ db, keyRing: ring(NEW, OLD) })
    expect(await rotateMasterKey({ db, keyRing: ring(NEW) })).toMatchObject({ rewrapped: 0 })
  })

  it('the first key may take its place back', async () => {
    await rotateMasterKey({ db, keyRing: ring(NEW, OLD) })
    await rotateMasterKey({ db, keyRing: ring(OLD, NEW) })
    await expectAllReadableWith(OLD)
  })
})

describe('a rotation', () => {
  it('that ended in the middle leaves everything readable with both keys, and is finished by the next', async () => {
    await rotateOneBatch()
    const counts = await countByMasterKey(db.sql)
    expect(counts.get(fingerprint(NEW))).toBe(10)
    expect(await findActiveKey(db.sql)).toBe(fingerprint(NEW))
    await expectAllReadableWith(OLD, NEW)
    expect(await rotateMasterKey({ db, keyRing: ring(NEW, OLD) })).toMatchObject({
      rewrapped: WORKSPACES - 9,
    })
    await expectAllReadableWith(NEW)
  })

  it('may be made twice at once: each key is wrapped anew by one of them', async () => {
    const both = await Promise.all(
      [1, 2].map(() => rotateMasterKey({ db, keyRing: ring(NEW, OLD) }, { batchKeys })),
    )
    expect(both.reduce((sum, { rewrapped }) => sum + rewrapped, 0)).toBe(WORKSPACES + 1)
    await expectAllReadableWith(NEW)
  })

  it('leaves no key behind of workspaces that are made meanwhile', async () => {
    const fresh = await Promise.all(Array.from({ length: 20 }, () => newWorkspace()))
    const vaults = [vaultWith(OLD, NEW), vaultWith(NEW, OLD)]
    const [, ...values] = await Promise.all([
      rotateMasterKey({ db, keyRing: ring(NEW, OLD) }, { batchKeys: 2 }),
      ...fresh.map((id, index) => vaults[index % 2]?.seal(id, PURPOSE, { of: id })),
    ])
    fresh.forEach((id, index) => {
      sealed.set(id, values[index] ?? Buffer.alloc(0))
    })
    await expectAllReadableWith(NEW)
  })

  it('is refused, and changes nothing, where the previous key is not given or is another', async () => {
    for (const keyRing of [ring(NEW), ring(NEW, randomBytes(32))]) {
      await expect(rotateMasterKey({ db, keyRing })).rejects.toThrow(
        /^The master key is not the one this database was written with/,
      )
    }
    expect(await findActiveKey(db.sql)).toBe(fingerprint(OLD))
    await expectAllReadableWith(OLD)
  })

  it('is refused, and changes nothing, while a running process does not have the new key', async () => {
    const release = await holdMasterKeys(db, ring(OLD))
    await expect(rotateMasterKey({ db, keyRing: ring(NEW, OLD) })).rejects.toThrow(
      `1 running process does not have the master key ${fingerprint(NEW)} yet`,
    )
    expect(await findActiveKey(db.sql)).toBe(fingerprint(OLD))
    await release()
    await rotateMasterKey({ db, keyRing: ring(NEW, OLD) })
  })

  it('passes a data key by that was changed, names it, and finishes the others', async () => {
    const [broken = ''] = sealed.keys()
    await allWorkspaces(db.sql)
      .updateTable('workspaceKey')
      .set({ wrappedKey: randomBytes(65) })
      .where('workspaceId', '=', broken)
      .execute()
    const { rewrapped, unreadable } = await rotateMasterKey({ db, keyRing: ring(NEW, OLD) })
    expect(rewrapped).toBe(WORKSPACES)
    expect(unreadable).toEqual([{ owner: broken, reason: expect.stringMatching(/^What is stored/) }])
    expect(await findUnreadableKeys(db, ring(NEW, OLD))).toEqual(unreadable)
  })
})

describe('the report', () => {
  it('says what each key wraps, which is given and which wraps new ones', async () => {
    await rotateOneBatch()
    const unused = randomBytes(32)
    expect(await reportKeys(db, ring(NEW, unused))).toEqual({
      processes: 0,
      masterKeys: [
        { id: fingerprint(NEW), place: 1, dataKeys: 10, active: true, processes: 0 },
        { id: fingerprint(unused), place: 2, dataKeys: 0, active: false, processes: 0 },
        { id: fingerprint(OLD), place: undefined, dataKeys: 14, active: false, processes: 0 },
      ],
    })
  })

  it('of a finished rotation finds nothing that does not open with the new key alone', async () => {
    await rotateMasterKey({ db, keyRing: ring(NEW, OLD) })
    expect(await findUnreadableKeys(db, ring(NEW))).toEqual([])
    expect(await findUnreadableKeys(db, ring(OLD))).toHaveLength(WORKSPACES + 1)
  })
})

describe('a start with a new key in front', () => {
  it('rotates in the background on the embedded database, and tells the operator on PostgreSQL', async () => {
    const lines: [string, LogFields | undefined][] = []
    const log: Log = {
      ...silentLog,
      info: (event, fields) => lines.push([event, fields]),
      warn: (event, fields) => lines.push([event, fields]),
    }
    const finished = Promise.withResolvers<void>()
    const watched = {
      ...log,
      info: (...line: Parameters<Log['info']>) => [log.info(...line), finished.resolve()],
    }
    const end = await startRotation({ db, keyRing: ring(NEW, OLD), log: watched })
    if (testEngine === 'postgres') {
      expect(lines).toEqual([['key.outdated', { masterKeyId: fingerprint(NEW), left: WORKSPACES + 1 }]])
      await expectAllReadableWith(OLD)
    } else {
      await finished.promise
      expect(lines).toMatchObject([['key.rotated', { status: 'finished', rewrapped: WORKSPACES + 1 }]])
      await expectAllReadableWith(NEW)
    }
    await end()
  })

  it('says nothing where the key is the one in use', async () => {
    const lines: string[] = []
    const log: Log = { ...silentLog, info: (event) => lines.push(event), warn: (event) => lines.push(event) }
    const end = await startRotation({ db, keyRing: ring(OLD, NEW), log })
    await end()
    expect(lines).toEqual([])
  })
})
