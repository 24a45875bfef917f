import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** A request as the proxy received it. */
export interface ProxiedRequest {
  method: string
  /** Path and query. */
  url: string
  headers: IncomingMessage['headers']
  body: string
  /** What was done to it. */
  fault: FaultName | undefined
}

export type FaultName = '401' | '429' | '500' | 'status' | 'delay' | 'cut' | 'echo' | 'huge' | 'html' | 'hold'

/**
 * A real proxy before a real server. It passes requests through until it is told to misbehave; the last order counts.
 * Each order takes the number of requests it is for (`times`); without one it stands until the next order.
 */
export interface FaultProxy extends AsyncDisposable {
  /** Where to connect to, for a setting such as `PROVIDER_ORIGINS`. */
  origin: string
  /** In the order of their arrival. */
  requests: ProxiedRequest[]
  /** Answers 401 as providers do for a token that is wrong or has expired. */
  answer401(times?: number): void
  /** Answers 429, with `Retry-After` where seconds (or an HTTP date) are given. */
  answer429(options?: { retryAfter?: number | string; times?: number }): void
  answer500(times?: number): void
  /** Answers with this and nothing else. */
  answer(status: number, options?: { headers?: Record<string, string>; body?: string; times?: number }): void
  /** Answers 200 with a web page instead of JSON, as captive portals and wrong addresses do. */
  answerHtml(times?: number): void
  /** Answers 200 with a JSON string of so many bytes in all, in chunks, its length not announced. */
  answerHuge(bytes: number, times?: number): void
  /** Waits before passing the request on. */
  delay(ms: number, times?: number): void
  /**
   * Closes the connection: at 0 before the answer; else after so many bytes of the real answer's body, and at least one
   * byte before its end.
   */
  cut(afterBytes: number, times?: number): void
  /** Answers 400 with the request's own headers and body in JSON: what a careless provider does with secrets. */
  echo(on: boolean): void
  /** Holds one request, before or after the real server carried it out. */
  hold(when: 'before' | 'after'): Hold
  /** The next order is for requests whose path matches; the others pass through meanwhile. */
  only(path: RegExp): FaultProxy
  /** Forgets the last order. */
  passThrough(): void
  close(): Promise<void>
}

/** A request that the proxy holds. */
export interface Hold {
  /** Resolves once there is one. */
  reached: Promise<ProxiedRequest>
  /** Lets it go on. */
  release(): void
}

interface Exchange {
  request: IncomingMessage
  body: Buffer
  response: ServerResponse
  /** Fetches the real answer. */
  forward: () => Promise<RealAnswer>
}

interface RealAnswer {
  status: number
  rawHeaders: string[]
  body: Buffer
}

interface Fault {
  name: FaultName
  left: number
  /** Which requests it is for. */
  path: RegExp
  act(exchange: Exchange): Promise<void> | void
}

const EVERY_PATH = /^/

/** Names of this machine that a server may call itself by. */
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]']

/** Headers that belong to one connection, not to the message. */
const HOP_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length'])

