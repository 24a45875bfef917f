import { gzipSync } from 'node:zlib'
import type { OutgoingRequest, SendOptions } from 'miniapp'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { type LocalServer, startLocalServer } from '../../test/local-server.ts'
import { MAX_HEADER_BYTES } from './routes.ts'
import { createSend, DEFAULT_MAX_RESPONSE_BYTES, type Egress, type EgressSettings } from './send.ts'

const LIMIT = 4096

function openEgress(settings: Partial<EgressSettings> = {}): Egress {
  const egress = createSend({
    allowPrivateNetworks: ['127.0.0.0/8'],
    providerOrigins: new Map(),
    maxResponseBytes: LIMIT,
    ...settings,
  })
  onTestFinished(() => egress.close())
  return egress
}

async function serve(...args: Parameters<typeof startLocalServer>): Promise<LocalServer> {
  const server = await startLocalServer(...args)
  onTestFinished(() => server.close())
  return server
}

function requestTo(url: string, overrides: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return { method: 'GET', url, headers: {}, credentialHeaders: [], credentialQuery: [], ...overrides }
}

const OPTIONS: SendOptions = { timeoutMs: 60_000, allowedHosts: ['127.0.0.1'] }

const text = (body: Uint8Array) => Buffer.from(body).toString()

describe('where the first answer is asked for', () => {
  it('it is not followed, not decoded, and cut where nobody reads on', async () => {
    const endless = await serve((_request, response) => {
      response.writeHead(302, { location: '/next', 'content-encoding': 'gzip', 'content-length': 1_000_000 })
      response.write('x'.repeat(LIMIT * 4))
    })
    const options = { ...OPTIONS, firstAnswer: { keepBytes: 10 } }
    const answer = await openEgress().send(requestTo(endless.origin), options)
    expect(answer.status).toBe(302)
    expect(text(answer.body)).toBe('x'.repeat(10))
    expect(endless.requests).toHaveLength(1)
  })

  it('a short one is whole', async () => {
    const server = await serve((_request, response) => response.end('0123456789'))
    const options = { ...OPTIONS, firstAnswer: { keepBytes: 10 } }
    expect(text((await openEgress().send(requestTo(server.origin), options)).body)).toBe('0123456789')
  })
})

describe('a request', () => {
  let server: LocalServer
  beforeEach(async () => {
    server = await startLocalServer((_request, response) => response.end('ok'))
  })
  afterEach(() => server.close())

  it('carries method, path, query, headers and body as they are', async () => {
    const headers = { 'X-First': '1', 'Content-Type': 'text/plain' }
    const url = `${server.origin}/a%20b/c?x=1&x=%2F&y=a+b#part`
    const answer = await openEgress().send(
      requestTo(url, { method: 'PATCH', headers, body: 'Grüße' }),
      OPTIONS,
    )
    expect(server.requests).toMatchObject([
      { method: 'PATCH', url: '/a%20b/c?x=1&x=%2F&y=a+b', body: 'Grüße' },
    ])
    expect(server.requests[0]?.headers).toEqual({
      host: `127.0.0.1:${server.port}`,
      connection: 'keep-alive',
      'x-first': '1',
      'content-type': 'text/plain',
      'content-length': '7',
      'user-agent': `MiniApps/${packageJson.version}`,
      'accept-encoding': 'gzip, deflate, br',
    })
    expect(answer).toMatchObject({ status: 200, url })
    expect(text(answer.body)).toBe('ok')
  })

  it('carries bytes', async () => {
    const bytes = new Uint8Array([0, 65, 66, 0]).subarray(1, 3)
    await openEgress().send(requestTo(server.origin, { method: 'PUT', body: bytes }), OPTIONS)
    expect(server.requests[0]?.body).toBe('AB')
  })

  it.each(['GET', 'HEAD'] as const)('never carries a body with %s', async (method) => {
    await openEgress().send(requestTo(server.origin, { method, body: 'x' }), OPTIONS)
    expect(server.requests).toMatchObject([{ method, body: '' }])
    expect(server.requests[0]?.headers).not.toHaveProperty('content-length')
  })

  it('keeps the user agent and codings that the definition sets', async () => {
    const headers = { 'USER-AGENT': 'Acme/1', 'accept-encoding': 'identity' }
    await openEgress().send(requestTo(server.origin, { headers }), OPTIONS)
    expect(server.requests[0]?.headers).toMatchObject({
      'user-agent': 'Acme/1',
      'accept-encoding': 'identity',
    })
  })

  it('leaves the headers of the connection to the client', async () => {
    const headers = {
      Host: 'evil.test',
      'content-length': '99',
      'Transfer-Encoding': 'chunked',
      Connection: 'close',
      Upgrade: 'h2c',
      Expect: '100-continue',
      TE: 'trailers',
    }
    await openEgress().send(requestTo(server.origin, { method: 'POST', headers, body: 'x' }), OPTIONS)
    expect(server.requests[0]?.headers).toMatchObject({
      host: `127.0.0.1:${server.port}`,
      'content-length': '1',
      connection: 'keep-alive',
    })
    for (const name of ['transfer-encoding', 'upgrade', 'expect', 'te']) {
      expect(server.requests[0]?.headers).not.toHaveProperty(name)
    }
  })

  it('is refused where a header cannot be sent, without showing it', async () => {
    const sent = openEgress().send(
      requestTo(server.origin, { headers: { 'X-Key': 'a\r\nX-Evil: s3cret' } }),
      OPTIONS,
    )
    await expect(sent).rejects.toMatchObject({ name: 'SendError', failure: 'blocked' })
    await expect(sent).rejects.not.toThrow('s3cret')
    expect(server.requests).toEqual([])
  })

  it('shares connections with those before', async () => {
    const { send } = openEgress()
    for (let count = 0; count < 10; count += 1) await send(requestTo(server.origin), OPTIONS)
    expect(server.connections).toBeLessThanOrEqual(2)
  })

  it('ignores proxies of the environment', async () => {
    const proxy = await serve((_request, response) => response.end('proxied'))
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy'])
      vi.stubEnv(name, proxy.origin)
    onTestFinished(() => void vi.unstubAllEnvs())
    const answer = await openEgress().send(requestTo(server.origin), OPTIONS)
    expect(text(answer.body)).toBe('ok')
    expect(proxy.connections).toBe(0)
  })
})

