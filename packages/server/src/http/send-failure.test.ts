import { SendError } from 'miniapp'
import { errors } from 'undici'
import { describe, expect, it } from 'vitest'
import { sendErrorOf } from './send-failure.ts'

const withCode = (code: string) => Object.assign(new Error(`${code} 10.1.2.3:443`), { code })

describe('a failure', () => {
  it('is a connect failure while the request was handed to no connection', () => {
    expect(sendErrorOf(withCode('ECONNREFUSED'), 'api.test', false)).toMatchObject({
      failure: 'connect',
      message: 'No connection to api.test: the connection was refused',
    })
  })

  it('is a network failure from then on', () => {
    expect(sendErrorOf(withCode('ECONNRESET'), 'api.test', true)).toMatchObject({
      failure: 'network',
      message: 'The request to api.test failed: the connection was reset',
    })
  })

  it.each([
    ['headers that are too large', new errors.HeadersOverflowError(), 'too-large', 'headers'],
    [
      'a header that cannot be sent',
      new errors.InvalidArgumentError('invalid X header'),
      'blocked',
      'header that HTTP',
    ],
    ['an answer that is not HTTP', new errors.HTTPParserError('secret=1'), 'network', 'not HTTP'],
    ['an expired certificate', withCode('CERT_HAS_EXPIRED'), 'network', 'certificate has expired'],
    [
      'another TLS failure',
      withCode('ERR_SSL_WRONG_VERSION_NUMBER'),
      'network',
      'no secure connection (ERR_SSL_',
    ],
    ['a code that nobody listed', withCode('EWHATEVER'), 'network', 'the connection failed (EWHATEVER)'],
    ['an error without a code', new Error('secret=1'), 'network', 'the connection failed'],
    ['what is no error', undefined, 'network', 'the connection failed'],
  ])('tells %s', (_name, error, failure, words) => {
    const sendError = sendErrorOf(error, 'api.test', true)
    expect(sendError).toMatchObject({ failure, message: expect.stringContaining(words) })
    expect(sendError.message).toContain('api.test')
    expect(sendError.message).not.toMatch(/10\.1\.2\.3|secret/)
    expect(sendError.cause).toBe(error)
  })

  it('that is already told stays as it is', () => {
    const told = new SendError('blocked', 'no')
    expect(sendErrorOf(told, 'api.test', false)).toBe(told)
  })
})
