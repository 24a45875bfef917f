import { describe, expect, it } from 'vitest'
import { providerErrorCode, wordsOf } from './provider-message.ts'

describe('providerErrorCode', () => {
  it.each<[string, unknown, string | undefined]>([
    ['where RFC 6749 puts it', { error: 'invalid_grant', code: 400 }, 'invalid_grant'],
    ['in capitals', { error: 'INVALID_GRANT' }, 'invalid_grant'],
    ['below error', { error: { code: 'invalid_grant', message: 'Old' } }, 'invalid_grant'],
    ['as a type below error', { error: { type: 'token.expired' } }, 'token.expired'],
    ['in a list', { errors: [{ code: 'invalid_grant' }] }, 'invalid_grant'],
    ['under another name', { error: true, errorCode: 'invalid_grant' }, 'invalid_grant'],
    ['a sentence is none', { error: 'The grant is invalid.' }, undefined],
    ['a number is none', { code: 190 }, undefined],
    ['64 characters', { error: 'a'.repeat(64) }, 'a'.repeat(64)],
    ['65 characters are no code', { error: 'a'.repeat(65) }, undefined],
    ['text has none', 'invalid_grant', undefined],
    ['nothing has none', null, undefined],
  ])('%s', (_name, body, code) => {
    expect(providerErrorCode(body)).toBe(code)
  })
})

describe('wordsOf', () => {
  it.each<[string, unknown, unknown]>([
    [
      'texts under the names of messages',
      { error: 'e', message: 'm', token: 't' },
      { error: 'e', message: 'm' },
    ],
    ['those below error', { error: { message: 'm', token: 't' } }, { message: 'm' }],
    ['no other member', { access_token: 't', details: { access_token: 't' } }, {}],
    ['no list', [{ access_token: 't' }], undefined],
    ['a web page', ' <html>Hello</html>', ' <html>Hello</html>'],
    ['no other text', '{"access_token":"t', undefined],
    ['nothing', null, undefined],
  ])('%s', (_name, body, words) => {
    expect(wordsOf(body)).toEqual(words)
  })
})
