import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { findHolders, holdMasterKeys } from './key-holders.ts'
import { createKeyRing, fingerprint } from './key-ring.ts'
import { MasterKeyError } from './master-key-text.ts'
import { rotateMasterKey } from './rotate-master-key.ts'
import { createVault } from './vault.ts'

const [OLD, NEW] = [randomBytes(32), randomBytes(32)]

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.drop())
beforeEach(async () => {
  await allWorkspaces(db.sql).deleteFrom('workspaceKey').execute()
  await db.sql.deleteFrom('keyHolder').execute()
  await db.sql.deleteFrom('setting').where('name', '=', 'masterKeyFingerprint').execute()
})

/** A start of a process, and its end. */
async function start(...keys: Uint8Array[]): Promise<void> {
  const release = await holdMasterKeys(db, createKeyRing(keys))
  await release()
}

async function sealSomething(...keys: Uint8Array[]): Promise<void> {
  const workspaceId = randomUUID()
  await db.sql
    .insertInto('workspace')
    .values({ id: workspaceId, subdomain: workspaceId, name: 'w' })
    .execute()
  await createVault({ keyRing: createKeyRing(keys), db }).seal(workspaceId, 'x', 1)
}

const WRONG =
  /^The master key is not the one this database was written with \(the database says [0-9a-f]{16}, the key given is [0-9a-f]{16}\)/

describe('the key of a database', () => {
  it('is remembered at the first start and accepted at the next', async () => {
    await start(OLD)
    await start(OLD)
  })

  it('is refused where it is another', async () => {
    await start(OLD)
    await expect(start(NEW)).rejects.toThrow(WRONG)
    await expect(start(NEW, randomBytes(32))).rejects.toThrow(
      /the keys given are [0-9a-f]{16}, [0-9a-f]{16}\)/,
    )
    await start(OLD)
  })

  it('is refused where data keys were wrapped by another, also when the fingerprint was lost', async () => {
    await sealSomething(OLD)
    await db.sql.deleteFrom('setting').where('name', '=', 'masterKeyFingerprint').execute()
    await expect(start(NEW)).rejects.toThrow(MasterKeyError)
    await expect(start(NEW)).rejects.toThrow(
      `needs a master key that this process does not have: ${fingerprint(OLD)}`,
    )
    await start(OLD)
  })

  it('is one, of several processes that start at once with different keys', async () => {
    const keys = Array.from({ length: 4 }, () => randomBytes(32))
    const ring = (key: Uint8Array) => holdMasterKeys({ ...db, processId: freshId }, createKeyRing([key]))
    const outcomes = await Promise.allSettled(keys.map(ring))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

const freshId = async () => String(randomBytes(8).readBigUInt64BE() >> 1n)

describe('while the master key is replaced', () => {
  it('a process may have the new key before it is used, at either place', async () => {
    await start(OLD)
    await sealSomething(OLD)
    await start(NEW, OLD)
    await start(OLD, NEW)
    await sealSomething(NEW, OLD)
    await start(OLD)
  })

  it('a process that has one of the two alone is refused with the text that says which', async () => {
    await start(OLD)
    await sealSomething(OLD)
    await sealSomething(OLD)
    const stop = new AbortController()
    stop.abort()
    await rotateMasterKey({ db, keyRing: createKeyRing([NEW, OLD]) }, { signal: stop.signal })
    const lacks = (key: Uint8Array, uses: string) =>
      `The database needs a master key that this process does not have: ${fingerprint(key)} (${uses})`
    await expect(start(OLD)).rejects.toThrow(lacks(NEW, '0 data keys, and every new one'))
    await expect(start(NEW)).rejects.toThrow(lacks(OLD, '2 data keys'))
    await start(OLD, NEW)
  })
})

describe('running processes', () => {
  it('are listed with their keys until they end', async () => {
    const release = await holdMasterKeys(db, createKeyRing([NEW, OLD]))
    const [holder] = await findHolders(db)
    expect(holder).toMatchObject({
      processId: await db.processId(),
      masterKeyIds: [NEW, OLD].map(fingerprint),
    })
    await release()
    expect(await findHolders(db)).toEqual([])
  })

  it('that were killed are forgotten', async () => {
    await db.sql
      .insertInto('keyHolder')
      .values({ processId: '12345', masterKeyIds: ['x'] })
      .execute()
    expect(await findHolders(db)).toEqual([])
    expect(await db.sql.selectFrom('keyHolder').selectAll().execute()).toEqual([])
  })

  it('do not keep one from ending while the database is away', async () => {
    const release = await holdMasterKeys(db, createKeyRing([OLD]))
    const away = await testDatabase()
    const releaseAway = await holdMasterKeys(away, createKeyRing([OLD]))
    await away.drop()
    await releaseAway()
    await release()
  })
})
