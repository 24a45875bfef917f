/** Files that hold master keys: one key a line, in base64, for their owner alone. */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeDirectory } from '../db/sync-path.ts'
import { decodeKeys, MASTER_KEY_BYTES, MasterKeyError } from './master-key-text.ts'

const OWNER_ONLY = 0o600
const OTHERS_MAY_ANYTHING = 0o077
const OTHERS_MAY_WRITE = 0o022

/** What nobody but the owner of a file may do with it: for the server's own file, anything; for a mounted one, write it. */
const FORBIDDEN = { own: OTHERS_MAY_ANYTHING, mounted: OTHERS_MAY_WRITE } as const

interface KeyFile {
  path: string
  /** Begins the sentence of an error. */
  name: string
  kind: keyof typeof FORBIDDEN
}

/** @throws MasterKeyError where it cannot be read, or others may do what they must not */
export async function readKeyFile({ path, name, kind }: KeyFile): Promise<string> {
  const forbidden = FORBIDDEN[kind]
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

/** As {@link readKeyFile}, for the server's own file; `undefined` where there is none. */
export async function readOwnKeyFile(path: string): Promise<string | undefined> {
  try {
    return await readKeyFile({ path, name: `The master key ${path}`, kind: 'own' })
  } catch (error) {
    if (isFileError((error as Error).cause, 'ENOENT')) return undefined
    throw error
  }
}

/** Makes a key where there is no such file. Of two processes that make one, the second finds the first's. */
export async function makeKeyFile(path: string): Promise<void> {
  await writeWhole(path, newKeyText(), async (draft) => {
    await link(draft, path).catch((error) => {
      if (!isFileError(error, 'EEXIST')) throw error
    })
  })
}

/**
 * Puts a new key in front of those in the file, which stay; makes the file where there is none.
 * @returns the keys that the file holds now
 * @throws MasterKeyError where the file holds something else than keys; it is left as it was
 */
export async function addKey(path: string): Promise<Uint8Array[]> {
  const before = (await readOwnKeyFile(path)) ?? ''
  if (before.trim() !== '') decodeKeys(before, path)
  const text = `${newKeyText()}${before.trim() === '' ? '' : `${before.trim()}\n`}`
  await writeWhole(path, text, (draft) => rename(draft, path))
  return decodeKeys(text, path)
}

const newKeyText = () => `${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n`

/** Written and synced under another name, then put in its place: the file is whole or as it was. */
async function writeWhole(
  path: string,
  text: string,
  place: (draft: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(path)
  makeDirectory(folder)
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`
  const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, OWNER_ONLY)
  try {
    await withFile(file, async () => {
      await file.writeFile(text)
      await file.sync()
    })
    await place(draft)
  } finally {
    await rm(draft, { force: true })
  }
  const directory = await open(folder, constants.O_RDONLY)
  await withFile(directory, () => directory.sync())
}

async function withFile<T>(file: FileHandle, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    await file.close()
  }
}

const isFileError = (error: unknown, code: string) => (error as { code?: unknown } | null)?.code === code
