import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CliError, systemCode } from './cli-error.ts'
import { readPairs } from './key-value.ts'

export interface InputOptions {
  input?: readonly string[]
  /** JSON text, or `@` and the name of a file with it. */
  inputJson?: string
}

/**
 * Form input of an action: `--input-json`, and `--input key=value` over it. Values of `--input` are texts, which the
 * action's parameters coerce like those of a form.
 *
 * @throws CliError
 */
export async function readInput(
  { input = [], inputJson }: InputOptions,
  directory: string,
): Promise<Record<string, unknown>> {
  const pairs = readPairs(input, { option: '--input', example: 'title="A new issue"' })
  return { ...(inputJson === undefined ? {} : await readJsonInput(inputJson, directory)), ...pairs }
}

async function readJsonInput(argument: string, directory: string): Promise<Record<string, unknown>> {
  const fromFile = argument.startsWith('@')
  const what = fromFile ? argument.slice(1) : '--input-json'
  const text = fromFile ? await readText(resolve(directory, what), what) : argument
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CliError('usage', `${what} is not JSON: ${reason}.`, { next: [EXAMPLE], cause: error })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CliError('usage', `${what} must hold a JSON object, one member for each input.`, {
      next: [EXAMPLE],
    })
  }
  return value as Record<string, unknown>
}

const EXAMPLE = `For example --input-json '{"title": "A new issue"}' or --input-json @input.json`

async function readText(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason = systemCode(error) === 'ENOENT' ? 'there is no such file' : systemCode(error)
    throw new CliError('unreadable', `${name} cannot be read (${reason}).`, { cause: error })
  }
}
