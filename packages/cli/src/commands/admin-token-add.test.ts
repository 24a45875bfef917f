import { expect, it } from 'vitest'
import { readExpiry } from './admin-token-add.ts'

const NOW = Date.parse('2026-01-02T03:04:05Z')

it.each([
  ['15m', '2026-01-02T03:19:05.000Z'],
  ['12h', '2026-01-02T15:04:05.000Z'],
  ['30d', '2026-02-01T03:04:05.000Z'],
  ['2030-01-31', '2030-01-31T00:00:00.000Z'],
  ['2030-01-31T12:00:00+02:00', '2030-01-31T10:00:00.000Z'],
])('%s is %s', (text, expected) => {
  expect(readExpiry(text, NOW)?.toISOString()).toBe(expected)
})

it('never is no date', () => {
  expect(readExpiry('never', NOW)).toBeUndefined()
})

it.each(['', 'soon', '30', '3w', '-1d', '31/01/2030', '2030-13-01', '2030-01-31T12:00', '9999999d'])(
  'refuses %j',
  (text) => {
    expect(() => readExpiry(text, NOW)).toThrow(/--expires cannot be/)
  },
)
