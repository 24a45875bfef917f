import { randomBytes } from 'node:crypto'
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
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addKey } from './key-file.ts'
import { loadMasterKeys, type MasterKeyOptions } from './master-key.ts'
import { MasterKeyError } from './master-key-text.ts'

const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index))
const ENCODED = KEY.toString('base64')
const OTHER = Buffer.alloc(32, 9).toString('base64')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'miniapps-key-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const loadAll = (options: Partial<MasterKeyOptions>) =>
  loadMasterKeys({ dataDir: join(folder, 'data'), mayCreate: true, dataExists: false, ...options })

async function load(options: Partial<MasterKeyOptions>): Promise<Uint8Array> {
  const [key, ...others] = await loadAll(options)
  if (key === undefined || others.length > 0) throw new Error(`There are ${others.length} more keys.`)
  return key
}
const base64 = (keys: readonly Uint8Array[]) => keys.map((key) => Buffer.from(key).toString('base64'))

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

describe('several master keys are given', () => {
  it.each<[string, () => Partial<MasterKeyOptions>]>([
    ['by MASTER_KEY, between commas', () => ({ masterKey: `${ENCODED}, ${OTHER}` })],
    ['by MASTER_KEY, in lines', () => ({ masterKey: `${ENCODED}\n${OTHER}\n` })],
    [
      'by MASTER_KEY_FILE, with the line ends of another system',
      () => ({ masterKeyFile: writeKeyFile(join(folder, 'key'), `${ENCODED}\r\n${OTHER}\r\n`) }),
    ],
    ['by MASTER_KEY_COMMAND', () => ({ masterKeyCommand: `printf '%s\\n' ${ENCODED} ${OTHER}` })],
  ])('%s, the newest first', async (_, options) => {
    expect(base64(await loadAll(options()))).toEqual([ENCODED, OTHER])
  })

  it('in the kept file', async () => {
    writeKeyFile(keyPath(), `${ENCODED}\n${OTHER}\n`)
    expect(base64(await loadAll({ dataExists: true }))).toEqual([ENCODED, OTHER])
  })
})

describe('a key is added to a file', () => {
  it('in front of those that it holds, for its owner alone', async () => {
    writeKeyFile(keyPath(), `${ENCODED}`)
    const keys = await addKey(keyPath())
    expect(base64(keys)[1]).toBe(ENCODED)
    expect(readFileSync(keyPath(), 'utf8')).toBe(`${base64(keys).join('\n')}\n`)
    expect(statSync(keyPath()).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(folder, 'data'))).toEqual(['master.key'])
  })

  it('where there is no file, alone', async () => {
    expect(await addKey(keyPath())).toHaveLength(1)
    expect(statSync(keyPath()).mode & 0o777).toBe(0o600)
  })

  it('never to a file that holds something else, or that others may read', async () => {
    writeKeyFile(keyPath(), 'PASSWORD=x\n')
    await expect(addKey(keyPath())).rejects.toThrow(/is not base64/)
    expect(readFileSync(keyPath(), 'utf8')).toBe('PASSWORD=x\n')
    writeKeyFile(keyPath(), ENCODED, 0o644)
    await expect(addKey(keyPath())).rejects.toThrow(/may be read by other users/)
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
    expect(new Set(base64(keys)).size).toBe(1)
    expect(readdirSync(join(folder, 'data'))).toEqual(['master.key'])
  })

  it('differently each time', async () => {
    const first = await load({})
    const second = await load({ dataDir: join(folder, 'other') })
    expect(first).not.toEqual(second)
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
      () => ({ masterKey: 'correct.horse.battery.staple' }),
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
    [
      'a second key that was cut',
      () => ({ masterKeyFile: writeKeyFile(join(folder, 'key'), `${ENCODED}\n${OTHER.slice(0, 30)}\n`) }),
      /^The master key 2 of 2 of MASTER_KEY_FILE holds 22 bytes; it must be 32 bytes/,
    ],
    [
      'the same key twice',
      () => ({ masterKeyFile: writeKeyFile(join(folder, 'key'), `${ENCODED}\n${ENCODED}\n`) }),
      /^The master key 2 of 2 of MASTER_KEY_FILE stands there twice\. .*new key in front/,
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
