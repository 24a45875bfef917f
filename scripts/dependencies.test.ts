/** `docs/dependencies.md` and the `package.json` files list the same packages, with the licences that they state. */
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')

interface Manifest {
  workspaces?: string[]
  license?: string
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

interface Row {
  name: string
  licence: string
  why: string
}

const readManifest = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Manifest

/** The rows of each table, by the `package.json` that is named above it. */
function readPage(): Map<string, Row[]> {
  const sections = new Map<string, Row[]>()
  for (const line of readFileSync(join(root, 'docs/dependencies.md'), 'utf8').split('\n')) {
    const [, manifest] = /^`(\S*package\.json)`$/.exec(line) ?? []
    if (manifest !== undefined) sections.set(manifest, [])
    const [, name, licence = '', why = ''] = /^\| `([^`]+)` \| ([^|]+) \| ([^|]*) \|/.exec(line) ?? []
    if (name !== undefined) [...sections.values()].at(-1)?.push({ name, licence, why })
  }
  return sections
}

const page = readPage()
const manifests = [
  'package.json',
  ...['miniapp', 'server', 'cli'].map((name) => `packages/${name}/package.json`),
]

it('the page has a table for every package.json', () => {
  expect(readManifest(join(root, 'package.json')).workspaces).toEqual(['packages/*'])
  expect([...page.keys()].sort()).toEqual(manifests.sort())
})

describe.each(manifests)('%s', (path) => {
  const { dependencies = {}, devDependencies = {} } = readManifest(join(root, path))
  const rows = page.get(path) ?? []

  it('lists what the page lists', () => {
    expect(rows.map(({ name }) => name).sort()).toEqual(
      Object.keys({ ...dependencies, ...devDependencies }).sort(),
    )
  })

  it('names exact versions', () => {
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/)
    }
  })

  it.each(rows)('$name has a reason and the licence that it states', ({ name, licence, why }) => {
    expect(why.length).toBeGreaterThan(10)
    const manifest = findPackageJSON(name, pathToFileURL(join(root, path)))
    expect(manifest, `${name} is not installed: run npm ci`).toBeDefined()
    expect(readManifest(String(manifest)).license).toBe(licence)
  })
})
