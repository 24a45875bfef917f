import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { VaultError } from './envelope.ts'
import { createKeyRing, fingerprint } from './key-ring.ts'
import { countByMasterKey } from './store.ts'
import { createVault, type Vault } from './vault.ts'

const MASTER_KEY = randomBytes(32)
const PURPOSE = 'install:github:credentials'

let db: TestDatabase
let vault: Vault
let [one, two]: [string, string] = ['', '']
beforeAll(async () => {
  db = await testDatabase()
  vault = freshVault()
  one = await newWorkspace()
  two = await newWorkspace()
})
afterAll(() => db.drop())

async function newWorkspace(): Promise<string> {
  const id = randomUUID()
  await db.sql.insertInto('workspace').values({ id, subdomain: id, name: 'w' }).execute()
  return id
}

const freshVault = (masterKey: Uint8Array = MASTER_KEY) =>
  createVault({ keyRing: createKeyRing([masterKey]), db })
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'opened',
    (error: unknown) => error,
  )

describe('what is sealed', () => {
  it.each<[string, unknown]>([
    ['an object', { accessToken: 'ghp_x', nested: { n: [1, null, true] } }],
    ['text of other scripts, NUL and lone surrogates', { a: 'مفتاح', b: 'a\0b', c: '\ud800' }],
    ['an empty object', {}],
    ['null', null],
    ['members named like built-ins', JSON.parse('{"__proto__":1,"constructor":2}')],
    ['a megabyte', { a: 'x'.repeat(1 << 20) }],
  ])('opens again: %s', async (_, value) => {
    expect(await vault.open(one, PURPOSE, await vault.seal(one, PURPOSE, value))).toEqual(value)
  })

  it('opens in another process, and as bytes', async () => {
    const sealed = await vault.sealBytes(one, PURPOSE, Buffer.from([0, 255, 7]))
    expect(Buffer.from(await freshVault().openBytes(one, PURPOSE, sealed))).toEqual(Buffer.from([0, 255, 7]))
  })

  it('shows nothing of the value, and is different each time', async () => {
    const [first, second] = [
      await vault.seal(one, PURPOSE, 'secret-value'),
      await vault.seal(one, PURPOSE, 'secret-value'),
    ]
    expect(Buffer.from(first).includes('secret')).toBe(false)
    expect(Buffer.from(first).equals(Buffer.from(second))).toBe(false)
  })

  it('begins with the format version and is 33 bytes longer than the value', async () => {
    const sealed = await vault.sealBytes(one, PURPOSE, Buffer.alloc(10))
    expect([sealed[0], sealed.length]).toEqual([1, 43])
  })

  it('must be JSON', async () => {
    await expect(vault.seal(one, PURPOSE, undefined)).rejects.toThrow(
      'The value of "install:github:credentials" is not JSON.',
    )
  })
})

describe("what is sealed under the platform's key", () => {
  it('opens again, in another process too, under its purpose alone', async () => {
    const sealed = await vault.sealPlatform('app-config:github', { client_secret: 's' })
    expect(await vault.openPlatform('app-config:github', sealed)).toEqual({ client_secret: 's' })
    expect(await freshVault().openPlatform('app-config:github', sealed)).toEqual({ client_secret: 's' })
    expect(await refusal(vault.openPlatform('app-config:slack', sealed))).toBeInstanceOf(VaultError)
  })

  it('opens in no workspace, and what a workspace sealed does not open there', async () => {
    const ofPlatform = await vault.sealPlatform(PURPOSE, 1)
    const ofWorkspace = await vault.seal(one, PURPOSE, 1)
    expect(await refusal(vault.open(one, PURPOSE, ofPlatform))).toBeInstanceOf(VaultError)
    expect(await refusal(vault.openPlatform(PURPOSE, ofWorkspace))).toBeInstanceOf(VaultError)
  })

  it('needs the same master key, of which the database knows', async () => {
    const sealed = await vault.sealPlatform(PURPOSE, 1)
    const other = freshVault(randomBytes(32))
    expect(String(await refusal(other.openPlatform(PURPOSE, sealed)))).toContain('The key of the platform')
    expect([...(await countByMasterKey(db.sql)).keys()]).toEqual([fingerprint(MASTER_KEY)])
  })

  it('is one key, whichever of two processes made it first', async () => {
    await db.sql.deleteFrom('setting').where('name', '=', 'platformKey').execute()
    const [first, second] = [freshVault(), freshVault()]
    const sealed = await Promise.all([first.sealPlatform(PURPOSE, 1), second.sealPlatform(PURPOSE, 2)])
    expect(await Promise.all(sealed.map((one) => freshVault().openPlatform(PURPOSE, one)))).toEqual([1, 2])
  })
})

