import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_SCALE, minorToMajor } from './money.ts'

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
