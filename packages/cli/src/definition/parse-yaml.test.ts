import { describe, expect, it } from 'vitest'
import { parseYamlSource } from './parse-yaml.ts'

const read = (text: string) => {
  const parsed = parseYamlSource(text)
  if (!parsed.ok) throw new Error(parsed.faults[0]?.message)
  return parsed
}

describe('values', () => {
  it.each([
    ['plain', 'a: 1\nb: [x, "y"]', { a: 1, b: ['x', 'y'] }],
    [
      'a version is a text where it is quoted or has two dots',
      'v: 1.0.0\nw: "1.0"',
      { v: '1.0.0', w: '1.0' },
    ],
    ['YAML 1.2: no is a text', 'a: no', { a: 'no' }],
    ['an alias', 'a: &x { b: 1 }\nc: *x', { a: { b: 1 }, c: { b: 1 } }],
    ['block text', 'code: |-\n  let a = 1\n  return { a }', { code: 'let a = 1\nreturn { a }' }],
  ])('%s', (_name, text, expected) => {
    expect(read(text).value).toEqual(expected)
  })
})

describe('faults', () => {
  it.each([
    ['indentation', 'a: 1\n b: 2', /./],
    ['a list that is not closed', 'a: [1, 2', /end with a \]/],
    ['a key that stands twice', 'a: 1\na: 2', /stands twice/],
    ['an alias without anchor', 'a: *b', /alias/i],
    ['several documents', 'a: 1\n---\nb: 2', /several documents/],
    ['nothing', '# only a comment\n', /empty/],
  ])('%s', (_name, text, message) => {
    const parsed = parseYamlSource(text)
    expect(parsed.ok ? [] : parsed.faults.map((fault) => fault.message)).toContainEqual(
      expect.stringMatching(message),
    )
  })

  it('does not let aliases multiply without end', () => {
    const lines = Array.from({ length: 12 }, (_, level) => {
      const before =
        level === 0
          ? '[x, x, x, x, x, x, x, x]'
          : `[${Array(8)
              .fill(`*l${level - 1}`)
              .join(', ')}]`
      return `l${level}: &l${level} ${before}`
    })
    expect(parseYamlSource(lines.join('\n')).ok).toBe(false)
  })
})

describe('places', () => {
  const text = 'a:\n  b:\n    - 10\n    - d: ~\nx: &y { z: 1 }\nw: *y\n'
  it.each([
    ['a value', '/a/b/0', 'value', '10'],
    ['a name', '/a/b', 'name', 'b'],
    ['behind an alias', '/w/z', 'value', '1'],
    ['what is missing is at the name around it', '/a/c', 'value', 'a'],
  ] as const)('%s', (_name, pointer, part, expected) => {
    const span = read(text).locate(pointer, part)
    expect(text.slice(span?.offset, (span?.offset ?? 0) + (span?.length ?? 0))).toBe(expected)
  })
})