/** @param options.target origin of the real server */
export async function startFaultProxy({ target }: { target: string }): Promise<FaultProxy> {
  const requests: ProxiedRequest[] = []
  let fault: Fault | undefined
  let nextPath = EVERY_PATH

  const server = createServer(async (request, response) => {
    const body = await read(request)
    const current = takeFault(request.url ?? '')
    const { method = '', url = '', headers } = request
    requests.push({ method, url, headers, body: body.toString(), fault: current?.name })
    const exchange: Exchange = { request, body, response, forward: () => forward(request, body) }
    try {
      await (current ? current.act(exchange) : passOn(exchange))
    } catch {
      response.destroy()
    }
  })

  function takeFault(url: string): Fault | undefined {
    const current = fault
    if (!current?.path.test(url)) return undefined
    current.left -= 1
    if (current.left === 0) fault = undefined
    return current
  }

  function order(name: FaultName, act: Fault['act'], times = Number.POSITIVE_INFINITY): void {
    fault = { name, act, left: times, path: nextPath }
    nextPath = EVERY_PATH
  }

  function hold(when: 'before' | 'after'): Hold {
    const reached = Promise.withResolvers<ProxiedRequest>()
    const released = Promise.withResolvers<void>()
    const act = async ({
      request: { method = '', url = '', headers },
      body,
      response,
      forward,
    }: Exchange) => {
      const answer = when === 'after' ? await forward() : undefined
      reached.resolve({ method, url, headers, body: body.toString(), fault: 'hold' })
      await released.promise
      const { status, rawHeaders, body: content } = answer ?? (await forward())
      response.writeHead(status, rawHeaders).end(content)
    }
    order('hold', act, 1)
    return { reached: reached.promise, release: released.resolve }
  }

  async function forward(request: IncomingMessage, body: Buffer): Promise<RealAnswer> {
    const length = body.byteLength > 0 ? ['Content-Length', String(body.byteLength)] : []
    const outgoing = httpRequest(new URL(request.url ?? '/', target), {
      method: request.method,
      headers: [...withoutHopHeaders(request.rawHeaders), ...length],
      setDefaultHeaders: false,
    })
    outgoing.end(body)
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    // From here on a failure shows in reading the answer.
    outgoing.on('error', () => {})
    return {
      status: answer.statusCode ?? 0,
      rawHeaders: asOwn(withoutHopHeaders(answer.rawHeaders)),
      body: await read(answer),
    }
  }

  /** The target's own address in `Link` and `Location` becomes the proxy's, as reverse proxies do. */
  function asOwn(rawHeaders: string[]): string[] {
    const { protocol, port, host } = new URL(target)
    const names = LOOPBACK_NAMES.map((name) => `${protocol}//${name}:${port}`)
    const own = [`${protocol}//${host}`, ...names]
    return rawHeaders.map((value, index) => {
      const name = rawHeaders[index - 1]?.toLowerCase()
      if (index % 2 === 0 || (name !== 'link' && name !== 'location')) return value
      return own.reduce((text, origin) => text.replaceAll(origin, proxy.origin), value)
    })
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const proxy: FaultProxy = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer401: (times) => order('401', answering(401, { json: { message: 'Bad credentials' } }), times),
    answer429: ({ retryAfter, times } = {}) =>
      order('429', answering(429, { json: { message: 'Too many requests' }, retryAfter }), times),
    answer500: (times) => order('500', answering(500, { json: { message: 'Something broke' } }), times),
    answer: (status, { headers = {}, body = '', times } = {}) =>
      order('status', ({ response }) => void response.writeHead(status, headers).end(body), times),
    answerHtml: (times) => order('html', answerPage, times),
    answerHuge: (bytes, times) => order('huge', ({ response }) => writeHuge(response, bytes), times),
    delay: (ms, times) => order('delay', (exchange) => sleep(ms).then(() => passOn(exchange)), times),
    cut: (afterBytes, times) => order('cut', (exchange) => cutAfter(exchange, afterBytes), times),
    echo: (on) => (on ? order('echo', echoBack) : proxy.passThrough()),
    hold,
    only(path) {
      nextPath = path
      return proxy
    },
    passThrough() {
      nextPath = EVERY_PATH
      fault = undefined
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  }
  return proxy
}

async function passOn({ response, forward }: Exchange): Promise<void> {
  const answer = await forward()
  response.writeHead(answer.status, answer.rawHeaders).end(answer.body)
}

function answering(
  status: number,
  { json, retryAfter }: { json: unknown; retryAfter?: number | string },
): Fault['act'] {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' }
  if (retryAfter !== undefined) headers['Retry-After'] = String(retryAfter)
  return ({ response }) => void response.writeHead(status, headers).end(JSON.stringify(json))
}

function answerPage({ response }: Exchange): void {
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' })
  response.end('<!doctype html><title>Welcome</title><p>Please sign in to the network.</p>')
}

function echoBack({ request, body, response }: Exchange): void {
  const { method, url, headers } = request
  response.writeHead(400, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify({ message: `Cannot ${method} ${url}`, headers, body: body.toString() }))
}

/** Bytes a chunk of {@link FaultProxy.answerHuge} holds. */
const CHUNK_BYTES = 64 * 1024

async function writeHuge(response: ServerResponse, bytes: number): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/json' })
  await pipeline(jsonString(bytes), response)
}

function* jsonString(bytes: number): Generator<string> {
  const quotes = 2
  yield '"'
  for (let left = bytes - quotes; left > 0; left -= CHUNK_BYTES) yield 'a'.repeat(Math.min(left, CHUNK_BYTES))
  yield '"'
}

async function cutAfter({ request, response, forward }: Exchange, afterBytes: number): Promise<void> {
  if (afterBytes === 0) {
    request.socket.destroy()
    return
  }
  const { status, rawHeaders, body } = await forward()
  response.writeHead(status, [...rawHeaders, 'Content-Length', String(body.byteLength)])
  const part = body.subarray(0, Math.min(afterBytes, body.byteLength - 1))
  response.write(part, () => request.socket.end())
}

async function read(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Names and values in turn, in and out. */
function withoutHopHeaders(rawHeaders: string[]): string[] {
  return rawHeaders.filter((_value, index) => {
    const name = rawHeaders[index % 2 === 0 ? index : index - 1] ?? ''
    return !HOP_HEADERS.has(name.toLowerCase())
  })
}
