import { describe, expect, test } from 'vitest'
import { jsonFindings, MAX_DEPTH, MAX_VALUES } from './json-value.ts'

const nested = (levels: number): unknown =>
  Array.from({ length: levels }).reduce((inner) => [inner], 'core' as unknown)
const codes = (document: unknown) => jsonFindings(document).map(({ code, path }) => `${code} ${path}`)

describe('what is no JSON', () => {
  test.each([
    ['undefined', { a: undefined }],
    ['a function', { a: () => 1 }],
    ['a number that is none', { a: Number.NaN }],
    ['infinity', { a: Number.POSITIVE_INFINITY }],
    ['a big integer', { a: 1n }],
    ['a date', { a: new Date(0) }],
    ['a map', { a: new Map() }],
    ['a list with holes', { a: Object.assign([], { 3: 1 }) }],
  ])('%s is reported', (_, document) => {
    expect(codes(document)).toEqual(['not-json /a'])
  })

  test('all of them are reported at once', () => {
    expect(codes({ a: undefined, b: [1, () => 1] })).toEqual(['not-json /a', 'not-json /b/1'])
  })

  test('objects without prototype and of other realms are JSON', () => {
    expect(codes({ a: Object.assign(Object.create(null), { b: 1 }), c: structuredClone({}) })).toEqual([])
  })

  test('the name __proto__ is refused wherever it stands', () => {
    expect(codes(JSON.parse('{"body": [{"__proto__": 1}]}'))).toEqual(['reserved-name /body/0/__proto__'])
  })
})

describe('limits', () => {
  test('a document may be nested as deep as the limit, not deeper', () => {
    expect(codes(nested(MAX_DEPTH))).toEqual([])
    expect(codes(nested(MAX_DEPTH + 1)).map((one) => one.split(' ')[0])).toEqual(['too-large'])
  })

  test('a document may hold as many values as the limit, not one more', () => {
    const filled = (count: number) => Array.from({ length: count - 1 }, () => 0)
    expect(codes(filled(MAX_VALUES))).toEqual([])
    expect(codes(filled(MAX_VALUES + 1))).toEqual(['too-large '])
  })

  test('a document that contains itself ends at the limit', () => {
    const cyclic: Record<string, unknown> = {}
    cyclic['self'] = cyclic
    expect(codes(cyclic).map((one) => one.split(' ')[0])).toEqual(['too-large'])
  })

  test('aliases that multiply end at the limit', () => {
    const bomb = Array.from({ length: 60 }).reduce((inner) => [inner, inner], 'x' as unknown)
    expect(codes(bomb)).toEqual(['too-large '])
  })
})
