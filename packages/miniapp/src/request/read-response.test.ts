import { describe, expect, it } from 'vitest'
import { compileHttpStep } from '../compile-step.ts'
import { decodeBody } from './decode-body.ts'
import { MAX_PROVIDER_MESSAGE_CHARACTERS, providerMessage } from './provider-message.ts'
import { judgeResponse } from './read-response.ts'
import { createRedactor } from './redact.ts'
import { retryAfterMs } from './retry-after.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)
const bytes = (...values: number[]) => new Uint8Array(values)
const utf16le = (text: string) => new Uint8Array(Buffer.from(text, 'utf16le'))
const type = (value: string): Record<string, string> => (value === '' ? {} : { 'content-type': value })

describe('decodeBody', () => {
  it.each<[string, string, Uint8Array, unknown]>([
    ['JSON', 'application/json', utf8('{"a":1}'), { a: 1 }],
    ['JSON of a vendor', 'application/vnd.acme.v1+json; charset=utf-8', utf8('[1]'), [1]],
    [
      'JSON with long numbers',
      'application/json',
      utf8('{"id":820982911946154508}'),
      { id: '820982911946154508' },
    ],
    ['JSON with a byte order mark', 'application/json', bytes(0xef, 0xbb, 0xbf, 0x31), 1],
    ['a JSON number that says so', 'application/json', utf8('42'), 42],
    ['blank JSON', 'application/json', utf8(' \n'), null],
    ['an empty body', 'application/json', bytes(), null],
    ['an empty body without a type', '', bytes(), null],
    ['JSON without a type', '', utf8(' {"a":1}'), { a: 1 }],
    ['JSON as plain text', 'text/plain', utf8('[1]'), [1]],
    ['JSON as HTML', 'text/html; charset=UTF-8', utf8('{"ok":false}'), { ok: false }],
    ['plain text that is also a number', 'text/plain', utf8('42'), '42'],
    ['plain text that starts like JSON', 'text/plain', utf8('[draft] hello'), '[draft] hello'],
    ['XML', 'application/xml', utf8('<a/>'), '<a/>'],
    ['CSV', 'text/csv', utf8('a,b\n1,2'), 'a,b\n1,2'],
    ['Latin-1', 'text/plain; charset=iso-8859-1', bytes(0xe9), 'é'],
    ['a quoted charset', 'text/plain; charset="windows-1256"', bytes(0xc8), 'ب'],
    ['UTF-16 by its byte order mark', 'text/plain', bytes(0xff, 0xfe, ...utf16le('hé')), 'hé'],
    [
      'a byte order mark against the label',
      'text/plain; charset=iso-8859-1',
      bytes(0xef, 0xbb, 0xbf, 0xc3, 0xa9),
      'é',
    ],
    ['a charset that nobody knows', 'text/plain; charset=klingon', utf8('é'), 'é'],
    [
      'form fields',
      'application/x-www-form-urlencoded',
      utf8('a=1&b=x+y&b=z&__proto__=p'),
      JSON.parse('{"a":"1","b":["x y","z"],"__proto__":"p"}'),
    ],
    [
      'text that looks like form fields',
      'text/plain',
      utf8('access_token=abc&scope='),
      'access_token=abc&scope=',
    ],
  ])('reads %s', (_, contentType, body, expected) => {
    expect(decodeBody({ headers: type(contentType), body }).value).toEqual(expected)
  })

  it('reads form fields of a token endpoint whatever their type', () => {
    const read = (text: string) =>
      decodeBody({ headers: type('text/html'), body: utf8(text) }, { fieldsInText: true })
    expect(read('access_token=a%2Bb&scope=\n').value).toEqual({ access_token: 'a+b', scope: '' })
    expect(read('see https://x.example/?a=1 for help').value).toBe('see https://x.example/?a=1 for help')
  })

  it('notes a body that claims to be JSON and is not', () => {
    const decoded = decodeBody({ headers: type('application/json'), body: utf8('<html>') })
    expect(decoded).toMatchObject({ value: '<html>', note: expect.stringContaining('application/json') })
  })
})

