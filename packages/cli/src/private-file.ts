import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CliError, systemCode } from './cli-error.ts'

/** Readable and writable by the user alone. */
const PRIVATE_FILE = 0o600
const PRIVATE_FOLDER = 0o700

/**
 * Writes `value` as JSON for nobody but the user, whole or not at all; makes the folder where there is none.
 *
 * @throws CliError where it cannot be written
 */
export async function writePrivateJson(path: string, value: unknown): Promise<void> {
  const unfinished = `${path}.${randomUUID()}`
  try {
    await mkdir(dirname(path), { recursive: true, mode: PRIVATE_FOLDER })
    await writeFile(unfinished, `${JSON.stringify(value, undefined, 2)}\n`, {
      mode: PRIVATE_FILE,
      flag: 'wx',
    })
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {})
    throw new CliError('unreadable', `${path} cannot be written (${systemCode(error)}).`, { cause: error })
  }
}

/**
 * The object in a file that {@link writePrivateJson} wrote; `undefined` where there is none.
 *
 * @throws CliError where it cannot be read, or was changed to something else
 */
export async function readPrivateJson(path: string): Promise<Record<string, unknown> | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw new CliError('unreadable', `${path} cannot be read (${systemCode(error)}).`, { cause: error })
  }
  const value = parsed(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  throw new CliError('unreadable', `${path} does not hold what was stored there.`, {
    next: ['Delete the file and do again what made it (connect or login).'],
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
