import { getEventListeners, once } from 'node:events'
import { createServer as createTcpServer } from 'node:net'
import type { OutgoingRequest, SendOptions } from 'miniapp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type LocalServer, startLocalServer } from '../../test/local-server.ts'
import { MAX_CONNECTIONS_PER_ORIGIN } from './routes.ts'
import { createSend, type Egress, type EgressSettings } from './send.ts'

function openEgress(settings: Partial<EgressSettings> = {}): Egress {
  const egress = createSend({
    allowPrivateNetworks: ['127.0.0.0/8'],
    providerOrigins: new Map(),
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

describe('the time of a request', () => {
  it.each<[string, Parameters<typeof startLocalServer>[0]]>([
    ['before the headers', () => {}],
    [
      'inside the body, however steadily it drips',
      (_request, response) => {
        response.writeHead(200)
        const drip = setInterval(() => response.write('.'), 5)
        response.on('close', () => clearInterval(drip))
      },
    ],
    [
      'on the way through redirects',
      (_request, response) => void setTimeout(() => response.writeHead(302, { Location: '/' }).end(), 30),
    ],
  ])('can end %s', async (_name, respond) => {
    const server = await serve(respond)
    await expect(
      openEgress().send(requestTo(server.origin), { ...OPTIONS, timeoutMs: 100 }),
    ).rejects.toMatchObject({
      failure: 'timeout',
      message: '127.0.0.1 did not answer within 100 ms',
    })
  })

  it('can end while the name is resolved', async () => {
    const { send } = openEgress({ resolve: () => new Promise(() => {}) })
    const sent = send(requestTo('http://slow.test'), { timeoutMs: 50, allowedHosts: ['slow.test'] })
    await expect(sent).rejects.toMatchObject({ failure: 'timeout' })
  })

  it('can be ended by its caller, before and during', async () => {
    const closed = Promise.withResolvers<void>()
    const server = await serve((_request, response) => void response.on('close', closed.resolve))
    const { send } = openEgress()
    await expect(
      send(requestTo(server.origin), { ...OPTIONS, signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ failure: 'aborted', message: 'The request to 127.0.0.1 was aborted' })
    expect(server.connections).toBe(0)
    const abort = new AbortController()
    const sent = send(requestTo(server.origin), { ...OPTIONS, signal: abort.signal })
    await expect.poll(() => server.requests).toHaveLength(1)
    abort.abort()
    await expect(sent).rejects.toMatchObject({ failure: 'aborted' })
    // The provider is not left computing an answer for nobody.
    await closed.promise
  })

  it('holds on to nothing once the send is over, whatever came of it', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/cut') request.socket.destroy()
      else response.end()
    })
    const { send } = openEgress()
    const { signal } = new AbortController()
    await send(requestTo(server.origin), { ...OPTIONS, signal })
    await expect(send(requestTo(`${server.origin}/cut`), { ...OPTIONS, signal })).rejects.toThrow()
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('can end in the queue for a connection: the request is never sent and costs nobody a connection', async () => {
    const held: (() => void)[] = []
    const server = await serve((_request, response) => void held.push(() => response.end('ok')))
    const { send } = openEgress()
    const first = Array.from({ length: MAX_CONNECTIONS_PER_ORIGIN }, () =>
      send(requestTo(server.origin), OPTIONS),
    )
    await expect.poll(() => held).toHaveLength(MAX_CONNECTIONS_PER_ORIGIN)
    const late = send(requestTo(`${server.origin}/late`), { ...OPTIONS, timeoutMs: 20 })
    await expect(late).rejects.toMatchObject({ failure: 'timeout' })
    const patient = first.map(() => send(requestTo(server.origin), OPTIONS))
    for (const release of held.splice(0)) release()
    await Promise.all(first)
    // One connection for each of them again: none was closed because of the request that had been given up.
    await expect.poll(() => held).toHaveLength(MAX_CONNECTIONS_PER_ORIGIN)
    for (const release of held.splice(0)) release()
    await Promise.all(patient)
    expect(server.requests.map(({ url }) => url)).not.toContain('/late')
    expect(server.connections).toBe(MAX_CONNECTIONS_PER_ORIGIN)
  })
})

describe('a failing connection', () => {
  it('is told as connect where nobody listens', async () => {
    const server = await startLocalServer(() => {})
    await server.close()
    await expect(
      openEgress().send(requestTo(`${server.origin}/path?key=s3cret`), OPTIONS),
    ).rejects.toMatchObject({
      failure: 'connect',
      message: 'No connection to 127.0.0.1: the connection was refused',
    })
  })

  it('is told as connect where the name does not resolve', async () => {
    const resolve = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }))
    const sent = openEgress({ resolve }).send(requestTo('https://gone.test'), {
      ...OPTIONS,
      allowedHosts: ['gone.test'],
    })
    await expect(sent).rejects.toMatchObject({
      failure: 'connect',
      message: 'No connection to gone.test: the name does not resolve',
    })
  })

  it('is told as connect where TLS meets a server without it', async () => {
    const server = await serve(() => {})
    const sent = openEgress().send(requestTo(`https://127.0.0.1:${server.port}`), OPTIONS)
    await expect(sent).rejects.toMatchObject({
      failure: 'connect',
      message: expect.stringContaining('no secure connection'),
    })
  })

  it.each<[string, Parameters<typeof startLocalServer>[0]]>([
    ['before the answer', (request) => request.socket.destroy()],
    [
      'inside the body',
      (request, response) => {
        response.writeHead(200, { 'Content-Length': 100 }).write('half')
        setTimeout(() => request.socket.destroy(), 5)
      },
    ],
    [
      'inside a chunked body',
      (request, response) => {
        response.write('half')
        setTimeout(() => request.socket.destroy(), 5)
      },
    ],
  ])('is told as network where it is cut %s', async (_name, respond) => {
    const server = await serve(respond)
    await expect(openEgress().send(requestTo(server.origin), OPTIONS)).rejects.toMatchObject({
      failure: 'network',
    })
  })

  it('is told as network where the answer is not HTTP', async () => {
    const server = createTcpServer(
      (socket) => void socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.2\r\n')),
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    await expect(openEgress().send(requestTo(`http://127.0.0.1:${port}`), OPTIONS)).rejects.toMatchObject({
      failure: 'network',
      message: 'The request to 127.0.0.1 failed: the answer is not HTTP',
    })
  })
})

describe('closing', () => {
  it('waits for requests under way and takes no more', async () => {
    const held: (() => void)[] = []
    const server = await serve((_request, response) => void held.push(() => response.end('ok')))
    const egress = openEgress()
    const sent = egress.send(requestTo(server.origin), OPTIONS)
    await expect.poll(() => held).toHaveLength(1)
    const done = Promise.all([egress.close(), egress.close()])
    await expect(egress.send(requestTo(server.origin), OPTIONS)).rejects.toMatchObject({ failure: 'aborted' })
    held[0]?.()
    expect(text((await sent).body)).toBe('ok')
    await done
  })
})
