/** The house of docs/architecture.md, enforced: who may import whom, what is pure, how large things may grow. */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')
const packages = ['miniapp', 'server', 'cli'] as const

/** A folder (or top-level file) of the server imports only from those to its left. */
const SERVER_ORDER = (
  'errors settings config log cache · db jobs http secret sandbox limit · context · audit outbox · account registry · ' +
  'install oauth tag record action automation sync webhook · notify marketplace review dashboard · graphql mcp · app handlers'
)
  .split(/[ ·]+/)
  .filter(Boolean)

const MINIAPP_DEPENDENCIES = ['zod', 'ajv', 'ajv-formats', 'json-p3', 're2js', 'libphonenumber-js']
/** The subpath `miniapp/webhook` besides: signatures, tokens and XML, which browsers never load (docs/adr/0030). */
const WEBHOOK_FOLDER = 'packages/miniapp/src/webhook/'
const WEBHOOK_DEPENDENCIES = ['node:crypto', 'jose', '@rgrove/parse-xml']
/** Surfaces of the pure package that run in browsers. */
const BROWSER_ENTRIES = ['index.ts', 'validate-entry.ts', 'package-entry.ts']
/** Input/output, clock, chance and process: what the pure package gets as parameters instead. */
const IMPURE =
  /\b(Date\.now|Math\.random|performance\.now|setTimeout|setInterval|setImmediate|fetch|XMLHttpRequest|WebSocket|process|Buffer|require|__dirname|console)\s*[.(]|new Date\(\)|crypto\.(randomUUID|getRandomValues)|from 'node:/

const FILE_LINES = 400
const STORE_LINES = 500
const USUAL_FILE_LINES = 250
const USUAL_SHARE = 0.9

interface Source {
  path: string
  text: string
  imports: string[]
}

function read(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8')
  const imports = [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import '([^']+)'/g,
    ),
  ]
  return { path, text, imports: imports.map((match) => match[1] ?? match[2] ?? match[3] ?? '') }
}

const isTest = (path: string) => path.endsWith('.test.ts') || path.includes('/test/')
const all = globSync('{packages/*/{src,bin,test},scripts,bench,campaigns}/**/*.{ts,tsx,mjs}', {
  cwd: root,
}).map(read)
const sources = all.filter(({ path }) => !isTest(path))
const inPackage = (name: string) => sources.filter(({ path }) => path.startsWith(`packages/${name}/src/`))

/** `webhook/receive.ts` → `webhook`, `config.ts` → `config`. */
const roomOf = (path: string) => (path.split('/')[0] ?? '').replace(/\.ts$/, '')

describe('imports', () => {
  it('finds the sources it is about', () => {
    for (const name of packages) expect(inPackage(name).length, name).toBeGreaterThan(0)
    expect(read('packages/server/src/context.ts').imports).toContain('./db/client.ts')
  })

  it('go from right to left between the folders of the server', () => {
    const base = join(root, 'packages/server/src')
    const wrong = inPackage('server').flatMap(({ path, imports }) => {
      const from = roomOf(relative(base, join(root, path)))
      if (!SERVER_ORDER.includes(from)) return [`${path}: "${from}" has no place in the order of folders`]
      return imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => roomOf(relative(base, resolve(root, dirname(path), specifier))))
        .filter((to) => to !== from && SERVER_ORDER.indexOf(to) >= SERVER_ORDER.indexOf(from))
        .map((to) => `${path}: "${from}" may not import "${to}"`)
    })
    expect(wrong).toEqual([])
  })

  it('never reach into another package, and nobody imports the server', () => {
    const wrong = sources.flatMap(({ path, imports }) => {
      const home = /^packages\/([^/]+)\//.exec(path)?.[1]
      if (home === undefined) return []
      return imports.flatMap((specifier) => {
        const target = specifier.startsWith('.')
          ? relative(root, resolve(root, dirname(path), specifier))
          : specifier
        if (specifier.startsWith('.') && !target.startsWith(`packages/${home}/`))
          return [`${path}: ${specifier}`]
        return specifier.startsWith('@miniapps/server') ? [`${path}: ${specifier}`] : []
      })
    })
    expect(wrong).toEqual([])
  })

  it('carry their file extension and never name a folder', () => {
    const wrong = all.flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => specifier.startsWith('.') && !/\.(ts|tsx|mjs|json)$/.test(specifier))
        .map((specifier) => `${path}: ${specifier}`),
    )
    expect(wrong).toEqual([])
  })
})

