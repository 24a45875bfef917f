import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { type OutgoingRequest, SendError, type SendFailure } from 'miniapp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAX_RESPONSE_BYTES } from './answer.ts'
import { createLocalSend, type LocalSend } from './send.ts'
import { readStandIns } from './stand-in.ts'

const ORIGIN = 'https://api.example.com'
const options = {
  timeoutMs: 60_000,
  allowedHosts: ['api.example.com', '127.0.0.1', 'localhost', '*.example.org'],
}
const get = (url: string, headers: Record<string, string> = {}): OutgoingRequest => ({
  method: 'GET',
  url,
  headers,
  credentialHeaders: ['authorization'],
  credentialQuery: [],
})

const respond: Record<string, RequestListener> = {
  '/echo': (request, response) => response.end(JSON.stringify(request.headers)),
  '/gzip': (_request, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('zipped')),
  '/br': (_request, response) =>
    response.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync('squeezed')),
  '/odd': (_request, response) => response.writeHead(200, { 'content-encoding': 'zstd' }).end('x'),
  '/bomb': (_request, response) =>
    response
      .writeHead(200, { 'content-encoding': 'gzip' })
      .end(gzipSync(Buffer.alloc(MAX_RESPONSE_BYTES + 1))),
  '/largest': (_request, response) => response.end(Buffer.alloc(MAX_RESPONSE_BYTES)),
  '/larger': (_request, response) => response.end(Buffer.alloc(MAX_RESPONSE_BYTES + 1)),
  '/silent': () => {},
  '/cut': (_request, response) => response.destroy(),
  '/again': (_request, response) => response.writeHead(302, { location: '/again' }).end(),
  '/home': (_request, response) =>
    response.writeHead(302, { location: `http://localhost:${port}/echo` }).end(),
}

let server: Server
let port: number
let local: LocalSend
let open: LocalSend

beforeAll(async () => {
  server = createServer((request, response) => respond[request.url ?? '']?.(request, response))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  port = (server.address() as AddressInfo).port
  const standIns = readStandIns([`${ORIGIN}=http://127.0.0.1:${port}`])
  local = createLocalSend({ allowPrivate: false, standIns })
  open = createLocalSend({ allowPrivate: true, standIns: readStandIns([]) })
})
afterAll(async () => {
  await Promise.all([local.close(), open.close()])
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

const textOf = async (path: string) =>
  Buffer.from((await local.send(get(ORIGIN + path), options)).body).toString()

async function failureOf(sending: Promise<unknown>): Promise<{ failure: SendFailure; message: string }> {
  const error = await sending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof SendError)) throw new Error(`No SendError, but ${String(error)}`)
  return { failure: error.failure, message: error.message }
}

it('sends headers as they are, and to a stand-in by the name of the provider', async () => {
  const headers = JSON.parse(
    Buffer.from(
      (await local.send(get(`${ORIGIN}/echo`, { 'X-Own': 'é'.normalize('NFC'), Host: 'evil' }), options))
        .body,
    ).toString(),
  )
  expect(headers).toMatchObject({
    host: 'api.example.com',
    'user-agent': expect.stringMatching(/^MiniApps\//),
  })
})

it.each([
  ['/gzip', 'zipped'],
  ['/br', 'squeezed'],
])('decodes %s', async (path, expected) => {
  expect(await textOf(path)).toBe(expected)
})

it('takes the largest answer that is allowed', async () => {
  expect((await local.send(get(`${ORIGIN}/largest`), options)).body.byteLength).toBe(MAX_RESPONSE_BYTES)
})

describe('fails with the reason', () => {
  it.each([
    ['/larger', 'too-large'],
    ['/bomb', 'too-large'],
    ['/odd', 'network'],
    ['/cut', 'network'],
    ['/again', 'too-many-redirects'],
  ] as const)('%s: %s', async (path, failure) => {
    expect(await failureOf(local.send(get(ORIGIN + path), options))).toMatchObject({ failure })
  })

  it('when time is over, and when it is aborted', async () => {
    const silent = get(`${ORIGIN}/silent`)
    expect(await failureOf(local.send(silent, { ...options, timeoutMs: 50 }))).toMatchObject({
      failure: 'timeout',
    })
    const aborted = failureOf(local.send(silent, { ...options, signal: AbortSignal.abort() }))
    expect(await aborted).toMatchObject({ failure: 'aborted' })
  })

  it('when nobody listens', async () => {
    const free = await new Promise<number>((found) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const { port: freed } = probe.address() as AddressInfo
        probe.close(() => found(freed))
      })
    })
    expect(await failureOf(open.send(get(`http://127.0.0.1:${free}/`), options))).toMatchObject({
      failure: 'connect',
      message: 'No connection to 127.0.0.1: the connection was refused',
    })
  })
})

describe('refuses before a byte is sent', () => {
  it.each([
    ['a host that is not declared', 'https://example.com/', /no host that the definition declares/],
    ['the domain of a wildcard itself', 'https://example.org/', /no host that the definition declares/],
    ['http:', 'http://api.example.com:8080/', /over http:/],
    ['another scheme', 'ftp://api.example.com/', /over ftp:/],
    ['user info', 'https://user:pass@api.example.com/', /user info/],
    ['a port of the system', 'https://api.example.com:22/', /port 22/],
    ['a private address', 'https://127.0.0.1/', /private address/],
    ['a name with a private address', 'https://localhost/', /private address/],
    ['what is no URL', 'nonsense', /no absolute URL/],
  ])('%s', async (_name, url, message) => {
    expect(await failureOf(local.send(get(url), options))).toMatchObject({
      failure: 'blocked',
      message: expect.stringMatching(message),
    })
  })
})

it('knows a declared host in every spelling, as the server does', async () => {
  const spelled = { ...options, allowedHosts: ['API.Example.com.'] }
  expect((await local.send(get(`${ORIGIN}/gzip`), spelled)).status).toBe(200)
  const origin = 'https://shop.xn--bcher-kva.example'
  const standIns = readStandIns([`${origin}=http://127.0.0.1:${port}`])
  const books = createLocalSend({ allowPrivate: false, standIns })
  const send = (entry: string) => books.send(get(`${origin}/gzip`), { ...options, allowedHosts: [entry] })
  expect((await send('*.Bücher.example')).status).toBe(200)
  expect((await failureOf(send('bücher.example'))).message).toContain(
    'is no host that the definition declares',
  )
  await books.close()
})

it('reaches a private address, over http:, where that is asked for', async () => {
  expect((await open.send(get(`http://127.0.0.1:${port}/echo`), options)).status).toBe(200)
})

it('follows a redirect to the address of a stand-in as one to its provider', async () => {
  const answer = await local.send(get(`${ORIGIN}/home`, { Authorization: 'Bearer x' }), options)
  expect(answer.url).toBe(`${ORIGIN}/echo`)
  expect(JSON.parse(Buffer.from(answer.body).toString())).toMatchObject({ authorization: 'Bearer x' })
})
