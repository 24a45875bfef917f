import { describe, expect, it } from 'vitest'
import {
  type InstallState,
  isAuthenticated,
  mayBecome,
  REGISTRATION_LEFT_MS,
  type RegistrationStatus,
  refusalOf,
  registrationStatus,
  stateAfterRefresh,
  TRANSITIONS,
} from './state.ts'

describe('refusalOf', () => {
  it.each<[InstallState, string | null, boolean, string | undefined]>([
    ['installed', null, true, 'NOT_CONFIGURED'],
    ['installed', null, false, undefined],
    ['connected', null, true, undefined],
    ['error', 'REGISTRATION_FAILED', true, undefined],
    ['error', 'AUTH_EXPIRED', true, 'AUTH_EXPIRED'],
    ['suspended', null, true, 'NOT_INSTALLED'],
    ['suspended', null, false, 'NOT_INSTALLED'],
  ])('%s (%s), needs a connection: %s → %s', (state, errorCode, needsConnection, refusal) => {
    expect(refusalOf({ state, errorCode }, needsConnection)).toBe(refusal)
    expect(isAuthenticated({ state, errorCode }, needsConnection)).toBe(refusal === undefined)
  })

  it('nothing installed is not authenticated', () => {
    expect(isAuthenticated(undefined, false)).toBe(false)
  })
})

describe('mayBecome', () => {
  it('reaches every state from every other, if need be in several steps', () => {
    const states = Object.keys(TRANSITIONS) as InstallState[]
    for (const start of states) {
      const reached = new Set<InstallState>([start])
      for (const state of reached) for (const next of TRANSITIONS[state]) reached.add(next)
      expect([...reached].sort(), start).toEqual([...states].sort())
    }
  })

  it('does not connect a suspended install', () => {
    expect(mayBecome('suspended', 'connected')).toBe(false)
  })
})

describe('stateAfterRefresh', () => {
  it.each<[InstallState, string | null, number, object | undefined]>([
    ['connected', null, 0, undefined],
    ['connected', null, 2, undefined],
    ['error', 'REGISTRATION_FAILED', 2, undefined],
    ['error', 'AUTH_EXPIRED', 0, { state: 'connected', errorCode: null }],
    ['error', 'AUTH_EXPIRED', 2, { state: 'error', errorCode: 'REGISTRATION_FAILED' }],
  ])('%s (%s), pending: %i', (state, errorCode, pendingRegistrations, after) => {
    expect(stateAfterRefresh({ state, errorCode, pendingRegistrations })).toEqual(after)
  })
})

describe('registrationStatus', () => {
  const NOW = Date.UTC(2026, 0, 31, 12)
  const connected = { state: 'connected' as const, errorCode: null, pendingRegistrations: 1 }
  const failed = { ...connected, state: 'error' as const, errorCode: 'REGISTRATION_FAILED' }
  it.each<[string, Parameters<typeof registrationStatus>[0] | { silentMs: number }, RegistrationStatus]>([
    ['a sign of life just now', { silentMs: 0 }, 'under-way'],
    ['the last moment', { silentMs: REGISTRATION_LEFT_MS - 1 }, 'under-way'],
    ['a minute of silence', { silentMs: REGISTRATION_LEFT_MS }, 'left'],
    ['no sign of life ever', { ...connected, connectingSince: null }, 'left'],
    ['nothing pending', { ...connected, pendingRegistrations: 0, connectingSince: null }, 'none'],
    ['a failure', { ...failed, connectingSince: null }, 'failed'],
    ['an expired grant', { ...failed, errorCode: 'AUTH_EXPIRED', connectingSince: null }, 'none'],
    ['a suspension', { ...connected, state: 'suspended', connectingSince: null }, 'none'],
    ['no connection', { ...connected, state: 'installed', connectingSince: null }, 'none'],
  ])('%s', (_name, given, status) => {
    const install =
      'silentMs' in given ? { ...connected, connectingSince: new Date(NOW - given.silentMs) } : given
    expect(registrationStatus(install, NOW)).toBe(status)
  })
})
