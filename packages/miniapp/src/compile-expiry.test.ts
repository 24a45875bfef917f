import { describe, expect, it } from 'vitest'
import { compileExpiry } from './compile-expiry.ts'
import type { AuthDefinition } from './document.ts'

const test = (expiredWhen: AuthDefinition['expiredWhen']) => compileExpiry({ type: 'apikey', expiredWhen })

describe('expiredWhen', () => {
  it('is absent where the document has no rule', () => {
    expect(test(undefined)).toBeUndefined()
  })

  it('holds by status alone where a rule has no path', () => {
    const isExpired = test([{ status: 419 }])
    expect(isExpired?.({ status: 419, body: null })).toBe(true)
    expect(isExpired?.({ status: 403, body: null })).toBe(false)
  })

  it.each([
    [{ error: { code: 'token_expired' } }, true],
    [{ error: { code: 'no_scope' } }, false],
    [{}, false],
    [null, false],
    ['<html>', false],
  ])('holds by status and body: %j → %s', (body, expected) => {
    const isExpired = test([{ status: 403, path: '$.error.code', equals: 'token_expired' }])
    expect(isExpired?.({ status: 403, body })).toBe(expected)
    expect(isExpired?.({ status: 400, body })).toBe(false)
  })

  it('holds where any of its rules does', () => {
    const isExpired = test([
      { status: 403, path: '$.code', in: [190, 463] },
      { status: 200, path: '$.ok', equals: false },
    ])
    expect(isExpired?.({ status: 200, body: { ok: false } })).toBe(true)
    expect(isExpired?.({ status: 403, body: { code: 463 } })).toBe(true)
    expect(isExpired?.({ status: 200, body: { ok: true } })).toBe(false)
  })
})
