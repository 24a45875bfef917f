import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CHANGE_CODES } from './codes.ts'

const sources = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'codes.ts')
  .map((file) => readFileSync(new URL(file, import.meta.url), 'utf8'))
  .concat(readFileSync(new URL('../diff.ts', import.meta.url), 'utf8'))

test('every code of the table is reported somewhere', () => {
  const quoted = new Set(
    sources.flatMap((text) => [...text.matchAll(/'([a-z]+(?:-[a-z]+)+)'/g)].map(([, name]) => name)),
  )
  expect(Object.keys(CHANGE_CODES).filter((code) => !quoted.has(code))).toEqual([])
})

test('codes are kebab-case, summaries one sentence', () => {
  for (const [code, { summary }] of Object.entries(CHANGE_CODES)) {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/)
    expect(summary).toMatch(/^[A-Z`][^\n]*\.$/)
  }
})