describe('packages/miniapp', () => {
  it('imports only its six libraries, and those of webhooks for webhooks', () => {
    const wrong = inPackage('miniapp').flatMap(({ path, imports, text }) =>
      imports
        .filter(
          (specifier) =>
            !specifier.startsWith('.') &&
            !MINIAPP_DEPENDENCIES.includes(specifier.split('/')[0] ?? '') &&
            !(path.startsWith(WEBHOOK_FOLDER) && WEBHOOK_DEPENDENCIES.includes(specifier)),
        )
        .filter((specifier) => !new RegExp(`import type [^;]*from '${specifier}'`).test(text))
        .map((specifier) => `${path}: ${specifier}`),
    )
    expect(wrong).toEqual([])
  })

  it('has no input or output, no clock, no chance and no process', () => {
    const wrong = inPackage('miniapp').flatMap(({ path, text }) =>
      withoutComments(text)
        .split('\n')
        .filter((line) => IMPURE.test(line))
        .filter((line) => !(path.startsWith(WEBHOOK_FOLDER) && line.endsWith("from 'node:crypto'")))
        .map((line) => `${path}: ${line.trim()}`),
    )
    expect(wrong).toEqual([])
  })

  it.each(BROWSER_ENTRIES)('reaches nothing of Node, and no library of webhooks, from %s', (entry) => {
    const reached = reachedFrom(`packages/miniapp/src/${entry}`)
    expect(reached.size).toBeGreaterThan(1)
    const wrong = [...reached].flatMap((path) =>
      read(path)
        .imports.filter((specifier) => WEBHOOK_DEPENDENCIES.includes(specifier))
        .map((specifier) => `${path}: ${specifier}`),
    )
    expect(wrong).toEqual([])
    const webhooks = reachedFrom('packages/miniapp/src/webhook-entry.ts')
    expect([...webhooks].some((path) => read(path).imports.includes('node:crypto'))).toBe(true)
  })
})

describe('sizes', () => {
  const lines = sources.map(({ path, text }) => ({ path, count: text.split('\n').length - 1 }))

  it(`no file is over ${FILE_LINES} lines, a store.ts over ${STORE_LINES}`, () => {
    const limit = (path: string) => (path.endsWith('/store.ts') ? STORE_LINES : FILE_LINES)
    expect(lines.filter(({ path, count }) => count > limit(path))).toEqual([])
  })

  it(`nine in ten files are under ${USUAL_FILE_LINES} lines`, () => {
    const usual = lines.filter(({ count }) => count < USUAL_FILE_LINES).length
    expect(usual / lines.length).toBeGreaterThanOrEqual(USUAL_SHARE)
  })

  it('no function is over 60 lines or takes more than four parameters', () => {
    const rules = [
      'complexity/noExcessiveLinesPerFunction',
      'complexity/useMaxParams',
      'suspicious/noImportCycles',
    ]
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/@biomejs/biome/bin/biome'),
        'lint',
        '--colors=off',
        ...rules.map((rule) => `--only=${rule}`),
        '.',
      ],
      { cwd: root, encoding: 'utf8' },
    )
    expect(status, stdout + stderr).toBe(0)
  })
})

describe('names', () => {
  it('say what a file is about', () => {
    const vague =
      /(^|\/)(utils?|helpers?|common|shared|types|core|misc|lib)(\.ts|\/)|(service|manager|controller|helper)\.ts$/
    expect(
      sources
        .map(({ path }) => path.replace(/^packages\/[^/]+\/src\//, ''))
        .filter((path) => vague.test(path)),
    ).toEqual([])
  })
})

/** A module and all that it imports, by whatever way. */
function reachedFrom(path: string, reached = new Set<string>()): Set<string> {
  if (reached.has(path)) return reached
  reached.add(path)
  for (const specifier of read(path).imports.filter((one) => one.startsWith('.')))
    reachedFrom(join(dirname(path), specifier), reached)
  return reached
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}
