import { describe, expect, it } from 'vitest'
import { isPhoneCountry, toE164 } from './phone.ts'

describe('toE164', () => {
  const cases: [text: string, country: string | undefined, expected: string | undefined][] = [
    ['+966 50 123 4567', undefined, '+966501234567'],
    ['+966501234567', 'US', '+966501234567'],
    ['00966501234567', undefined, '+966501234567'],
    ['0501234567', 'SA', '+966501234567'],
    ['501234567', 'SA', '+966501234567'],
    ['966501234567', 'SA', '+966501234567'],
    ['9660501234567', 'SA', '+966501234567'],
    ['٠٥٠١٢٣٤٥٦٧', 'SA', '+966501234567'],
    ['۰۵۰۱۲۳۴۵۶۷', 'SA', '+966501234567'],
    ['\u202a050 123 4567\u202c', 'SA', '+966501234567'],
    ['05012345', 'SA', undefined],
    ['050123456789', 'SA', undefined],
    ['(415) 555-2671', 'US', '+14155552671'],
    ['1-415-555-2671', 'US', '+14155552671'],
    ['415.555.2671', 'CA', '+14155552671'],
    ['011 44 20 7946 0958', 'US', '+442079460958'],
    ['5552671', 'US', undefined],
    ['020 7946 0958', 'GB', '+442079460958'],
    ['+44 (0)20 7946 0958', 'GB', '+442079460958'],
    ['0044 (0) 20 7946 0958', 'GB', '+442079460958'],
    ['06 12 34 56 78', 'FR', '+33612345678'],
    ['030/123456', 'DE', '+4930123456'],
    ['06 1234 5678', 'IT', '+390612345678'],
    ['8 (912) 345-67-89', 'RU', '+79123456789'],
    ['8005553535', 'RU', '+78005553535'],
    ['06 20 123 4567', 'HU', '+36201234567'],
    ['612 34 56 78', 'ES', '+34612345678'],
    ['090-1234-5678', 'JP', '+819012345678'],
    ['01012345678', 'EG', '+201012345678'],
    ['tel:+49-30-123456', undefined, '+4930123456'],
    ['050 123 4567', undefined, '0501234567'],
    ['+1', undefined, undefined],
    ['+0501234567', undefined, undefined],
    ['+1234567890123456', undefined, undefined],
    ['050 123 4567 ext. 5', 'SA', undefined],
    ['call me', 'SA', undefined],
    ['', 'SA', undefined],
    ['+', undefined, undefined],
  ]
  it.each(cases)('%j in %s is %s', (text, country, expected) => {
    expect(toE164(text, country)).toBe(expected)
  })
})

describe('isPhoneCountry', () => {
  it.each([
    ['SA', true],
    ['ZW', true],
    ['XX', false],
    ['sa', false],
    ['', false],
    ['__proto__', false],
    ['toString', false],
  ])('%j: %s', (country, known) => {
    expect(isPhoneCountry(country)).toBe(known)
  })
})
