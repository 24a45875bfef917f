import { spawnSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import {
  checkMasterKey,
  fingerprint,
  loadMasterKey,
  MasterKeyError,
  type MasterKeyOptions,
} from './master-key.ts'
import { createVault } from './vault.ts'

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index))
const ENCODED = KEY.toString('base64')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'miniapps-key-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const load = (options: Partial<MasterKeyOptions>) =>
  loadMasterKey({ dataDir: join(folder, 'data'), mayCreate: true, dataExists: false, ...options })

const keyPath = () => join(folder, 'data', 'master.key')
function writeKeyFile(path: string, text: string, mode = 0o600): string {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

describe('the master key is given', () => {
  it.each<[string, () => Partial<MasterKeyOptions>]>([
    ['by MASTER_KEY', () => ({ masterKey: ENCODED })],
    ['by MASTER_KEY with white space around it', () => ({ masterKey: ` ${ENCODED}\n` })],
    ['by MASTER_KEY_FILE', () => ({ masterKeyFile: writeKeyFile(join(folder, 'key'), `${ENCODED}\n`) })],
    [
      'by MASTER_KEY_FILE that others may read, as secrets are mounted',
      () => ({ masterKeyFile: writeKeyFile(join(folder, 'key'), ENCODED, 0o444) }),
    ],
    ['by MASTER_KEY_COMMAND', () => ({ masterKeyCommand: `printf '%s\\n' ${ENCODED}` })],
    [
      'while the other settings are empty',
      () => ({ masterKey: ENCODED, masterKeyFile: '', masterKeyCommand: ' ' }),
    ],
    [
      'where data exists and none may be made',
      () => ({ masterKey: ENCODED, dataExists: true, mayCreate: false }),
    ],
  ])('%s', async (_, options) => {
    expect(Buffer.from(await load(options()))).toEqual(KEY)
    expect(readdirSync(folder)).not.toContain('data')
  })
})

describe('the master key is made', () => {
  it('where there is neither key nor data, for its owner alone, and kept', async () => {
    const made = await load({})
    expect(made).toHaveLength(32)
    expect(statSync(keyPath()).mode & 0o777).toBe(0o600)
    expect(readFileSync(keyPath(), 'utf8')).toBe(`${Buffer.from(made).toString('base64')}\n`)
    expect(await load({ dataExists: true })).toEqual(made)
    expect(readdirSync(join(folder, 'data'))).toEqual(['master.key'])
  })

  it('once, by whichever of several processes is first', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => load({})))
    expect(new Set(keys.map((key) => fingerprint(key))).size).toBe(1)
    expect(readdirSync(join(folder, 'data'))).toEqual(['master.key'])
  })

  it('differently each time', async () => {
    const first = await load({})
    const second = await load({ dataDir: join(folder, 'other') })
    expect(fingerprint(first)).not.toBe(fingerprint(second))
  })
})

