/**
 * The master key: 32 bytes that wrap every workspace's data key (specification 3.2). It is never in the database; what
 * the database holds is its fingerprint, so that a wrong key is found at the start and not by the first credential that
 * does not decrypt.
 */
import { exec } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Database } from '../db/client.ts'
import { keepFingerprint, masterKeyIdsInUse } from './store.ts'

export const MASTER_KEY_BYTES = 32
/** 32 bytes in base64, padded. */
const BASE64_KEY = /^[A-Za-z0-9+/]{43}=$/
const FINGERPRINT_BYTES = 8

/** A secret manager may have to be signed in to; longer means that it waits for somebody who is not there. */
const COMMAND_TIMEOUT_MS = 30_000
const COMMAND_OUTPUT_BYTES = 64 * 1024

const OWNER_ONLY = 0o600
const OTHERS_MAY_ANYTHING = 0o077
const OTHERS_MAY_WRITE = 0o022

/** The master key is missing, unusable or another than the data's. `message` says what to do; trying again does not help. */
export class MasterKeyError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'MasterKeyError'
  }
}

export interface MasterKeyOptions {
  /** `MASTER_KEY`: base64. */
  masterKey?: string | undefined
  /** `MASTER_KEY_FILE`: a file that holds it. Others may read it (secrets are mounted like that), never write it. */
  masterKeyFile?: string | undefined
  /** `MASTER_KEY_COMMAND`: a shell command that prints it. */
  masterKeyCommand?: string | undefined
  /** Where `master.key` is kept, or made, without any of the three. */
  dataDir?: string | undefined
  /** False with `DATABASE_URL`: two hosts would make two keys. */
  mayCreate: boolean
  /** The data directory holds a database: a missing key is lost, not new. */
  dataExists: boolean
}

const HOW_TO_MAKE_ONE = 'Make one with `openssl rand -base64 32`.'

const SOURCES = {
  MASTER_KEY: ({ masterKey }) => masterKey,
  MASTER_KEY_FILE: ({ masterKeyFile }) => masterKeyFile,
  MASTER_KEY_COMMAND: ({ masterKeyCommand }) => masterKeyCommand,
} as const satisfies Record<string, (options: MasterKeyOptions) => string | undefined>

type Source = keyof typeof SOURCES

const READERS: Record<Source, (value: string) => Promise<string>> = {
  MASTER_KEY: (value) => Promise.resolve(value),
  MASTER_KEY_FILE: (path) => readKeyFile(path, `MASTER_KEY_FILE, ${path},`, OTHERS_MAY_WRITE),
  MASTER_KEY_COMMAND: runKeyCommand,
}

/**
 * The key from the one setting that gives it, else from `<dataDir>/master.key`, which is made (mode 600) only where
 * `mayCreate` and no data exists.
 * @returns 32 bytes
 * @throws MasterKeyError
 */
export async function loadMasterKey(options: MasterKeyOptions): Promise<Uint8Array> {
  const given = (Object.keys(SOURCES) as Source[]).flatMap((source) => {
    const value = SOURCES[source](options)?.trim()
    return value ? [{ source, value }] : []
  })
  if (given.length > 1) {
    const names = given.map(({ source }) => source).join(' and ')
    throw new MasterKeyError(`${names} exclude each other: set one of them.`)
  }
  const [only] = given
  if (only) return decodeKey(await READERS[only.source](only.value), only.source)
  return loadKeptKey(options)
}

async function loadKeptKey({ dataDir, mayCreate, dataExists }: MasterKeyOptions): Promise<Uint8Array> {
  if (!mayCreate || dataDir === undefined) {
    throw new MasterKeyError(
      'No master key is given. With DATABASE_URL every process needs the same one, so none is made: set MASTER_KEY, ' +
        `MASTER_KEY_FILE or MASTER_KEY_COMMAND. ${HOW_TO_MAKE_ONE}`,
    )
  }
  const path = join(dataDir, 'master.key')
  const kept = await readIfPresent(path)
  if (kept !== undefined) return decodeKey(kept, path)
  if (dataExists) {
    throw new MasterKeyError(
      `The database in ${dataDir} exists, but its master key is missing: there is no ${path} and no MASTER_KEY setting. ` +
        'Stored credentials cannot be read without it, and a new key would not help. Put the file back from your backup, ' +
        `or set MASTER_KEY. To begin again with nothing, move ${dataDir} away.`,
    )
  }
  return makeKeyFile(path)
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readKeyFile(path, `The master key ${path}`, OTHERS_MAY_ANYTHING)
  } catch (error) {
    if (isFileError((error as Error).cause, 'ENOENT')) return undefined
    throw error
  }
}

