import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FINDING_CODES } from './codes.ts'

const sourcesIn = (folder: string) => {
  const place = new URL(folder, import.meta.url)
  return readdirSync(place)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'codes.ts')
    .map((file) => readFileSync(new URL(file, place), 'utf8'))
}
const sources = [...sourcesIn('./'), ...sourcesIn('../schema/'), ...sourcesIn('../package/')]
const quoted = new Set(
  sources.flatMap((text) => [...text.matchAll(/'([a-z]+(?:-[a-z]+)+)'/g)].map(([, name]) => name)),
)

test('every code of the table is reported somewhere', () => {
  expect(Object.keys(FINDING_CODES).filter((code) => !quoted.has(code))).toEqual([])
})

test('every code that is reported is in the table', () => {
  const reported = sources.flatMap((text) =>
    [...text.matchAll(/(?:report|finding)\(\s*'([^']+)'|finding: '([^']+)'/g)].map(
      ([, direct, parameter]) => direct ?? parameter ?? '',
    ),
  )
  expect(reported.length).toBeGreaterThan(20)
  expect(reported.filter((code) => !Object.hasOwn(FINDING_CODES, code))).toEqual([])
})

test('codes are kebab-case, summaries one sentence', () => {
  for (const [code, { summary }] of Object.entries(FINDING_CODES)) {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/)
    expect(summary).toMatch(/^[A-Z`][^\n]*\.$/)
  }
})
