import type { OutgoingRequest } from 'miniapp'
import { describe, expect, it } from 'vitest'
import { followRedirect, type Hop } from './redirect.ts'

const request: OutgoingRequest = {
  method: 'GET',
  url: 'https://api.example.com/a?key=SECRET&page=1',
  headers: {
    Authorization: 'Bearer SECRET',
    'X-Key': 'SECRET',
    Accept: 'text/plain',
    'Content-Type': 'text/plain',
  },
  credentialHeaders: ['authorization', 'x-key'],
  credentialQuery: ['key'],
}
const hop = (method: Hop['method'] = 'GET'): Hop => ({
  url: new URL(request.url),
  method,
  headers: request.headers,
  body: method === 'POST' ? 'body' : undefined,
})
const isDeclared = ({ hostname }: URL) => hostname === 'api.example.com'
const follow = (from: Hop, status: number, location: string | undefined) =>
  followRedirect(from, { status, headers: location === undefined ? {} : { location } }, request, isDeclared)

it.each([
  ['an answer that is none', 200, 'https://api.example.com/b'],
  ['a redirect without a target', 302, undefined],
  ['a status that only looks like one', 304, 'https://api.example.com/b'],
])('does not follow %s', (_name, status, location) => {
  expect(follow(hop(), status, location)).toBeUndefined()
})

it.each([
  ['POST', 301, 'GET'],
  ['POST', 302, 'GET'],
  ['POST', 303, 'GET'],
  ['PUT', 303, 'GET'],
  ['HEAD', 303, 'HEAD'],
  ['POST', 307, 'POST'],
  ['POST', 308, 'POST'],
  ['PUT', 302, 'PUT'],
] as const)('%s becomes, by %i, %s', (method, status, expected) => {
  const next = follow(hop(method), status, '/b')
  expect(next?.method).toBe(expected)
  if (method === 'POST' && expected === 'GET') {
    expect(next?.body).toBeUndefined()
    expect(next?.headers).not.toHaveProperty('Content-Type')
  }
})

describe('to a host that is not declared', () => {
  it('goes without credentials, also where the query renamed them', () => {
    const next = follow(hop(), 302, 'https://cdn.example.net/b?key=SECRET&renamed=SECRET&page=1')
    expect(next?.headers).toEqual({ Accept: 'text/plain', 'Content-Type': 'text/plain' })
    expect(next?.url.href).toBe('https://cdn.example.net/b?page=1')
  })

  it('never with a body', () => {
    expect(() => follow(hop('POST'), 307, 'https://cdn.example.net/b')).toThrow(/does not declare/)
  })
})

it('keeps credentials on the way to a declared host', () => {
  expect(follow(hop(), 302, '/b')?.headers).toEqual(request.headers)
})

it.each([
  ['to http:', 'http://api.example.com/b', /from https: to http:/],
  ['to what is no address', 'https://', /no address/],
  ['to another scheme', 'file:///etc/passwd', /to file:/],
])('is refused %s', (_name, location, message) => {
  expect(() => follow(hop(), 302, location)).toThrow(message)
})
