import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const CLOCK = join(import.meta.dirname, 'shifted-clock.mjs')

/**
 * Settings of a server process whose clock is ahead, so that nobody waits for what is due later.
 * @param options.imports other modules that the process loads first
 */
export async function clockAhead(options: {
  ms: number
  /** Where the clock is told. */
  directory: string
  imports?: readonly string[]
}): Promise<Record<string, string>> {
  const file = join(options.directory, 'clock-shift')
  await writeFile(file, String(options.ms))
  const imports = [...(options.imports ?? []), CLOCK].map((path) => `--import ${path}`)
  return { NODE_OPTIONS: imports.join(' '), CLOCK_SHIFT_FILE: file }
}
