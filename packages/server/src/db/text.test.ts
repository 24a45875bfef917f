import { describe, expect, test } from 'vitest'
import { storable } from './text.ts'

function nested(levels: number): unknown {
  let value: unknown = 'bottom'
  for (let level = 0; level < levels; level++) value = [value]
  return value
}

function depthOf(value: unknown): number {
  let depth = 0
  for (let inner = value; Array.isArray(inner); inner = inner[0]) depth++
  return depth
}

describe('text', () => {
  test.each([
    { what: 'plain text', text: 'Grüße, 😀\n\t', fit: 'Grüße, 😀\n\t' },
    { what: 'NUL', text: 'a\0b\0', fit: 'a\uFFFDb\uFFFD' },
    { what: 'a high surrogate alone', text: 'a\uD83Db', fit: 'a\uFFFDb' },
    { what: 'a low surrogate alone', text: '\uDE00', fit: '\uFFFD' },
    { what: 'a pair the wrong way round', text: '\uDE00\uD83D', fit: '\uFFFD\uFFFD' },
    { what: 'nothing', text: '', fit: '' },
  ])('$what', ({ text, fit }) => {
    expect(storable(text)).toEqual({ value: fit, replaced: text !== fit })
  })
})

describe('JSON values', () => {
  test('a value without faults is returned as it is', () => {
    const value = { list: [1, 'two', null, { deep: true }], empty: {}, zero: -0, none: Number.NaN }
    const { value: same, replaced } = storable(value)
    expect(same).toBe(value)
    expect(replaced).toBe(false)
  })

  test('strings and keys are cleaned wherever they are, and the rest is kept', () => {
    const clean = { kept: 1 }
    const value = { 'k\0': ['a\0', { inner: '\uD800' }], clean }
    const { value: fit, replaced } = storable(value)
    expect(fit).toEqual({ 'k\uFFFD': ['a\uFFFD', { inner: '\uFFFD' }], clean: { kept: 1 } })
    expect((fit as { clean: unknown }).clean).toBe(clean)
    expect(replaced).toBe(true)
    expect(value).toHaveProperty('clean', clean)
  })

  test('a key "__proto__" stays a key', () => {
    const { value } = storable(JSON.parse('{"__proto__":{"admin":true},"x":"\\u0000"}'))
    expect(Object.keys(value)).toEqual(['__proto__', 'x'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  })

  test('a fault below a thousand objects is found in one pass', () => {
    let value: unknown = '\0'
    for (let level = 0; level < 999; level++) value = { before: level, value, after: level }
    const { value: fit, replaced } = storable(value)
    let inner = fit
    for (let level = 998; level >= 0; level--) {
      expect(Object.keys(inner as object)).toEqual(['before', 'value', 'after'])
      inner = (inner as { value: unknown }).value
    }
    expect(inner).toBe('\uFFFD')
    expect(replaced).toBe(true)
  })

  test('dates and bytes are left alone', () => {
    const value = { at: new Date(0), bytes: Buffer.of(0), text: '\0' }
    const { value: fit } = storable(value)
    expect(fit.at).toBe(value.at)
    expect(fit.bytes).toBe(value.bytes)
  })

  test('1000 levels are kept, deeper ones cut', () => {
    expect(storable(nested(1000)).replaced).toBe(false)
    const cut = storable(nested(1001))
    expect(cut.replaced).toBe(true)
    expect(depthOf(cut.value)).toBe(1000)
    expect(depthOf(storable(nested(200_000)).value)).toBe(1000)
  })
})