describe('what is sealed does not open', () => {
  const moves: [string, (sealed: Uint8Array) => Promise<unknown>][] = [
    ['under another purpose', (sealed) => vault.open(one, 'install:slack:credentials', sealed)],
    [
      'in another workspace',
      async (sealed) => {
        await vault.seal(two, PURPOSE, 1)
        return vault.open(two, PURPOSE, sealed)
      },
    ],
    [
      'in a workspace that never sealed anything',
      async (sealed) => vault.open(await newWorkspace(), PURPOSE, sealed),
    ],
    ['with the wrong master key', (sealed) => freshVault(randomBytes(32)).open(one, PURPOSE, sealed)],
    ['cut', (sealed) => vault.open(one, PURPOSE, sealed.subarray(0, -1))],
    ['with a shortened tag', (sealed) => vault.open(one, PURPOSE, sealed.subarray(0, -12))],
    ['empty', () => vault.open(one, PURPOSE, new Uint8Array())],
  ]
  it.each(moves)('%s', async (_, open) => {
    const sealed = await vault.seal(one, PURPOSE, { token: 'plain-secret' })
    const error = await refusal(open(sealed))
    expect(error).toBeInstanceOf(VaultError)
    expect(`${(error as Error).stack}${JSON.stringify(error)}`).not.toContain('plain-secret')
  })

  it('with any single byte changed', async () => {
    const sealed = await vault.seal(one, PURPOSE, { token: 'x' })
    for (let index = 0; index < sealed.length; index++) {
      const changed = Buffer.from(sealed)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(await refusal(vault.open(one, PURPOSE, changed)), `byte ${index}`).toBeInstanceOf(VaultError)
    }
  })

  it('with a data key moved from another workspace', async () => {
    const victim = await newWorkspace()
    const sealed = await vault.seal(victim, PURPOSE, 1)
    const { wrappedKey } = await allWorkspaces(db.sql)
      .selectFrom('workspaceKey')
      .select('wrappedKey')
      .where('workspaceId', '=', victim)
      .executeTakeFirstOrThrow()
    const thief = await newWorkspace()
    await vault.seal(thief, PURPOSE, 1)
    await allWorkspaces(db.sql)
      .updateTable('workspaceKey')
      .set({ wrappedKey })
      .where('workspaceId', '=', thief)
      .execute()
    expect(await refusal(freshVault().open(thief, PURPOSE, sealed))).toBeInstanceOf(VaultError)
  })
})

describe('the data key', () => {
  it('is made once, whichever process is first', async () => {
    const workspaceId = await newWorkspace()
    const vaults = Array.from({ length: 8 }, () => freshVault())
    const sealed = await Promise.all(vaults.map((each, n) => each.seal(workspaceId, PURPOSE, n)))
    for (const [n, bytes] of sealed.entries()) {
      expect(await vaults[(n + 3) % 8]?.open(workspaceId, PURPOSE, bytes)).toBe(n)
    }
    const rows = await allWorkspaces(db.sql)
      .selectFrom('workspaceKey')
      .selectAll()
      .where('workspaceId', '=', workspaceId)
      .execute()
    expect(rows).toHaveLength(1)
  })

  it('is asked for again after a failure', async () => {
    const workspaceId = randomUUID()
    const broken = freshVault()
    await expect(broken.seal(workspaceId, PURPOSE, 1)).rejects.toThrow()
    await db.sql
      .insertInto('workspace')
      .values({ id: workspaceId, subdomain: workspaceId, name: 'w' })
      .execute()
    expect(await broken.open(workspaceId, PURPOSE, await broken.seal(workspaceId, PURPOSE, 1))).toBe(1)
  })

  it('is not made by opening', async () => {
    const workspaceId = await newWorkspace()
    expect(await refusal(vault.open(workspaceId, PURPOSE, Buffer.alloc(50)))).toBeInstanceOf(VaultError)
    expect(
      await allWorkspaces(db.sql)
        .selectFrom('workspaceKey')
        .select('workspaceId')
        .where('workspaceId', '=', workspaceId)
        .execute(),
    ).toEqual([])
  })
})

describe('the signing key', () => {
  it('is 32 bytes, the same in every process and different in every workspace', async () => {
    const [mine, elsewhere, other] = await Promise.all([
      vault.signingKey(one),
      freshVault().signingKey(one),
      vault.signingKey(two),
    ])
    expect(mine).toHaveLength(32)
    expect(elsewhere).toEqual(mine)
    expect(other).not.toEqual(mine)
  })
})
