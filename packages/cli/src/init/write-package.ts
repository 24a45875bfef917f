import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CliError, systemCode } from '../cli-error.ts'

/** Files that a message names: more than these say nothing new. */
const MAX_NAMED = 5

/**
 * Writes the files of a new package into a folder, which is made. Nothing is written where one of them is there.
 *
 * @param folder absolute
 * @throws CliError where a file is there already, or cannot be written
 */
export async function writePackage(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  const taken: string[] = []
  for (const path of files.keys()) if (await isThere(join(folder, path))) taken.push(path)
  if (taken.length > 0) throw alreadyThere(folder, taken)
  for (const [path, text] of files) {
    const target = join(folder, path)
    try {
      await mkdir(dirname(target), { recursive: true })
      // What came between the look and now is kept too.
      await writeFile(target, text, { flag: 'wx' })
    } catch (error) {
      if (systemCode(error) === 'EEXIST') throw alreadyThere(folder, [path])
      throw new CliError('unreadable', `${target} cannot be written (${systemCode(error)}).`, {
        cause: error,
      })
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return false
    throw new CliError('unreadable', `${path} cannot be read (${systemCode(error)}).`, { cause: error })
  }
}

function alreadyThere(folder: string, paths: string[]): CliError {
  const named = paths.slice(0, MAX_NAMED).join(', ')
  const more = paths.length > MAX_NAMED ? ` and ${paths.length - MAX_NAMED} more` : ''
  return new CliError('unreadable', `${folder} already has ${named}${more}; nothing is overwritten.`, {
    next: ['Name another folder, or remove what is there.'],
  })
}
