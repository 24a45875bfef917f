import { fastify } from 'fastify'
import { describe, expect, it } from 'vitest'
import { registerRequestIds } from './request-id.ts'

const OURS = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/

async function idFor(
  trustedProxies: string[],
  request: { remoteAddress: string; id?: string },
): Promise<unknown> {
  const server = fastify()
  registerRequestIds(server, { trustedProxies })
  server.get('/', (seen) => ({ id: seen.id }))
  const answer = await server.inject({
    url: '/',
    remoteAddress: request.remoteAddress,
    headers: request.id === undefined ? {} : { 'x-request-id': request.id },
  })
  expect(answer.headers['x-request-id']).toBe(answer.json().id)
  return answer.json().id
}

describe('the id of a request', () => {
  it.each<[string, string[], { remoteAddress: string; id?: string }]>([
    ['without a header', ['10.0.0.0/8'], { remoteAddress: '10.1.2.3' }],
    ['where no proxy is trusted', [], { remoteAddress: '127.0.0.1', id: 'theirs' }],
    [
      'where the connection comes from elsewhere',
      ['10.0.0.0/8'],
      { remoteAddress: '11.0.0.1', id: 'theirs' },
    ],
    ['where it holds what does not belong in a log', ['10.0.0.1'], { remoteAddress: '10.0.0.1', id: 'a b' }],
    ['where it is too long', ['10.0.0.1'], { remoteAddress: '10.0.0.1', id: 'x'.repeat(129) }],
  ])('is made by us %s', async (_name, proxies, request) => {
    expect(await idFor(proxies, request)).toMatch(OURS)
  })

  it.each<[string, string[], string]>([
    ['an address', ['192.0.2.7', '10.0.0.1'], '10.0.0.1'],
    ['a block', ['10.0.0.0/8'], '10.200.0.1'],
    ['IPv4 on an IPv6 socket', ['10.0.0.0/8'], '::ffff:10.0.0.1'],
    ['IPv6', ['fd00::/8'], 'fd00::1'],
  ])('is taken from a trusted proxy: %s', async (_name, proxies, remoteAddress) => {
    expect(await idFor(proxies, { remoteAddress, id: 'x'.repeat(128) })).toBe('x'.repeat(128))
  })

  it('needs proxies that are addresses', () => {
    expect(() => registerRequestIds(fastify(), { trustedProxies: ['proxy.internal'] })).toThrow(
      'TRUSTED_PROXIES holds "proxy.internal"',
    )
  })
})
