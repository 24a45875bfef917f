/** The files of `docs/reference`, all made from the code: what they hold, which are stale, writing them. */
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { jsonSchema } from '../packages/miniapp/src/index.ts'
import { schema } from '../packages/server/src/graphql/schema.ts'
import { sdlOf } from '../packages/server/src/graphql/sdl.ts'
import { definitionPage } from './generate-definition.ts'
import { findingCodesPage } from './generate-finding-codes.ts'
import { page } from './generate-markdown.ts'

import {
  changeCodesPage,
  errorCodesPage,
  limitsPage,
  logEventsPage,
  permissionsPage,
  settingsPage,
} from './generate-tables.ts'

const root = resolve(import.meta.dirname, '..')
export const REFERENCE_FOLDER = 'docs/reference'

interface Source {
  summary: string
  make: () => string | Promise<string>
}

/** Every file besides the list of them. */
const SOURCES: Record<string, Source> = {
  'definition.md': { summary: 'Every property of a definition.', make: () => definitionPage() },
  'miniapp.schema.json': {
    summary: 'The same as JSON Schema, draft 2020-12.',
    make: () => formatted('x.json', JSON.stringify(jsonSchema(), null, 2)),
  },
  'finding-codes.md': { summary: 'What validation can report.', make: findingCodesPage },
  'change-codes.md': { summary: 'What can differ between two versions.', make: changeCodesPage },
  'error-codes.md': { summary: 'What a call can fail with.', make: errorCodesPage },
  'public-api.graphql': {
    summary: 'The GraphQL schema.',
    make: () => formatted('x.graphql', sdlOf(schema)),
  },
  'permissions.md': { summary: 'What an app token may carry.', make: permissionsPage },
  'settings.md': { summary: 'What the server reads from its environment.', make: settingsPage },
  'limits.md': { summary: 'What a client may take of the server.', make: limitsPage },
  'log-events.md': { summary: 'What the server logs.', make: logEventsPage },
}

function indexPage(): string {
  const list = Object.entries(SOURCES).map(([name, { summary }]) => `- [${name}](${name}): ${summary}`)
  return page('Reference', 'scripts/generate-reference.ts', [list.join('\n')])
}

/** Laid out as the linter wants it. @param name decides the language */
function formatted(name: string, text: string): Promise<string> {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const { promise, resolve: done, reject } = Promise.withResolvers<string>()
  const child = execFile(
    process.execPath,
    [biome, 'format', `--stdin-file-path=${REFERENCE_FOLDER}/${name}`],
    { cwd: root, maxBuffer: 64 * 1024 * 1024 },
    (error, stdout) => (error ? reject(error) : done(stdout)),
  )
  child.stdin?.end(text)
  return promise
}

/** Text of each file by its name. */
export async function referenceFiles(): Promise<Map<string, string>> {
  const made = Object.entries(SOURCES).map(
    async ([name, { make }]) => [name, await make()] satisfies [string, string],
  )
  return new Map([['README.md', indexPage()], ...(await Promise.all(made))])
}

async function committedNames(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort()
}

/** Names of files that are absent, differ from what the code says, or belong to nothing any more. */
export async function staleFiles(
  files: ReadonlyMap<string, string>,
  folder = join(root, REFERENCE_FOLDER),
): Promise<string[]> {
  const committed = await committedNames(folder)
  const differs = async (name: string, text: string) =>
    !committed.includes(name) || (await readFile(join(folder, name), 'utf8')) !== text
  const checked = await Promise.all(
    [...files].map(async ([name, text]) => ((await differs(name, text)) ? [name] : [])),
  )
  return [...checked.flat(), ...committed.filter((name) => !files.has(name))].sort()
}

/** Writes what is stale and removes what belongs to nothing. @returns the names of those files */
export async function writeReference(
  files: ReadonlyMap<string, string>,
  folder = join(root, REFERENCE_FOLDER),
): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const stale = await staleFiles(files, folder)
  for (const name of stale) {
    const text = files.get(name)
    await (text === undefined ? rm(join(folder, name)) : writeFile(join(folder, name), text))
  }
  return stale
}
