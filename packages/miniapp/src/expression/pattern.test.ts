import { describe, expect, it } from 'vitest'
import { createPatternTest } from './pattern.ts'

describe('match and search of RFC 9535', () => {
  const cases: [text: unknown, pattern: unknown, match: boolean, search: boolean][] = [
    ['abc', 'abc', true, true],
    ['xabcx', 'abc', false, true],
    ['abc', 'a.c', true, true],
    ['a\nc', 'a.c', false, false],
    ['a\rc', 'a.c', false, false],
    ['a.c', 'a[.]c', true, true],
    ['abc', 'a[.]c', false, false],
    ['a.c', 'a\\.c', true, true],
    ['abc', 'a\\.c', false, false],
    ['🙂', '.', true, true],
    ['ab', 'a|b', false, true],
    ['É', '\\p{Lu}', true, true],
    ['abc', '(', false, false],
    ['abc', '(?=a)', false, false],
    ['abc', 'a\\', false, false],
    [12, '12', false, false],
    ['12', 12, false, false],
    [undefined, 'a', false, false],
  ]
  it.each(cases)('%j against %j', (text, pattern, match, search) => {
    expect(createPatternTest('match')(text, pattern)).toBe(match)
    expect(createPatternTest('search')(text, pattern)).toBe(search)
  })

  it('refuses patterns that are too long', () => {
    const test = createPatternTest('search')
    expect(test('a'.repeat(1000), 'a'.repeat(1000))).toBe(true)
    expect(test('a'.repeat(1001), 'a'.repeat(1001))).toBe(false)
  })

  it('stays right after more patterns than it keeps', () => {
    const test = createPatternTest('match')
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 40; index++) expect(test(`k${index}`, `k${index}`)).toBe(true)
    }
  })
})
