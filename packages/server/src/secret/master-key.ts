/**
 * The master keys: 32 bytes that wrap every workspace's data key (specification 3.2); the first is the newest, further ones
 * are needed while it takes their place (ADR 23). They are never in the database; what the database holds are their
 * fingerprints, so that a wrong key is found at the start and not by the first credential that does not decrypt.
 */
import { exec } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeKeyFile, readKeyFile, readOwnKeyFile } from './key-file.ts'
import { decodeKeys, HOW_TO_MAKE_ONE, MasterKeyError } from './master-key-text.ts'

/** A secret manager may have to be signed in to; longer means that it waits for somebody who is not there. */
const COMMAND_TIMEOUT_MS = 30_000
const COMMAND_OUTPUT_BYTES = 64 * 1024

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

const SOURCES = {
  MASTER_KEY: ({ masterKey }) => masterKey,
  MASTER_KEY_FILE: ({ masterKeyFile }) => masterKeyFile,
  MASTER_KEY_COMMAND: ({ masterKeyCommand }) => masterKeyCommand,
} as const satisfies Record<string, (options: MasterKeyOptions) => string | undefined>

type Source = keyof typeof SOURCES

const READERS: Record<Source, (value: string) => Promise<string>> = {
  MASTER_KEY: (value) => Promise.resolve(value),
  MASTER_KEY_FILE: (path) => readKeyFile({ path, name: `MASTER_KEY_FILE, ${path},`, kind: 'mounted' }),
  MASTER_KEY_COMMAND: runKeyCommand,
}

/**
 * The keys from the one setting that gives them, else from `<dataDir>/master.key`, which is made (mode 600) only where
 * `mayCreate` and no data exists.
 * @returns 32 bytes each, the newest first, at least one
 * @throws MasterKeyError
 */
export async function loadMasterKeys(options: MasterKeyOptions): Promise<Uint8Array[]> {
  const given = (Object.keys(SOURCES) as Source[]).flatMap((source) => {
    const value = SOURCES[source](options)?.trim()
    return value ? [{ source, value }] : []
  })
  if (given.length > 1) {
    const names = given.map(({ source }) => source).join(' and ')
    throw new MasterKeyError(`${names} exclude each other: set one of them.`)
  }
  const [only] = given
  if (only) return decodeKeys(await READERS[only.source](only.value), only.source)
  return loadKeptKeys(options)
}

async function loadKeptKeys({ dataDir, mayCreate, dataExists }: MasterKeyOptions): Promise<Uint8Array[]> {
  if (!mayCreate || dataDir === undefined) {
    throw new MasterKeyError(
      'No master key is given. With DATABASE_URL every process needs the same one, so none is made: set MASTER_KEY, ' +
        `MASTER_KEY_FILE or MASTER_KEY_COMMAND. ${HOW_TO_MAKE_ONE}`,
    )
  }
  const path = join(dataDir, 'master.key')
  const kept = await readOwnKeyFile(path)
  if (kept !== undefined) return decodeKeys(kept, path)
  if (dataExists) {
    throw new MasterKeyError(
      `The database in ${dataDir} exists, but its master key is missing: there is no ${path} and no MASTER_KEY setting. ` +
        'Stored credentials cannot be read without it, and a new key would not help. Put the file back from your backup, ' +
        `or set MASTER_KEY. To begin again with nothing, move ${dataDir} away.`,
    )
  }
  await makeKeyFile(path)
  return decodeKeys((await readOwnKeyFile(path)) ?? '', path)
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