/**
 * Written and synced under another name, then linked: the file is whole or absent, and of two processes that make one,
 * the second finds the first's.
 */
async function makeKeyFile(path: string): Promise<Uint8Array> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`
  const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, OWNER_ONLY)
  try {
    await withFile(file, async () => {
      await file.writeFile(`${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n`)
      await file.sync()
    })
    await link(draft, path).catch((error) => {
      if (!isFileError(error, 'EEXIST')) throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
  const directory = await open(folder, constants.O_RDONLY)
  await withFile(directory, () => directory.sync())
  return decodeKey(await readKeyFile(path, `The master key ${path}`, OTHERS_MAY_ANYTHING), path)
}

async function withFile<T>(file: FileHandle, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    await file.close()
  }
}

/** @param forbidden mode bits that make the file unfit to hold a key */
async function readKeyFile(path: string, name: string, forbidden: number): Promise<string> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY)
  } catch (error) {
    throw new MasterKeyError(`${name} cannot be read: ${(error as Error).message}`, { cause: error })
  }
  return withFile(file, async () => {
    const { mode } = await file.stat()
    if ((mode & forbidden) !== 0 && process.platform !== 'win32') {
      const may = (mode & OTHERS_MAY_WRITE & forbidden) !== 0 ? 'written' : 'read'
      throw new MasterKeyError(
        `${name} may be ${may} by other users of this machine (mode ${(mode & 0o777).toString(8)}). ` +
          `Run \`chmod 600 ${path}\`, and consider whether somebody has seen it.`,
      )
    }
    return file.readFile('utf8')
  })
}

async function runKeyCommand(command: string): Promise<string> {
  try {
    const { stdout } = await promisify(exec)(command, {
      timeout: COMMAND_TIMEOUT_MS,
      maxBuffer: COMMAND_OUTPUT_BYTES,
    })
    return stdout
  } catch (error) {
    const { code, killed, stderr } = error as { code?: unknown; killed?: boolean; stderr?: string }
    const reason =
      code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'
        ? `printed more than ${COMMAND_OUTPUT_BYTES / 1024} KiB`
        : killed
          ? `took longer than ${COMMAND_TIMEOUT_MS / 1000} s`
          : `ended with status ${code}`
    const words = stderr?.trim() ? `: ${stderr.trim().slice(0, 500)}` : '.'
    // No cause: its message repeats the command, and its stdout may hold the key.
    throw new MasterKeyError(`MASTER_KEY_COMMAND ${reason}${words}`)
  }
}

function decodeKey(text: string, source: string): Uint8Array {
  const encoded = text.trim()
  if (BASE64_KEY.test(encoded)) return new Uint8Array(Buffer.from(encoded, 'base64'))
  const reason =
    encoded === ''
      ? 'is empty'
      : /^[A-Za-z0-9+/_-]+=*$/.test(encoded)
        ? `holds ${Buffer.from(encoded, 'base64').length} bytes`
        : 'is not base64'
  throw new MasterKeyError(
    `The master key of ${source} ${reason}; it must be ${MASTER_KEY_BYTES} bytes in base64 (44 characters). ${HOW_TO_MAKE_ONE}`,
  )
}

const isFileError = (error: unknown, code: string) => (error as { code?: unknown } | null)?.code === code

/** Says which key it is without saying anything about it: 16 hexadecimal digits. */
export function fingerprint(key: Uint8Array): string {
  return createHash('sha256')
    .update('miniapps master key\0')
    .update(key)
    .digest('hex')
    .slice(0, FINGERPRINT_BYTES * 2)
}

/**
 * Compares the key with the one the data was written with; remembers it where there is no data yet.
 * @throws MasterKeyError where it is another key
 */
export async function checkMasterKey(db: Database, key: Uint8Array): Promise<void> {
  const mine = fingerprint(key)
  const others = (await masterKeyIdsInUse(db)).filter((id) => id !== mine)
  const kept = others[0] ?? (await keepFingerprint(db, mine))
  if (kept === mine) return
  throw new MasterKeyError(
    `The master key is not the one this database was written with (the database says ${kept}, the key given is ${mine}). ` +
      'Stored credentials cannot be read with it. Set MASTER_KEY, MASTER_KEY_FILE, MASTER_KEY_COMMAND or the file ' +
      'master.key in DATA_DIR to the key that belongs to this database.',
  )
}
