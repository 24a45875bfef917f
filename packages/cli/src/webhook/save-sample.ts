import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CliError, systemCode } from '../cli-error.ts'
import { shownName } from '../definition/read-source.ts'
import type { Shell } from '../shell.ts'
import type { CapturedSample } from './judge.ts'

/**
 * Writes a sample under the name of its event; one that is there already stays, and the next number is taken.
 *
 * @returns the file as messages call it
 * @throws CliError where it cannot be written
 */
export async function saveSample(
  sample: CapturedSample,
  folder: string,
  { directory }: Pick<Shell, 'directory'>,
): Promise<string> {
  const path = resolve(directory, folder)
  // An event is what a stranger sent.
  const name = sample.event.replace(/[^\w.-]+/g, '_').replace(/^\.+/, '') || 'unknown'
  const text = `${JSON.stringify(sample, undefined, 2)}\n`
  try {
    await mkdir(path, { recursive: true })
    for (let number = 1; ; number += 1) {
      const file = join(path, number === 1 ? `${name}.json` : `${name}.${number}.json`)
      try {
        await writeFile(file, text, { flag: 'wx' })
        return shownName(file, directory)
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error
      }
    }
  } catch (cause) {
    throw new CliError('unreadable', `${folder} cannot be written (${systemCode(cause)}).`, { cause })
  }
}
