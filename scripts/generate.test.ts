import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { definitionPage } from './generate-definition.ts'
import { staleDialects } from './generate-dialects.ts'
import { staleIcons } from './generate-icons.ts'
import { anchor, code, table } from './generate-markdown.ts'
import { referenceFiles, staleFiles, writeReference } from './generate-reference.ts'

let files: Map<string, string>
let folder: string
beforeAll(async () => {
  files = await referenceFiles()
  folder = await mkdtemp(join(tmpdir(), 'miniapps-reference-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const target = () => join(folder, 'reference')

it('the committed reference is what the code says (else run `npm run generate`)', async () => {
  expect(await staleFiles(files)).toEqual([])
})

it('the compiled meta-schemas are those of the installed ajv (else run `npm run generate`)', async () => {
  expect(await staleDialects()).toEqual([])
})

it('the names of icons are those of the installed lucide-react (else run `npm run generate`)', async () => {
  expect(await staleIcons()).toEqual([])
})

it('writes what is absent or changed, removes what belongs to nothing, and leaves the rest', async () => {
  expect(await writeReference(files, target())).toEqual([...files.keys()].sort())
  expect(await staleFiles(files, target())).toEqual([])
  await writeFile(join(target(), 'settings.md'), 'changed')
  await writeFile(join(target(), 'old.md'), 'of another time')
  expect(await staleFiles(files, target())).toEqual(['old.md', 'settings.md'])
  expect(await writeReference(files, target())).toEqual(['old.md', 'settings.md'])
  expect((await readdir(target())).sort()).toEqual([...files.keys()].sort())
  expect(await readFile(join(target(), 'settings.md'), 'utf8')).toBe(files.get('settings.md'))
})

it('every link of a page leads to a file or a heading that is there', () => {
  for (const [name, text] of files) {
    if (!name.endsWith('.md')) continue
    const headings = new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchor(heading)))
    for (const [, to = ''] of text.matchAll(/\]\(([^)]+)\)/g)) {
      const isThere = to.startsWith('#') ? headings.has(to.slice(1)) : files.has(to)
      expect(isThere, `${name} links to ${to}`).toBe(true)
    }
  }
})

it('no heading stands twice on a page', () => {
  for (const [name, text] of files) {
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
    expect(new Set(headings).size, name).toBe(headings.length)
  }
})

describe('the page of the definition', () => {
  it('gives every property of the format a description', () => {
    const undescribed = (files.get('definition.md') ?? '').split('\n').filter((line) => line.endsWith('|  |'))
    expect(undescribed).toEqual([])
  })

  it('writes objects inside objects as sections, equal ones once', () => {
    const retry = {
      type: 'object',
      properties: { attempts: { type: 'integer', minimum: 1, maximum: 10, description: 'How often.' } },
    }
    const text = definitionPage({
      type: 'object',
      description: 'All.',
      properties: {
        first: { ...retry, description: 'One.' },
        second: { type: 'array', items: retry, description: 'Many.' },
        kind: { enum: ['a', 'b'], description: 'Kind | sort.' },
      },
      required: ['first'],
      $defs: {},
    })
    expect(text).toContain('| `first` | [first](#first) | yes | One. |')
    expect(text).toContain('| `second` | list of [first](#first) | no | Many. |')
    expect(text).toContain('| `kind` | `a`, `b` | no | Kind \\| sort. |')
    expect(text).toContain('| `attempts` | integer from 1 to 10 | no | How often. |')
    expect(text.match(/^## /gm)).toHaveLength(2)
  })
})

describe('Markdown', () => {
  it.each([
    ['a', '`a`'],
    ['a`b', '``a`b``'],
    ['`a', '`` `a ``'],
  ])('writes %s as code', (text, written) => {
    expect(code(text)).toBe(written)
  })

  it('keeps a cell in its cell', () => {
    expect(table(['a'], [['x | y\nz']])).toBe('| a |\n| --- |\n| x \\| y z |')
  })
})
