import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decimalText, MAX_DECIMAL_CHARACTERS, MAX_SCALE, minorToMajor } from './money.ts'

describe('minorToMajor', () => {
  const cases: [value: unknown, scale: number, expected: string | undefined][] = [
    [1999, 2, '19.99'],
    [1900, 2, '19.00'],
    [5, 2, '0.05'],
    [0, 2, '0.00'],
    [-5, 2, '-0.05'],
    [-1999, 2, '-19.99'],
    [-0, 2, '0.00'],
    [1234, 0, '1234'],
    [-7, 0, '-7'],
    [12345, 3, '12.345'],
    ['1999', 2, '19.99'],
    ['-0019', 2, '-0.19'],
    ['123456789012345678901', 2, '1234567890123456789.01'],
    ['1', MAX_SCALE, '0.000000000000000001'],
    [1e21, 2, '10000000000000000000.00'],
    [19.99, 2, undefined],
    ['19.99', 2, undefined],
    ['1e3', 2, undefined],
    ['', 2, undefined],
    [' 5', 2, undefined],
    [true, 2, undefined],
    [[5], 2, undefined],
    [Number.NaN, 2, undefined],
  ]
  it.each(cases)('%j with %i decimals is %s', (value, scale, expected) => {
    expect(minorToMajor(value, scale)).toBe(expected)
  })

  it('loses no digit and moves the point by exactly its decimals', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.integer({ min: 0, max: MAX_SCALE }), (units, scale) => {
        const text = minorToMajor(units.toString(), scale) ?? ''
        expect(BigInt(text.replace('.', ''))).toBe(units)
        expect(text.split('.')[1]?.length ?? 0).toBe(scale)
      }),
    )
  })
})

describe('decimal text', () => {
  it.each<[unknown, string | undefined]>([
    [12.5, '12.5'],
    ['12.50', '12.50'],
    [' -3 ', '-3'],
    ['+7', '7'],
    [1e21, '1000000000000000000000'],
    [1.5e-7, '0.00000015'],
    ['12e-1', '1.2'],
    ['9007199254740993.10', '9007199254740993.10'],
    ['', undefined],
    ['1,200', undefined],
    ['1.', undefined],
    ['.5', undefined],
    ['1e999', undefined],
    [Number.NaN, undefined],
    [null, undefined],
    [{}, undefined],
  ])('of %j is %j', (value, expected) => expect(decimalText(value)).toBe(expected))

  it(`has at most ${MAX_DECIMAL_CHARACTERS} characters`, () => {
    const longest = '1'.repeat(MAX_DECIMAL_CHARACTERS)
    expect(decimalText(longest)).toBe(longest)
    expect(decimalText(`${longest}1`)).toBeUndefined()
  })

  it('of a number is the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e60, max: 1e60 }), (value) => {
        const text = decimalText(value)
        if (text !== undefined) expect(Number(text)).toBe(value === 0 ? 0 : value)
      }),
    )
  })
})
