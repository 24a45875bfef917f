import { parseValue } from 'graphql'
import { describe, expect, it } from 'vitest'
import { dateScalar, jsonScalar } from './scalar.ts'

const NINE = new Date('2026-01-31T09:00:00.000Z')

describe('Date', () => {
  it.each<[string, unknown, Date]>([
    ['UTC', '2026-01-31T09:00:00Z', NINE],
    ['milliseconds', '2026-01-31T09:00:00.000Z', NINE],
    ['no seconds', '2026-01-31T09:00Z', NINE],
    ['another offset', '2026-01-31T12:00:00+03:00', NINE],
    ['a date alone is midnight UTC', '2026-01-31', new Date('2026-01-31T00:00:00Z')],
    ['milliseconds since 1970', NINE.getTime(), NINE],
    ['the first year', '0000-01-01', new Date('0000-01-01T00:00:00Z')],
    ['the last moment', '9999-12-31T23:59:59.999Z', new Date('9999-12-31T23:59:59.999Z')],
    ['29 February of a leap year', '2028-02-29', new Date('2028-02-29T00:00:00Z')],
  ])('takes %s', (_name, input, expected) => {
    expect(dateScalar.parseValue(input)).toEqual(expected)
    expect(dateScalar.parseLiteral(parseValue(JSON.stringify(input)), {})).toEqual(expected)
  })

  it.each<[string, unknown]>([
    ['a time without a zone', '2026-01-31T09:00:00'],
    ['a day that does not exist', '2026-02-31'],
    ['a day that does not exist, with a time', '2026-02-29T09:00:00Z'],
    ['an hour that does not exist', '2026-01-31T25:00:00Z'],
    ['words', 'next Tuesday'],
    ['the year alone', '2026'],
    ['a year of five digits', '+10000-01-01'],
    ['what lies past the last year', 253_402_300_800_000],
    ['a fraction', 1.5],
    ['no number', Number.NaN],
    ['a boolean', true],
    ['nothing', ''],
  ])('refuses %s', (_name, input) => {
    expect(() => dateScalar.parseValue(input)).toThrow('Date must be ISO 8601')
  })

  it('answers ISO 8601 in UTC and nothing that is no date', () => {
    expect(dateScalar.serialize(NINE)).toBe('2026-01-31T09:00:00.000Z')
    expect(() => dateScalar.serialize(new Date(Number.NaN))).toThrow()
    expect(() => dateScalar.serialize('2026-01-31')).toThrow()
  })
})

describe('JSON', () => {
  it('takes literals of any shape, with variables inside, as plain values', () => {
    const literal = parseValue('{ a: [1, 2.5, "x", true, null, ENUM], b: { c: $v }, __proto__: { d: 1 } }')
    const value = jsonScalar.parseLiteral(literal, { v: { deep: 1 } })
    const expected = JSON.parse('{"a":[1,2.5,"x",true,null,"ENUM"],"b":{"c":{"deep":1}},"__proto__":{"d":1}}')
    expect(value).toEqual(expected)
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.hasOwn(value as object, '__proto__')).toBe(true)
  })

  it('passes variables and results through', () => {
    const value = { any: ['thing'] }
    expect(jsonScalar.parseValue(value)).toBe(value)
    expect(jsonScalar.serialize(value)).toBe(value)
  })
})
