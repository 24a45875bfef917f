import type { OutgoingRequest } from 'miniapp'
import { describe, expect, it } from 'vitest'
import { followRedirect, type Hop, redirectTarget } from './redirect.ts'

type Method = OutgoingRequest['method']

function requestOf(overrides: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return {
    method: 'POST',
    url: 'https://api.test/v1/things?limit=5&api_key=S3CRET',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json',
      Authorization: 'Bearer t',
      Cookie: 'a=b',
      'X-Api-Key': 'k',
    },
    body: '{}',
    credentialHeaders: ['x-api-key'],
    credentialQuery: ['api_key'],
    ...overrides,
  }
}

function follow(request: OutgoingRequest, status: number, target: string): Hop {
  const { url, method, headers, body } = request
  return followRedirect(
    { url: new URL(url), method, headers, body },
    { status, target },
    request,
    ({ hostname }) => hostname.endsWith('.test'),
  )
}

describe('which answers are redirects', () => {
  it.each([301, 302, 303, 307, 308])('%d with a Location is one', (status) => {
    expect(redirectTarget({ status, headers: { location: '/x' } })).toBe('/x')
  })

  it.each([200, 201, 300, 304, 305, 306, 400])('%d is none', (status) => {
    expect(redirectTarget({ status, headers: { location: '/x' } })).toBeUndefined()
  })

  it('none is one without a Location', () => {
    expect(redirectTarget({ status: 302, headers: {} })).toBeUndefined()
  })
})

describe('what a redirect repeats', () => {
  it.each<[number, Method, Method, boolean]>([
    [301, 'GET', 'GET', false],
    [301, 'HEAD', 'HEAD', false],
    [301, 'POST', 'GET', false],
    [301, 'PUT', 'PUT', true],
    [301, 'PATCH', 'PATCH', true],
    [301, 'DELETE', 'DELETE', true],
    [302, 'POST', 'GET', false],
    [302, 'PUT', 'PUT', true],
    [303, 'GET', 'GET', false],
    [303, 'HEAD', 'HEAD', false],
    [303, 'POST', 'GET', false],
    [303, 'PUT', 'GET', false],
    [303, 'DELETE', 'GET', false],
    [307, 'GET', 'GET', false],
    [307, 'POST', 'POST', true],
    [308, 'POST', 'POST', true],
    [308, 'DELETE', 'DELETE', true],
  ])('%d turns %s into %s, with the body: %s', (status, method, expected, hasBody) => {
    const bodyless = method === 'GET' || method === 'HEAD'
    const next = follow(requestOf(bodyless ? { method, body: undefined } : { method }), status, '/moved')
    expect(next.method).toBe(expected)
    expect(next.body).toBe(hasBody ? '{}' : undefined)
  })

  it('headers that describe the body go with it, the others stay', () => {
    expect(Object.keys(follow(requestOf(), 303, '/moved').headers)).toEqual([
      'Accept',
      'Authorization',
      'Cookie',
      'X-Api-Key',
    ])
  })

  it('keeps credentials on the way to another declared host', () => {
    const next = follow(requestOf(), 307, 'https://eu.api.test/v1?api_key=S3CRET')
    expect(next.headers).toEqual(requestOf().headers)
    expect(next.url.href).toBe('https://eu.api.test/v1?api_key=S3CRET')
  })
})

describe('where a redirect leads', () => {
  it.each([
    ['a path', '/b', 'https://api.test/b'],
    ['a relative path', 'b?c=1', 'https://api.test/v1/b?c=1'],
    ['another host', 'https://other.test/x', 'https://other.test/x'],
    ['a host without scheme', '//other.test/x', 'https://other.test/x'],
    ['a host with a trailing dot', 'https://other.test./x', 'https://other.test/x'],
    ['a path in UTF-8 bytes', Buffer.from('/größe').toString('latin1'), 'https://api.test/gr%C3%B6%C3%9Fe'],
  ])('follows %s', (_name, target, expected) => {
    expect(follow(requestOf(), 307, target).url.href).toBe(expected)
  })

  it('goes from http to https', () => {
    expect(follow(requestOf({ url: 'http://api.test/' }), 307, 'https://api.test/').url.protocol).toBe(
      'https:',
    )
  })

  it.each([
    ['from https to http', 'https://api.test/', 'http://api.test/'],
    ['to a file', 'https://api.test/', 'file:///etc/passwd'],
    ['to ftp', 'https://api.test/', 'ftp://api.test/'],
    ['to data', 'http://api.test/', 'data:text/plain,x'],
  ])('does not go %s', (_name, url, target) => {
    expect(() => follow(requestOf({ url }), 307, target)).toThrow(
      expect.objectContaining({ failure: 'blocked' }),
    )
  })

  it('fails where the target is no address', () => {
    expect(() => follow(requestOf(), 307, 'https://[')).toThrow(
      expect.objectContaining({ failure: 'network' }),
    )
  })
})

describe('a redirect to an undeclared host', () => {
  const elsewhere = 'https://cdn.elsewhere.example/file'

  it.each<Method>(['PUT', 'PATCH', 'DELETE', 'POST'])('is refused for %s', (method) => {
    expect(() => follow(requestOf({ method }), 307, elsewhere)).toThrow(
      expect.objectContaining({
        failure: 'blocked',
        message: expect.stringContaining('cdn.elsewhere.example'),
      }),
    )
  })

  it.each<[Method, number]>([
    ['GET', 302],
    ['HEAD', 302],
    ['POST', 303],
  ])('is followed for %s with %d, without credentials', (method, status) => {
    const next = follow(
      requestOf({
        method,
        headers: {
          accept: 'x',
          AUTHORIZATION: 'a',
          cookie: 'c',
          'x-API-key': 'k',
          'Proxy-Authorization': 'p',
        },
      }),
      status,
      elsewhere,
    )
    expect(next.headers).toEqual({ accept: 'x' })
    expect(next.body).toBe(status === 303 ? undefined : '{}')
  })

  it.each([
    ['by name', '?limit=5&api_key=other', '?limit=5'],
    ['by encoded name', '?api%5Fkey=S3CRET&limit=5', '?limit=5'],
    ['by value', '?token=S3CRET&limit=5', '?limit=5'],
    ['wherever they repeat', '?api_key=1&a=1&api_key=2', '?a=1'],
    ['and nothing is left', '?api_key=1', ''],
    ['and the others keep their bytes', '?sig=a%2Bb+c%20d&api_key=1&x', '?sig=a%2Bb+c%20d&x'],
  ])('loses credential query parameters %s', (_name, query, expected) => {
    expect(follow(requestOf({ method: 'GET' }), 302, elsewhere + query).url.href).toBe(elsewhere + expected)
  })

  it('does not take an empty credential for a value to drop', () => {
    const request = requestOf({ method: 'GET', url: 'https://api.test/?api_key=' })
    expect(follow(request, 302, `${elsewhere}?empty=&api_key=`).url.search).toBe('?empty=')
  })
})
