import { describe, expect, it } from 'vitest'
import { createProviderOrigins } from './provider-origins.ts'

const origins = createProviderOrigins(
  new Map([
    ['https://api.github.com', 'http://127.0.0.1:4001'],
    ['https://uploads.github.com', 'http://127.0.0.1:4001'],
    ['https://slack.com', 'http://stand-in.test:4002'],
  ]),
)

describe('a URL of a stand-in', () => {
  it.each([
    ['becomes one of the original', 'http://stand-in.test:4002/api?x=1#y', 'https://slack.com/api?x=1#y'],
    [
      'becomes one of the first original that shares it',
      'http://127.0.0.1:4001/a',
      'https://api.github.com/a',
    ],
    ['is known by the other names of this machine', 'http://localhost:4001/a', 'https://api.github.com/a'],
    ['is known by its IPv6 address', 'http://[::1]:4001/a', 'https://api.github.com/a'],
    [
      'is known by the host it was asked by, in its own scheme',
      'http://uploads.github.com/a',
      'https://uploads.github.com/a',
    ],
    ['keeps its encoding', 'http://127.0.0.1:4001/a%2Fb?c=%20+', 'https://api.github.com/a%2Fb?c=%20+'],
  ])('%s', (_name, url, expected) => {
    expect(origins.originalUrl(url)).toBe(expected)
  })

  it.each([
    ['another port', 'http://127.0.0.1:4009/a'],
    ['another scheme', 'https://127.0.0.1:4001/a'],
    ['another host', 'https://example.com/'],
    ['another host in its scheme', 'http://github.com/'],
    ['an original origin', 'https://api.github.com/a'],
    ['a path', '/a?page=2'],
    ['no address', 'not a url'],
  ])('is not %s', (_name, url) => {
    expect(origins.originalUrl(url)).toBe(url)
  })
})

describe('headers of an answer', () => {
  it('name the original that was asked, in Link and Location', () => {
    const headers = {
      link: '<http://127.0.0.1:4001/r?page=2>; rel="next", </r?page=9>; rel="last", <https://other.test/>; rel="help"',
      location: 'http://127.0.0.1:4001/r',
      'x-other': 'http://127.0.0.1:4001/r',
    }
    origins.restoreHeaders(headers, 'https://uploads.github.com')
    expect(headers).toEqual({
      link: '<https://uploads.github.com/r?page=2>; rel="next", </r?page=9>; rel="last", <https://other.test/>; rel="help"',
      location: 'https://uploads.github.com/r',
      'x-other': 'http://127.0.0.1:4001/r',
    })
  })

  it('name another stand-in by its own original', () => {
    const headers: Record<string, string> = { location: 'http://stand-in.test:4002/x' }
    origins.restoreHeaders(headers, 'https://api.github.com')
    expect(headers).toEqual({ location: 'https://slack.com/x' })
  })

  it('stay absent where they are', () => {
    const headers = {}
    origins.restoreHeaders(headers, 'https://slack.com')
    expect(headers).toEqual({})
  })
})

it('an origin that has a stand-in of its own is never taken for the name of another', () => {
  const both = createProviderOrigins(
    new Map([
      ['https://api.test', 'http://127.0.0.1:4001'],
      ['http://api.test', 'http://127.0.0.1:4002'],
    ]),
  )
  expect(both.originalUrl('http://api.test/a')).toBe('http://api.test/a')
  expect(both.originalUrl('http://127.0.0.1:4001/a')).toBe('https://api.test/a')
  expect(both.originalUrl('http://127.0.0.1:4002/a')).toBe('http://api.test/a')
})

it('says whether there are any, and which', () => {
  expect(origins.empty).toBe(false)
  expect(createProviderOrigins(new Map()).empty).toBe(true)
  expect(origins.standInFor('https://slack.com')).toBe('http://stand-in.test:4002')
  expect(origins.standInFor('https://api.slack.com')).toBeUndefined()
})
