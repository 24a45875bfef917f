import { readFile, stat } from 'node:fs/promises'
import { extname, join, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CliError, systemCode } from '../cli-error.ts'
import type { ParsedSource } from './source-document.ts'

/** A definition's file, read and parsed. */
export interface Source {
  /** As messages call it: relative to where the user is, where it lies below. */
  name: string
  /** Absolute. */
  path: string
  /** Absent where the file is no text. */
  text?: string
  parsed: ParsedSource
}

type Reader = (path: string) => Promise<Omit<Source, 'name' | 'path'>>

const json: Reader = (path) => readText(path, (text) => importJson().then((parse) => parse(text, false)))
const jsonWithComments: Reader = (path) =>
  readText(path, (text) => importJson().then((parse) => parse(text, true)))
const yaml: Reader = (path) =>
  readText(path, async (text) => (await import('./parse-yaml.ts')).parseYamlSource(text))

/** By file name extension. Parsers are imported when they are needed. */
const READERS: Readonly<Record<string, Reader>> = {
  '.json': json,
  '.jsonc': jsonWithComments,
  '.yaml': yaml,
  '.yml': yaml,
  '.ts': readModule,
  '.mts': readModule,
  '.mjs': readModule,
  '.js': readModule,
}

const EXTENSIONS = Object.keys(READERS)

/** What a folder's definition may be called, in the order of preference. */
const FILE_NAMES = EXTENSIONS.map((extension) => `miniapp${extension}`)

/**
 * The file that `argument` means: itself, or the definition in the folder.
 *
 * @param argument as the user wrote it, relative to `directory`
 * @returns absolute; `undefined` where nothing is there
 * @throws CliError where a folder holds no definition
 */
export async function findSource(argument: string, directory: string): Promise<string | undefined> {
  const path = resolve(directory, argument)
  const found = await statOf(path)
  if (!found?.isDirectory()) return found && path
  for (const name of FILE_NAMES) if ((await statOf(join(path, name)))?.isFile()) return join(path, name)
  throw new CliError('unreadable', `The folder ${shownName(path, directory)} holds no definition.`, {
    next: [`Name the file, or call it one of ${FILE_NAMES.join(', ')}.`],
  })
}

/** @throws CliError where there is no such file, or it cannot be read */
export async function readSource(argument: string, directory: string): Promise<Source> {
  const path = await findSource(argument, directory)
  if (path === undefined) {
    const absolute = resolve(directory, argument)
    throw new CliError('unreadable', `There is no file ${shownName(absolute, directory)}.`, {
      next: [`It was looked for at ${absolute}.`],
    })
  }
  const name = shownName(path, directory)
  const extension = extname(path).toLowerCase()
  const read = READERS[extension]
  if (read === undefined) {
    throw new CliError('unreadable', `${name} is of no format that a definition can have.`, {
      next: [`Definitions end in ${EXTENSIONS.join(', ')}.`],
    })
  }
  try {
    return { name, path, ...(await read(path)) }
  } catch (error) {
    if (error instanceof CliError || systemCode(error) === '') throw error
    throw new CliError('unreadable', `${name} cannot be read (${systemCode(error)}).`, { cause: error })
  }
}

async function statOf(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return undefined
    throw new CliError('unreadable', `${path} cannot be read (${systemCode(error)}).`, { cause: error })
  }
}

/** Relative where it lies below `directory`, else absolute. */
export function shownName(path: string, directory: string): string {
  const name = relative(directory, path)
  return name === '' ? '.' : name.startsWith(`..${sep}`) || name === '..' ? path : name
}

async function readText(
  path: string,
  parse: (text: string) => Promise<ParsedSource>,
): Promise<Omit<Source, 'name' | 'path'>> {
  const bytes = await readFile(path)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return { parsed: { ok: false, faults: [{ message: 'The file is not UTF-8.' }] } }
  }
  return { text, parsed: await parse(text) }
}

async function importJson(): Promise<(text: string, lenient: boolean) => ParsedSource> {
  const { parseJsonSource } = await import('./parse-json.ts')
  return (text, lenient) => parseJsonSource(text, { lenient })
}

/** Runs the module: its default export, or what that resolves to, is the document. */
async function readModule(path: string): Promise<Omit<Source, 'name' | 'path'>> {
  let exports: { default?: unknown }
  try {
    exports = (await import(pathToFileURL(path).href)) as { default?: unknown }
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const [firstLine = ''] = reason.split('\n')
    const end = /[.!?]$/.test(firstLine) ? '' : '.'
    return moduleFault(`The module failed when it was run. ${firstLine}${end}`)
  }
  if (!('default' in exports)) {
    return moduleFault(
      'The module has no default export; it should be the definition (export default { … }).',
    )
  }
  const { locateInModule } = await import('./locate-in-module.ts')
  const text = await readFile(path, 'utf8')
  const locate = locateInModule(text, { typescript: /ts$/i.test(path) })
  return { text, parsed: { ok: true, value: await exports.default, locate } }
}

function moduleFault(message: string): Omit<Source, 'name' | 'path'> {
  return { parsed: { ok: false, faults: [{ code: 'module', message }] } }
}
