import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { applyChange, type Explanation } from '../src/explanation.ts'
import { type Finding, parseDefinition, validate } from '../src/validate.ts'

/**
 * Documents as data. `examples/` have the shapes of the public reference examples and must stay valid; `broken/` are
 * told what is wrong with them in `golden/`. `UPDATE_GOLDEN=1` writes the golden files anew: read the diff as an author would.
 */
const documentsIn = (folder: string) => {
  const place = new URL(`${folder}/`, import.meta.url)
  return readdirSync(place)
    .sort()
    .map((file) => ({
      name: file.replace(/\.json$/, ''),
      document: JSON.parse(readFileSync(new URL(file, place), 'utf8')) as unknown,
    }))
}

const tell = (findings: Finding[]) =>
  findings
    .map(({ severity, code, path, message }) => `${severity} ${code} ${path || '(root)'}\n  ${message}\n`)
    .join('')

const BROKEN = documentsIn('broken')

describe('examples', () => {
  test.each(documentsIn('examples'))('$name is valid', ({ document }) => {
    // They name icons that Lucide does not have (1.3).
    const ofMeaning = ({ severity, code }: Finding) => severity !== 'info' && code !== 'unknown-icon'
    expect(validate(document).filter(ofMeaning)).toEqual([])
    expect(parseDefinition(document).definition).toBe(document)
  })

  // What a reviewer would ask for: written down, so that a finding nobody should see is seen here first.
  test.each(documentsIn('examples'))('$name is told what a submission would need', ({ name, document }) => {
    const place = new URL(`golden/examples/${name}.txt`, import.meta.url)
    const told = tell(validate(document, { level: 'submission' }))
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(place, told)
    expect(told).toBe(readFileSync(place, 'utf8'))
  })
})

describe('broken definitions', () => {
  test('there are at least twenty, and a golden file for each', () => {
    expect(BROKEN.length).toBeGreaterThanOrEqual(20)
    const golden = readdirSync(new URL('golden/', import.meta.url))
      .filter((file) => file.endsWith('.txt'))
      .map((file) => file.replace(/\.txt$/, ''))
    if (process.env['UPDATE_GOLDEN'] !== '1')
      expect(golden.sort()).toEqual(BROKEN.map(({ name }) => name).sort())
  })

  test.each(BROKEN)('$name is told what is wrong', ({ name, document }) => {
    const place = new URL(`golden/${name}.txt`, import.meta.url)
    const findings = validate(document)
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(place, tell(findings))
    expect(findings).not.toEqual([])
    expect(tell(findings)).toBe(readFileSync(place, 'utf8'))
  })

  test.each(BROKEN)('$name is no definition where there is an error', ({ document }) => {
    const { definition, findings } = parseDefinition(document)
    expect(definition === undefined).toBe(findings.some(({ severity }) => severity === 'error'))
  })
})

describe('the wording of findings', () => {
  const messages = [...BROKEN.flatMap(({ document }) => validate(document)), ...explainedFindings()]

  test.each([
    ['ends like a sentence', /[.?]$/],
    ['names a property, key or value', /`|\bhere\b|path|URL|definition/],
    ['holds no placeholder of a programmer', /^(?!.*(undefined|\[object|NaN)).*$/s],
    [
      'is not the default wording of the parser',
      /^(?!.*(Invalid|expected (string|number|object)|received|Too (small|big)|Unrecognized)).*$/s,
    ],
    ['is one line', /^[^\n]+$/],
    ['has no doubled punctuation', /^(?!.*(\.\.|\?\.|;\.| {2})).*$/s],
  ])('each %s', (_, pattern) => {
    expect(
      messages.filter(({ message }) => !pattern.test(message.replaceAll(/`[^`]*`|"[^"]*"|'[^']*'/g, '`x`'))),
    ).toEqual([])
  })

  test('each points to a place that exists, or to what is missing in one that does', () => {
    const lost = BROKEN.flatMap(({ name, document }) =>
      validate(document)
        .filter(({ path }) => !exists(document, path.slice(0, Math.max(0, path.lastIndexOf('/')))))
        .map(({ path }) => `${name} ${path}`),
    )
    expect(lost).toEqual([])
  })
})

/** What the examples of `findings/` are told. */
function explainedFindings(): Finding[] {
  const place = new URL('../findings/', import.meta.url)
  const read = (file: string) => JSON.parse(readFileSync(new URL(file, place), 'utf8'))
  const explanations: Explanation[] = readdirSync(place)
    .filter((file) => file.endsWith('.json') && file !== 'base.json')
    .map(read)
  return explanations.flatMap(({ wrong, explanation: _, ...options }) =>
    typeof wrong === 'string' ? [] : validate(applyChange(read('base.json'), wrong), options),
  )
}

function exists(document: unknown, pointer: string): boolean {
  let value = document
  for (const segment of pointer.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false
    value = (value as Record<string, unknown>)[key]
  }
  return true
}
