import { describe, expect, it } from 'vitest'
import { sha256 } from './one-time-text.ts'
import { LIFETIME_MS, refusalOfState, refusalOfTicket } from './state.ts'

const NOW = 1_800_000_000_000
const open = { ns: 'acme', usedAt: null, expiresAt: new Date(NOW + 1) }
const used = { ...open, usedAt: new Date(NOW - 1) }
const expired = { ...open, expiresAt: new Date(NOW) }
const use = { ns: 'acme', now: NOW }

describe('refusalOfTicket', () => {
  it.each([
    ['open', open, undefined],
    ['used', used, 'used'],
    ['expired', expired, 'expired'],
    ['used and expired', { ...used, ...expired, usedAt: used.usedAt }, 'used'],
    ['of another app', { ...open, ns: 'other' }, 'unknown'],
    ['used, of another app', { ...used, ns: 'other' }, 'unknown'],
    ['absent', undefined, 'unknown'],
  ])('one that is %s', (_name, ticket, refusal) => {
    expect(refusalOfTicket(ticket, use)).toBe(refusal)
  })

  it('works for ten minutes, not a millisecond longer', () => {
    const ticket = { ns: 'acme', usedAt: null, expiresAt: new Date(NOW + LIFETIME_MS) }
    expect(refusalOfTicket(ticket, { ns: 'acme', now: NOW + 10 * 60_000 - 1 })).toBeUndefined()
    expect(refusalOfTicket(ticket, { ns: 'acme', now: NOW + 10 * 60_000 })).toBe('expired')
  })
})

describe('refusalOfState', () => {
  const browserHash = sha256('browser')
  const state = (row: typeof open | typeof used) => ({ ...row, browserHash })

  it.each([
    ['the browser that started', state(open), ['browser'], undefined],
    ['several cookies of the name, one of them right', state(open), ['x', 'browser'], undefined],
    ['a browser without the cookie', state(open), [], 'other-browser'],
    ['another browser', state(open), ['other'], 'other-browser'],
    ['another browser, too late', state(expired), ['other'], 'expired'],
    ['another browser, after its use', state(used), ['other'], 'used'],
    ['the browser that started, after its use', state(used), ['browser'], 'used'],
    ['the browser that started, at another app', state({ ...open, ns: 'other' }), ['browser'], 'unknown'],
    ['a state that there is not', undefined, ['browser'], 'unknown'],
  ])('%s', (_name, row, cookies, refusal) => {
    expect(refusalOfState(row, { ...use, browserHashes: cookies.map(sha256) })).toBe(refusal)
  })
})