describe('the start is refused', () => {
  const refusals: [string, () => Partial<MasterKeyOptions>, RegExp][] = [
    [
      'two settings',
      () => ({ masterKey: ENCODED, masterKeyCommand: 'true' }),
      /^MASTER_KEY and MASTER_KEY_COMMAND exclude each other: set one of them\.$/,
    ],
    [
      'no key where none may be made',
      () => ({ mayCreate: false }),
      /^No master key is given\. With DATABASE_URL every process needs the same one.*openssl rand -base64 32/,
    ],
    [
      'data without its key',
      () => ({ dataExists: true }),
      /^The database in .*data exists, but its master key is missing: there is no .*master\.key and no MASTER_KEY setting\..*backup.*move .*data away\.$/,
    ],
    [
      'a short key',
      () => ({ masterKey: randomBytes(16).toString('base64') }),
      /^The master key of MASTER_KEY holds 16 bytes; it must be 32 bytes in base64 \(44 characters\)/,
    ],
    ['a key of 33 bytes', () => ({ masterKey: randomBytes(33).toString('base64') }), /holds 33 bytes/],
    ['a key in hexadecimal', () => ({ masterKey: KEY.toString('hex') }), /holds 48 bytes/],
    [
      'text that is no base64',
      () => ({ masterKey: 'correct horse battery staple' }),
      /of MASTER_KEY is not base64/,
    ],
    [
      'an absent key file',
      () => ({ masterKeyFile: join(folder, 'none') }),
      /^MASTER_KEY_FILE, .*none, cannot be read: ENOENT/,
    ],
    [
      'an empty key file',
      () => ({ masterKeyFile: writeKeyFile(join(folder, 'key'), '\n') }),
      /of MASTER_KEY_FILE is empty/,
    ],
    [
      'a key file that others may write',
      () => ({ masterKeyFile: writeKeyFile(join(folder, 'key'), ENCODED, 0o666) }),
      /may be written by other users of this machine \(mode 666\)\. Run `chmod 600 /,
    ],
    [
      'a kept key that others may read',
      () => {
        writeKeyFile(keyPath(), ENCODED, 0o640)
        return {}
      },
      /master\.key may be read by other users of this machine \(mode 640\)/,
    ],
    [
      'a kept key that was cut',
      () => {
        writeKeyFile(keyPath(), ENCODED.slice(0, 20))
        return {}
      },
      /^The master key of .*master\.key holds 15 bytes/,
    ],
    [
      'a command that fails',
      () => ({ masterKeyCommand: 'echo sealed >&2; exit 3' }),
      /^MASTER_KEY_COMMAND ended with status 3: sealed$/,
    ],
    ['a command that prints nothing', () => ({ masterKeyCommand: 'true' }), /of MASTER_KEY_COMMAND is empty/],
  ]
  it.each(refusals)('for %s', async (_, options, message) => {
    await expect(load(options())).rejects.toThrow(message)
    await expect(load(options())).rejects.toBeInstanceOf(MasterKeyError)
  })

  it('without repeating a key in the error', async () => {
    const long = `${ENCODED}extra`
    for (const options of [
      { masterKey: long },
      { masterKeyCommand: `echo ${long}` },
      { masterKeyCommand: `echo ${long}; exit 1` },
    ]) {
      const error = await load(options).catch((error: unknown) => error)
      expect(String((error as Error).stack) + JSON.stringify(error)).not.toContain(ENCODED.slice(0, 10))
    }
  })
})

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

describe('the key of a database', () => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await testDatabase()
  })
  afterAll(() => db.drop())
  beforeEach(async () => {
    await db.sql.deleteFrom('workspaceKey').execute()
    await db.sql.deleteFrom('setting').where('name', '=', 'masterKeyFingerprint').execute()
  })
  const wrong =
    /^The master key is not the one this database was written with \(the database says [0-9a-f]{16}, the key given is [0-9a-f]{16}\)/

  it('is remembered at the first start and accepted at the next', async () => {
    await checkMasterKey(db, KEY)
    await checkMasterKey(db, KEY)
  })

  it('is refused where it is another', async () => {
    await checkMasterKey(db, KEY)
    await expect(checkMasterKey(db, randomBytes(32))).rejects.toThrow(wrong)
    await checkMasterKey(db, KEY)
  })

  it('is refused where data keys were wrapped by another, also when the fingerprint was lost', async () => {
    const workspaceId = randomUUID()
    await db.sql
      .insertInto('workspace')
      .values({ id: workspaceId, subdomain: workspaceId, name: 'w' })
      .execute()
    await createVault({ masterKey: KEY, db }).seal(workspaceId, 'x', 1)
    await expect(checkMasterKey(db, randomBytes(32))).rejects.toThrow(wrong)
    await checkMasterKey(db, KEY)
  })

  it('is one, of several processes that start at once with different keys', async () => {
    const keys = Array.from({ length: 4 }, () => randomBytes(32))
    const outcomes = await Promise.allSettled(keys.map((key) => checkMasterKey(db, key)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})
