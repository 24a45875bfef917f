import { describe, expect, it } from 'vitest'
import { objectBuilder, readOwn, setOwn, typeName } from './own.ts'

const hostile = JSON.parse('{"__proto__":{"polluted":1},"a":2}')

describe('readOwn', () => {
  const cases: [name: string, value: unknown, key: string, expected: unknown][] = [
    ['an own key', { a: 1 }, 'a', 1],
    ['an explicit undefined-like null', { a: null }, 'a', null],
    ['an inherited method', {}, 'toString', undefined],
    ['the constructor', {}, 'constructor', undefined],
    ['an own __proto__', hostile, '__proto__', { polluted: 1 }],
    ['a key of the prototype of an own __proto__', hostile, 'polluted', undefined],
    ['the length of an array', [1], 'length', undefined],
    ['the length of a text', 'abc', 'length', undefined],
    ['a key of null', null, 'a', undefined],
  ]
  it.each(cases)('%s', (_name, value, key, expected) => {
    expect(readOwn(value, key)).toEqual(expected)
  })
})

describe('setOwn', () => {
  it('sets __proto__ as a key like any other', () => {
    const target = {}
    setOwn(target, '__proto__', { polluted: true })
    expect(Object.getPrototypeOf(target)).toBe(Object.prototype)
    expect(JSON.stringify(target)).toBe('{"__proto__":{"polluted":true}}')
  })

  it('overwrites', () => {
    const target = { a: 1 }
    setOwn(target, 'a', 2)
    expect(target).toEqual({ a: 2 })
  })
})

describe('objectBuilder', () => {
  const build = (keys: string[], values: unknown[]) =>
    objectBuilder<unknown[]>(
      keys,
      keys.map((_, index) => (context) => context[index]),
    )(values)

  it('leaves out keys without a value and keeps the order of the others', () => {
    expect(Object.entries(build(['c', 'a', 'b'], [1, undefined, null]))).toEqual([
      ['c', 1],
      ['b', null],
    ])
  })

  it('makes __proto__ an own key and leaves the prototype alone', () => {
    const built = build(['__proto__', 'a'], [{ polluted: 1 }, 2])
    expect(Object.getPrototypeOf(built)).toBe(Object.prototype)
    expect(Object.keys(built)).toEqual(['__proto__', 'a'])
  })

  it.each([1, 30, 31, 32, 33, 100])('tells %i fields apart', (count) => {
    const keys = Array.from({ length: count }, (_, index) => `k${index}`)
    for (const missing of [0, count - 1, Math.floor(count / 2)]) {
      const values = keys.map((_, index) => (index === missing ? undefined : index))
      const expected = Object.fromEntries(
        keys.map((key, index) => [key, index]).filter((_, index) => index !== missing),
      )
      expect(build(keys, values)).toStrictEqual(expected)
    }
  })

  it('keeps building right objects after more patterns of missing fields than it remembers', () => {
    const keys = Array.from({ length: 8 }, (_, index) => `k${index}`)
    const builder = objectBuilder<number>(
      keys,
      keys.map((_, index) => (mask) => (mask & (1 << index) ? index : undefined)),
    )
    for (const mask of [...Array(256).keys(), ...Array(256).keys()]) {
      expect(Object.keys(builder(mask))).toEqual(keys.filter((_, index) => mask & (1 << index)))
    }
  })
})

describe('typeName', () => {
  it.each([
    [undefined, 'nothing'],
    [null, 'null'],
    [[], 'an array'],
    [{}, 'an object'],
    ['secret', 'text'],
    [1, 'a number'],
    [true, 'a boolean'],
    [1n, 'a bigint'],
  ])('calls %o %s', (value, word) => {
    expect(typeName(value)).toBe(word)
  })
})
