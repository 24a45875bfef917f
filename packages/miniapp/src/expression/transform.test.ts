import { describe, expect, it } from 'vitest'
import { TRANSFORM_NAMES } from '../schema/mapping.ts'
import { Refusal, TRANSFORMS, type TransformSettings } from './transform.ts'

type Name = keyof typeof TRANSFORMS
const REFUSED = Symbol('refused')

function apply(name: Name, value: unknown, settings: TransformSettings = {}): unknown {
  const result = TRANSFORMS[name].compile(settings)(value)
  return result instanceof Refusal ? REFUSED : result
}

describe('transforms', () => {
  it('are those of the specification, but for the two that need other rules', () => {
    expect([...Object.keys(TRANSFORMS), 'compute', 'mapItems'].sort()).toEqual([...TRANSFORM_NAMES].sort())
  })

  const cases: [name: Name, value: unknown, expected: unknown, settings?: TransformSettings][] = [
    ['toString', 9, '9'],
    ['toString', true, 'true'],
    ['toString', 'x', 'x'],
    ['toString', { a: [1] }, '{"a":[1]}'],
    ['toString', '12345678901234567890', '12345678901234567890'],
    ['toNumber', '10.50', 10.5],
    ['toNumber', 3, 3],
    ['toNumber', '-1e2', -100],
    ['toNumber', '12345678901234567890', '12345678901234567890'],
    ['toNumber', '12,5', REFUSED],
    ['toNumber', '', REFUSED],
    ['toNumber', true, REFUSED],
    ['toNumber', [1], REFUSED],
    ['toNumberOrNull', '10.50', 10.5],
    ['toNumberOrNull', 'x', null],
    ['toNumberOrNull', undefined, null],
    ['toNumberOrNull', null, null],
    ['toNumberOrNull', [], null],
    ['toBoolean', 'TRUE', true],
    ['toBoolean', ' on ', true],
    ['toBoolean', 1, true],
    ['toBoolean', '0', false],
    ['toBoolean', 'no', false],
    ['toBoolean', false, false],
    ['toBoolean', 2, REFUSED],
    ['toBoolean', '', REFUSED],
    ['toBoolean', 'maybe', REFUSED],
    ['toBoolean', {}, REFUSED],
    ['toDate', 1_700_000_000, '2023-11-14T22:13:20.000Z'],
    ['toDate', '2024-03-13T12:00', '2024-03-13T09:00:00.000Z', { timezone: 'Asia/Riyadh' }],
    ['toDate', 'soon', REFUSED],
    ['toDate', true, REFUSED],
    ['trim', '  x ', 'x'],
    ['trim', 5, '5'],
    ['trim', ['x'], REFUSED],
    ['lower', 'ÀB', 'àb'],
    ['upper', 'straße', 'STRASSE'],
    ['upper', {}, REFUSED],
    ['coalesce', '', undefined],
    ['coalesce', null, undefined],
    ['coalesce', 0, 0],
    ['coalesce', ['', null, 'a', 'b'], ['', null, 'a', 'b']],
    ['coalesce', ['', null, 'a', 'b'], 'a', { multiple: true }],
    ['coalesce', [], undefined, { multiple: true }],
    ['first', ['a', 'b'], 'a'],
    ['first', [], undefined],
    ['first', 'a', REFUSED],
    ['join', ['a', 1, true, null, ''], 'a,1,true'],
    ['join', ['a', 'b'], 'a - b', { separator: ' - ' }],
    ['join', [], ''],
    ['join', [{}], REFUSED],
    ['join', 'a', REFUSED],
    ['split', 'a,b,,c', ['a', 'b', '', 'c']],
    ['split', 'a|b', ['a', 'b'], { separator: '|' }],
    ['split', '', []],
    ['split', 12, ['12']],
    ['split', [], REFUSED],
    ['joinCodes', ['x', 5], 'x,5'],
    ['joinCodes', [{ code: 'a', id: 1 }, { coupon_code: 'b' }, { id: 3 }, {}], 'a,b,3'],
    ['joinCodes', [{ ref: { no: 7 } }, { ref: {} }], '7', { field: 'ref.no' }],
    ['joinCodes', [{ __proto__: { code: 'inherited' } }], ''],
    ['joinCodes', [{ code: {} }], REFUSED],
    ['joinCodes', [['a']], REFUSED],
    ['joinCodes', { code: 'a' }, REFUSED],
    ['minorToMajor', 1900, '19.00'],
    ['minorToMajor', '5', '0.005', { scale: 3 }],
    ['minorToMajor', 19.5, REFUSED],
    ['minorToMajor', 'x', REFUSED],
    ['phone', 501234567, '+966501234567', { country: 'sa' }],
    ['phone', '050 123 4567', '0501234567'],
    ['phone', 'x', REFUSED],
    ['phone', [], REFUSED],
  ]
  it.each(cases)('%s of %j is %j', (name, value, expected, settings) => {
    expect(apply(name, value, settings)).toStrictEqual(expected)
  })

  it('are given a missing value only where the specification says so', () => {
    const toMissing = Object.entries(TRANSFORMS).filter(([, transform]) => transform.toMissing)
    expect(toMissing.map(([name]) => name)).toEqual(['toNumberOrNull', 'coalesce'])
  })

  const mistakes: [name: Name, settings: TransformSettings][] = [
    ['toDate', { timezone: 'Nowhere/City' }],
    ['minorToMajor', { scale: -1 }],
    ['minorToMajor', { scale: 19 }],
    ['minorToMajor', { scale: 1.5 }],
    ['phone', { country: 'XX' }],
    ['joinCodes', { field: 'a[' }],
  ]
  it.each(mistakes)('%s refuses the setting %j when it is compiled', (name, settings) => {
    expect(() => TRANSFORMS[name].compile(settings)).toThrow()
  })

  it('reads the text of a deep value or refuses it', () => {
    const deep = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)
    expect(apply('toString', deep)).toBe(REFUSED)
  })
})
