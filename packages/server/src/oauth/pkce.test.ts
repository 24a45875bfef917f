import { expect, test } from 'vitest'
import { codeChallengeOf, makeCodeVerifier } from './pkce.ts'

test('the challenge is that of RFC 7636, appendix B', () => {
  expect(codeChallengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  )
})

test('a verifier has 256 bits in the characters that are allowed', () => {
  expect(makeCodeVerifier()).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(makeCodeVerifier()).not.toBe(makeCodeVerifier())
})
