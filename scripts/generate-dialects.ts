/**
 * What decides whether `parameters` is a JSON Schema, compiled ahead of time: ajv takes a third of a second to load and
 * to compile the meta-schemas, which `miniapps validate` would spend on every start.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as standalone from 'ajv/dist/standalone/index.js'

const folder = resolve(import.meta.dirname, '../packages/miniapp/src/rules')

const OPTIONS = {
  strict: false,
  validateFormats: false,
  allErrors: true,
  logger: false,
  code: { source: true, esm: true },
} as const

const DIALECTS = {
  'dialect-2020-12.generated.ts': [Ajv2020, 'https://json-schema.org/draft/2020-12/schema'],
  'dialect-draft-07.generated.ts': [Ajv, 'http://json-schema.org/draft-07/schema#'],
} as const

/** Node gives the exports of a CommonJS module as its default export, other loaders the default among them. */
type Compile = (ajv: Ajv | Ajv2020, names: Record<string, string>) => string
const imported = standalone.default as unknown as Compile | { default: Compile }
const compile = 'default' in imported ? imported.default : imported

const HEAD = `// Generated from the meta-schema by \`npm run generate\`. Do not edit.
// @ts-nocheck
import runtime from 'ajv/dist/runtime/equal.js'
// Bundlers and Node disagree about the default export of CommonJS.
const equal = runtime.default ?? runtime
`

/** Text of each module by its file name; each exports `isSchema`, a validator of ajv's form. */
function dialectModules(): Map<string, string> {
  return new Map(
    Object.entries(DIALECTS).map(([file, [Dialect, isSchema]]) => {
      const text = compile(new Dialect(OPTIONS), { isSchema })
      return [file, HEAD + asModule(text)]
    }),
  )
}

/** ajv imports its one helper as CommonJS does. */
function asModule(text: string): string {
  const module = text.replaceAll('require("ajv/dist/runtime/equal").default', 'equal')
  if (/\brequire\(/.test(module)) throw new Error('The compiled meta-schema needs more than `equal`.')
  return `${module.replace('"use strict";', '').replaceAll(/[ \t]+$/gm, '')}\n`
}

/** Names of the modules that are absent or not what the installed ajv would write. */
export async function staleDialects(): Promise<string[]> {
  const checked = [...dialectModules()].map(async ([name, text]) => {
    const committed = await readFile(join(folder, name), 'utf8').catch(() => '')
    return committed === text ? [] : [name]
  })
  return (await Promise.all(checked)).flat()
}

/** Writes what is stale. @returns the names of those files */
export async function writeDialects(): Promise<string[]> {
  const modules = dialectModules()
  const stale = await staleDialects()
  for (const name of stale) await writeFile(join(folder, name), modules.get(name) ?? '')
  return stale
}
