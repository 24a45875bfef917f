import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { EXEMPTIONS } from './exemptions.ts'

const root = resolve(import.meta.dirname, '..')
const sources = globSync('**/*.ts', { cwd: root })
  .filter((path) => !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

it('is used in the function that it is named for, each once', () => {
  const used = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/\bexempt\([\w.]+, '([\w.]+)'\)/g)].map(([, name]) => ({
      name: String(name),
      path,
      text,
    })),
  )
  const names = used.map(({ name }) => name)
  expect([...new Set(names)].sort()).toEqual(Object.keys(EXEMPTIONS).sort())
  for (const { name, path, text } of used) {
    const [folder, verb] = name.split('.')
    expect(path.split('/')[0], name).toBe(folder)
    expect(text, name).toMatch(new RegExp(`function ${verb}\\b`))
  }
})

it('is the only way round: nobody else makes one, or reaches the driver', () => {
  const pathsWith = (pattern: RegExp) =>
    sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path)
  expect(pathsWith(/\bwithExemption\b/)).toEqual(['db/exemptions.ts'])
  expect(pathsWith(/from 'pg'/).filter((path) => !path.startsWith('db/'))).toEqual([])
  expect(pathsWith(/new Kysely\b/)).toEqual(['db/transaction.ts'])
})