describe('an answer', () => {
  it('gives status, headers in lower case and joined, and body', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(
        404,
        [
          ['X-One', '1'],
          ['Via', 'a'],
          ['VIA', 'b'],
          ['Set-Cookie', 'a=1'],
          ['set-cookie', 'b=2'],
          ['__proto__', 'x'],
        ].flat(),
      )
      response.end('no')
    })
    const answer = await openEgress().send(requestTo(server.origin), OPTIONS)
    expect(answer.status).toBe(404)
    expect(answer.headers).toMatchObject({ 'x-one': '1', via: 'a, b', 'set-cookie': 'a=1; b=2' })
    expect(Object.getPrototypeOf(answer.headers)).toBe(Object.prototype)
    expect(text(answer.body)).toBe('no')
  })

  it('is decoded', async () => {
    const server = await serve((_request, response) => {
      response.setHeader('Content-Encoding', 'gzip')
      response.end(gzipSync('hello'))
    })
    const answer = await openEgress().send(requestTo(server.origin), OPTIONS)
    expect(text(answer.body)).toBe('hello')
    expect(answer.headers).not.toHaveProperty('content-encoding')
  })

  it('comes after early hints', async () => {
    const server = await serve((_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' })
      response.end('late')
    })
    expect(text((await openEgress().send(requestTo(server.origin), OPTIONS)).body)).toBe('late')
  })

  it('to HEAD may announce more than the limit', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Length': LIMIT * 2 }).end()
    })
    const answer = await openEgress().send(requestTo(server.origin, { method: 'HEAD' }), OPTIONS)
    expect(answer.headers['content-length']).toBe(String(LIMIT * 2))
    expect(answer.body.byteLength).toBe(0)
  })
})

describe('the size of an answer', () => {
  const answering = (body: Uint8Array, headers: Record<string, string>) =>
    serve((_request, response) => {
      response.writeHead(200, headers)
      response.end(body)
    })

  it.each([
    ['with its length announced', { 'Content-Length': String(LIMIT) }],
    ['in chunks', { 'Transfer-Encoding': 'chunked' }],
  ])('may be the limit, %s', async (_name, headers: Record<string, string>) => {
    const server = await answering(Buffer.alloc(LIMIT), headers)
    expect((await openEgress().send(requestTo(server.origin), OPTIONS)).body.byteLength).toBe(LIMIT)
  })

  it.each([
    ['with its length announced', Buffer.alloc(LIMIT + 1), { 'Content-Length': String(LIMIT + 1) }],
    ['in chunks', Buffer.alloc(LIMIT + 1), { 'Transfer-Encoding': 'chunked' }],
    ['until the connection closes', Buffer.alloc(LIMIT + 1), { Connection: 'close' }],
    ['once decoded', gzipSync(Buffer.alloc(LIMIT + 1)), { 'Content-Encoding': 'gzip' }],
  ])('may not be one byte more, %s', async (_name, body, headers: Record<string, string>) => {
    const server = await answering(body, headers)
    await expect(openEgress().send(requestTo(server.origin), OPTIONS)).rejects.toMatchObject({
      failure: 'too-large',
      message: `The answer of 127.0.0.1 is larger than ${LIMIT} bytes`,
    })
  })

  it('is ten mebibytes unless set otherwise', async () => {
    let size = DEFAULT_MAX_RESPONSE_BYTES
    const server = await serve((_request, response) => response.end(Buffer.alloc(size)))
    const { send } = openEgress({ maxResponseBytes: undefined })
    expect((await send(requestTo(server.origin), OPTIONS)).body.byteLength).toBe(10_485_760)
    size += 1
    await expect(send(requestTo(server.origin), OPTIONS)).rejects.toMatchObject({ failure: 'too-large' })
  })

  it('counts the headers apart', async () => {
    let size = MAX_HEADER_BYTES - 1024
    const server = await serve((_request, response) =>
      response.writeHead(200, { 'X-Large': 'a'.repeat(size) }).end(),
    )
    const { send } = openEgress()
    expect((await send(requestTo(server.origin), OPTIONS)).headers['x-large']).toHaveLength(size)
    size = MAX_HEADER_BYTES
    await expect(send(requestTo(server.origin), OPTIONS)).rejects.toMatchObject({
      failure: 'too-large',
      message: 'The headers of the answer of 127.0.0.1 are too large',
    })
  })
})