describe('providerMessage', () => {
  const redact = createRedactor(['secret-1'])
  it.each<[string, unknown, string | undefined]>([
    ['error', { error: 'channel_not_found' }, 'channel_not_found'],
    ['message', { message: 'Not Found', documentation_url: 'https://x' }, 'Not Found'],
    ['error.message', { error: { code: 190, message: 'Expired' } }, 'Expired'],
    [
      'code and description',
      { error: 'invalid_grant', error_description: 'Code expired' },
      'invalid_grant: Code expired',
    ],
    ['errors[0].message', { errors: [{ message: 'Bad id' }] }, 'Bad id'],
    [
      'message and errors',
      { message: 'Validation Failed', errors: [{ field: 'title', message: 'is empty' }] },
      'Validation Failed: is empty',
    ],
    ['errors by field', { errors: { email: ['is taken'] } }, 'email is taken'],
    [
      'errors by field beside a message that says nothing',
      { error: { code: 'error', message: 'alert.invalid_fields', fields: { note: ['is required'] } } },
      'alert.invalid_fields: note is required',
    ],
    ['the names of fields', { message: 'Missing: [Name]', fields: ['Name'] }, 'Missing: [Name]'],
    ['a list of errors', [{ errorCode: 'X', message: 'Session expired' }], 'Session expired'],
    ['detail of a problem', { title: 'Forbidden', detail: 'No scope', status: 403 }, 'No scope: Forbidden'],
    ['text', ' plain\n words ', 'plain words'],
    [
      'the title of a page',
      '<html><head><title>502 Bad Gateway</title></head><body>x</body></html>',
      '502 Bad Gateway',
    ],
    ['a page without title', '<h1>Oops</h1><p>Later</p>', 'Oops Later'],
    ['a secret', { message: 'token secret-1 is bad' }, 'token *** is bad'],
    ['nothing', { a: 1 }, undefined],
    ['null', null, undefined],
    ['an empty text', { error: '', message: ' ' }, undefined],
  ])('finds %s', (_, body, expected) => {
    expect(providerMessage(body, redact)).toBe(expected)
  })

  it('is at most 500 characters long and never shows half a secret at its end', () => {
    expect(providerMessage('x'.repeat(5000), redact)).toHaveLength(MAX_PROVIDER_MESSAGE_CHARACTERS)
    expect(providerMessage(`${'x'.repeat(496)}secret-1`, redact)).toBe(`${'x'.repeat(496)}***`)
    expect(providerMessage(`${'x'.repeat(498)}secret-1`, redact)).toBe(`${'x'.repeat(498)}**`)
  })

  it('is found in a page of nothing but brackets without delay', () => {
    expect(providerMessage('<a '.repeat(100_000), redact)).toBeDefined()
  })
})

describe('judgeResponse', () => {
  const step = compileHttpStep(
    { url: 'https://a.example', method: 'GET' },
    { pointer: '/actions/0/requests/2', index: 2 },
  )
  const judge = (status: number, headers: Record<string, string> = {}) =>
    judgeResponse(
      step,
      { status, headers, body: { message: 'words' } },
      { redact: createRedactor([]), now: 0 },
    )

  it.each([200, 204, 302, 399])('takes %i for a success', (status) => {
    expect(judge(status)).toEqual({ verdict: 'ok' })
  })

  it.each<[number, string, boolean]>([
    [400, 'EXTERNAL_API_ERROR', false],
    [403, 'EXTERNAL_API_ERROR', false],
    [408, 'EXTERNAL_API_ERROR', true],
    [425, 'EXTERNAL_API_ERROR', true],
    [429, 'RATE_LIMITED', true],
    [500, 'EXTERNAL_API_ERROR', true],
    [599, 'EXTERNAL_API_ERROR', true],
  ])('takes %i for %s, retryable: %s', (status, code, retryable) => {
    expect(judge(status)).toMatchObject({
      verdict: 'failed',
      error: {
        code,
        retryable,
        path: '/actions/0/requests/2',
        details: { step: 2, status, providerMessage: 'words' },
      },
    })
  })

  it('gives a 401 the chance of a refresh', () => {
    expect(judge(401)).toMatchObject({ verdict: 'unauthorized', error: { code: 'AUTH_EXPIRED' } })
  })
})

describe('retryAfterMs', () => {
  const now = Date.UTC(2026, 0, 31, 12)
  it.each<[string | undefined, number | undefined]>([
    ['0', 0],
    [' 120 ', 120_000],
    [new Date(now + 5000).toUTCString(), 5000],
    [new Date(now - 5000).toUTCString(), 0],
    ['1.5.x', undefined],
    ['-1x', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %j as %j', (value, expected) => {
    expect(retryAfterMs(value === undefined ? {} : { 'retry-after': value }, now)).toBe(expected)
  })
})
