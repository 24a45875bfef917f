import { describe, expect, it } from 'vitest'
import { type InstallState, isAuthenticated, mayBecome, refusalOf, TRANSITIONS } from './state.ts'

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
