import { describe, expect, it } from 'vitest'
import { isAboutToken } from '../secret-names.ts'
import { expiryOf, mergeRefreshed } from './token-answer.ts'

const NOW = Date.UTC(2026, 0, 31, 12)
const IN_AN_HOUR = NOW + 3_600_000
const DAY_MS = 86_400_000

describe('expiryOf', () => {
  it.each<[string, Record<string, unknown>, number | undefined]>([
    ['seconds from now', { expiresIn: 3600 }, IN_AN_HOUR],
    ['seconds as text', { expiresIn: '3600' }, IN_AN_HOUR],
    ['seconds as text with white space', { expiresIn: ' 3600 ' }, IN_AN_HOUR],
    ['parts of a second', { expiresIn: 1.5 }, NOW + 1_500],
    ['no time at all', { expiresIn: 0 }, NOW],
    ['less than no time', { expiresIn: -1 }, NOW],
    ['a time in ISO 8601', { expiresAt: '2026-01-31T13:00:00Z' }, IN_AN_HOUR],
    ['epoch seconds', { expiresAt: IN_AN_HOUR / 1000 }, IN_AN_HOUR],
    ['epoch seconds as text', { expiresAt: String(IN_AN_HOUR / 1000) }, IN_AN_HOUR],
    ['epoch milliseconds', { expiresAt: IN_AN_HOUR }, IN_AN_HOUR],
    ['a time before a lifetime', { expiresAt: IN_AN_HOUR, expiresIn: 1 }, IN_AN_HOUR],
    ['a lifetime where the time is unreadable', { expiresAt: 'soon', expiresIn: 3600 }, IN_AN_HOUR],
    ['a lifetime of 100 years', { expiresIn: 100 * 365 * 86_400 }, NOW + 100 * 365 * DAY_MS],
    ['more, which is none', { expiresIn: 100 * 365 * 86_400 + 1 }, undefined],
    ['words', { expiresIn: 'never' }, undefined],
    ['null', { expiresIn: null, expiresAt: null }, undefined],
    ['an object', { expiresIn: {} }, undefined],
    ['a number beyond all numbers', { expiresIn: '1e999' }, undefined],
    ['a time before 1970', { expiresAt: '1960-01-01' }, undefined],
    ['nothing', {}, undefined],
  ])('%s', (_name, outputs, expiry) => {
    expect(expiryOf(outputs, NOW)).toBe(expiry)
  })
})

describe('mergeRefreshed', () => {
  it('takes what the answer gives and keeps what it leaves out, as null or empty', () => {
    const old = { apiKey: 'k', accessToken: 'a1', refreshToken: 'r1', scope: 's', idToken: 'i' }
    const outputs = { accessToken: 'a2', refreshToken: null, scope: '', expiresIn: 0 }
    expect(mergeRefreshed(old, outputs)).toEqual({ ...old, accessToken: 'a2', expiresIn: 0 })
    expect(old.accessToken).toBe('a1')
  })

  it('takes names like those of built-ins as names', () => {
    const merged = mergeRefreshed({}, JSON.parse('{"__proto__":"a"}'))
    expect(Object.entries(merged)).toEqual([['__proto__', 'a']])
  })
})

it.each([
  ['tokenType', true],
  ['token_type', true],
  ['expiresIn', true],
  ['scope', true],
  ['accessToken', false],
  ['refresh_token', false],
])('isAboutToken(%s) is %s', (name, about) => {
  expect(isAboutToken(name)).toBe(about)
})
