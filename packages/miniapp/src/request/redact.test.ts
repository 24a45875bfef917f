import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRedactor, joinRedactors, redactHeaders, redactStart, redactValue } from './redact.ts'

const SECRET = 'sk/live+"Ä\\ n&1\n€'
const html = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('/', '&#x2F;')
const form = (text: string) => new URLSearchParams([['', text]]).toString().slice(1)
const base64 = (text: string) => Buffer.from(text).toString('base64')
const base64url = (text: string) => Buffer.from(text).toString('base64url')
const lowerPercent = (text: string) => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())
const inside = (text: string) => JSON.stringify(text).slice(1, -1)
const asciiOnly = (text: string) =>
  text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

describe('createRedactor', () => {
  const redact = createRedactor([SECRET, 'short', 'tok-123456'])

  it.each<[string, string]>([
    ['as it is', SECRET],
    ['percent-encoded as a component', encodeURIComponent(SECRET)],
    ['percent-encoded in lower case', lowerPercent(encodeURIComponent(SECRET))],
    ['percent-encoded as a form, with + for a space', form(SECRET)],
    ['percent-encoded twice', encodeURIComponent(encodeURIComponent(SECRET))],
    ['JSON-escaped', inside(SECRET)],
    ['JSON-escaped inside JSON', inside(inside(SECRET))],
    ['JSON-escaped to ASCII', asciiOnly(inside(SECRET))],
    ['JSON-escaped with escaped slashes', inside(SECRET).replaceAll('/', '\\/')],
    ['as HTML entities', html(SECRET)],
    ['base64 on its own', base64(SECRET).replace(/=+$/, '')],
  ])('hides a secret %s', (_, encoded) => {
    expect(redact(`before ${encoded} after`)).toMatch(/^before \*\*\*.{0,2} after$/s)
  })

  it.each([0, 1, 2, 3, 4])('hides base64 of a text that holds the secret after %i other bytes', (before) => {
    const text = `${'u'.repeat(before)}${SECRET}:after`
    for (const encoded of [base64(text), base64url(text), encodeURIComponent(base64(text))]) {
      const decoded = Buffer.from(redact(`Basic ${encoded}`).replaceAll('***', ''), 'base64').toString(
        'latin1',
      )
      expect(decoded).not.toContain('live')
      expect(redact(`Basic ${encoded}`)).toContain('***')
    }
  })

  it('hides the Basic pair of a form-encoded client id and secret (RFC 6749, 2.3.1)', () => {
    const pair = base64(`client:${encodeURIComponent(SECRET)}`)
    expect(redact(`Basic ${pair}`)).toMatch(/^Basic [\w+/]{0,12}\*\*\*[\w+/=]{0,4}$/)
  })

  it.each([
    ['percent-encoded letters', '%53%65cret-%56alue'],
    ['letters as JSON escapes', '\\u0053\\u0065cret-Value'],
    ['letters as HTML entities', '&#83;&#x65;cret-Value'],
    ['lower case, as hosts and codes are written', 'secret-value'],
  ])('hides %s', (_, echoed) => {
    expect(createRedactor(['Secret-Value'])(`a ${echoed} b`)).toBe('a *** b')
  })

  it('leaves values of less than six characters and ordinary text alone', () => {
    expect(redact('a short text about tokens, tok-12345')).toBe('a short text about tokens, tok-12345')
    expect(createRedactor([])('anything')).toBe('anything')
    expect(createRedactor(['12345'])('12345')).toBe('12345')
    expect(createRedactor(['123456'])('x123456x')).toBe('x***x')
  })

  it('hides the longer of two secrets of which one starts with the other', () => {
    expect(createRedactor(['abcdef', 'abcdefghij'])('abcdefghij abcdef')).toBe('*** ***')
  })

  it('hides a long key, whole, cut short and in base64', () => {
    const key = `-----BEGIN KEY-----\n${'MIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8\n'.repeat(60)}-----END KEY-----`
    const redactKey = createRedactor([key])
    expect(redactKey(`x ${key} y`)).toBe('x *** y')
    expect(redactKey(`x ${inside(key)} y`)).toBe('x *** y')
    expect(redactKey(key.slice(0, 1500))).not.toContain(key.slice(0, 300))
    expect(redactKey(base64(key)).length).toBeLessThan(base64(key).length / 20)
  })

  it('takes time in proportion to the text for a secret of nothing but backslashes', () => {
    const redactSlashes = createRedactor([`${'\\'.repeat(40)}!`, `${'\\\n'.repeat(20)}`])
    expect(redactSlashes('\\'.repeat(20_000))).toContain('\\')
  })

  it('lets no encoding of any secret through', () => {
    const encodings: ((text: string) => string)[] = [
      (text) => text,
      encodeURIComponent,
      (text) => lowerPercent(encodeURIComponent(text)),
      form,
      inside,
      (text) => inside(inside(text)),
      base64,
      base64url,
      (text) => base64(`user:${text}`),
      (text) => base64url(`{"a":"${text}","b":1}`),
    ]
    fc.assert(
      fc.property(
        fc
          .string({ unit: 'grapheme', minLength: 8, maxLength: 400 })
          .filter((text) => text.trim().length >= 8),
        fc.constantFrom(...encodings),
        (secret, encode) => {
          const encoded = encode(secret.trim())
          const redact = createRedactor([secret])
          const shown = redact(`<<${encoded}>>`)
          expect(shown).not.toContain(encoded)
          expect(shown).toContain('***')
          expect(redact(encoded)).toContain('***')
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('redactStart', () => {
  const redact = createRedactor(['secret-value-1'])

  it('cuts after redacting, so that no half of a secret stays at the end', () => {
    expect(redactStart(`${'x'.repeat(10)}secret-value-1${'y'.repeat(5000)}`, redact, 15)).toBe(
      `${'x'.repeat(10)}***yy`,
    )
  })

  it('never shows a secret that crosses the end of what was read', () => {
    const text = 'secret-value-1,'.repeat(1000)
    for (let limit = 1; limit < 60; limit += 1) {
      expect(redactStart(text, redact, limit).replaceAll('***', '').replaceAll(',', '')).toMatch(/^\**$/)
    }
  })

  it('keeps a short text whole', () => {
    expect(redactStart('abc', redact, 4096)).toBe('abc')
  })
})

describe('redactHeaders', () => {
  it('hides credentials always and secrets anywhere', () => {
    const shown = redactHeaders(
      {
        Authorization: 'x',
        cookie: 'a',
        'Set-Cookie': 'b',
        'X-Key': 'k',
        'X-Echo': 'is tok-123456',
        Accept: '*/*',
      },
      createRedactor(['tok-123456']),
      ['x-key'],
    )
    expect(shown).toEqual({
      Authorization: '***',
      cookie: '***',
      'Set-Cookie': '***',
      'X-Key': '***',
      'X-Echo': 'is ***',
      Accept: '*/*',
    })
  })
})

describe('redactValue', () => {
  it('redacts names and texts at every depth and keeps everything else', () => {
    const redact = joinRedactors(createRedactor(['tok-123456']), createRedactor(['tok-abcdef']))
    const value = { a: ['tok-123456', 1, null, { 'x tok-abcdef': true }], b: 'plain' }
    expect(redactValue(value, redact)).toEqual({ a: ['***', 1, null, { 'x ***': true }], b: 'plain' })
    const clean = { a: [1, 'b'] }
    expect(redactValue(clean, redact)).toBe(clean)
  })
})
