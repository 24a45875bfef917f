/**
 * A provider for tests: a real HTTP server on loopback, and effects that send to it whatever host a definition names.
 * Time and chance are given, so that waits cost none and the same run gives the same record.
 */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { type Effects, type OutgoingRequest, SendError, type SendOptions } from '../src/run/effects.ts'

export interface Seen {
  method: string
  /** Host that the definition named. */
  host: string
  /** Path and query. */
  path: string
  headers: Record<string, string | string[] | undefined>
  body: string
  /** Milliseconds of the test's clock. */
  at: number
}

export type Reply =
  | { status?: number; headers?: Record<string, string>; json?: unknown; body?: string | Uint8Array }
  /** The request arrives and is never answered. */
  | 'hang'
  /** The request arrives and the connection breaks. */
  | 'cut'

export interface TestProvider {
  seen: Seen[]
  /** Milliseconds that were slept, in order. */
  slept: number[]
  effects: Effects
  clock: { now: number }
  /** Decides every answer of the current test; the count starts at 1. */
  answer(respond: (seen: Seen, count: number) => Reply | Promise<Reply>): void
}

const START = Date.UTC(2026, 0, 31, 12)

/** Starts the server for the tests of the current file and forgets everything between two tests. */
export function testProvider(): TestProvider {
  let respond: (seen: Seen, count: number) => Reply | Promise<Reply> = () => ({ json: {} })
  const held = new Map<string, () => void>()
  const provider: TestProvider = {
    seen: [],
    slept: [],
    clock: { now: START },
    answer: (next) => {
      respond = next
    },
    effects: undefined as unknown as Effects,
  }
  const server = createServer((incoming, outgoing) => {
    void handle(incoming, outgoing)
  })

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const { 'x-test-id': id, 'x-test-host': host, ...headers } = incoming.headers
    const seen: Seen = {
      method: incoming.method ?? '',
      host: String(host),
      path: incoming.url ?? '',
      headers,
      body: Buffer.concat(chunks).toString('utf8'),
      at: provider.clock.now,
    }
    provider.seen.push(seen)
    const reply = await respond(seen, provider.seen.length)
    if (reply === 'hang') held.get(String(id))?.()
    else if (reply === 'cut') incoming.socket.destroy()
    else {
      const type = reply.json === undefined ? {} : { 'Content-Type': 'application/json' }
      outgoing.writeHead(reply.status ?? 200, { ...type, ...reply.headers })
      outgoing.end(reply.json === undefined ? (reply.body ?? '') : JSON.stringify(reply.json))
    }
  }

  let ids = 0
  const send = async (request: OutgoingRequest, options: SendOptions) => {
    const url = new URL(request.url)
    checkHost(url.hostname, options.allowedHosts)
    const id = String(++ids)
    const port = (server.address() as AddressInfo).port
    return await new Promise<Awaited<ReturnType<Effects['send']>>>((resolve, reject) => {
      const outgoing = httpRequest({
        port,
        method: request.method,
        path: url.pathname + url.search,
        headers: { ...request.headers, 'x-test-id': id, 'x-test-host': url.host },
      })
      held.set(id, () => {
        provider.clock.now += options.timeoutMs
        reject(new SendError('timeout', `${url.host} did not answer within ${options.timeoutMs / 1000} s.`))
        outgoing.destroy()
      })
      outgoing.on('error', (cause) =>
        reject(new SendError('network', `The connection to ${url.host} broke.`, { cause })),
      )
      outgoing.on('response', (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('end', () => {
          const headers = Object.fromEntries(
            Object.entries(incoming.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
          )
          resolve({
            status: incoming.statusCode ?? 0,
            headers,
            body: Buffer.concat(chunks),
            url: request.url,
          })
        })
      })
      outgoing.end(request.body)
    })
  }

  let uuids = 0
  provider.effects = {
    send,
    runFunction: async ({ params, code, args }) => {
      try {
        const value = new Function(...params, code)(...params.map((name) => args[name]))
        return { outcome: { ok: true, value }, logs: '' }
      } catch (error) {
        return { outcome: { ok: false, failure: 'threw', message: (error as Error).message }, logs: '' }
      }
    },
    now: () => provider.clock.now,
    random: () => 0,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      provider.slept.push(ms)
      provider.clock.now += ms
    },
    uuid: () => `00000000-0000-4000-8000-${String(++uuids).padStart(12, '0')}`,
  }

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  beforeEach(() => {
    provider.seen.length = 0
    provider.slept.length = 0
    provider.clock.now = START
    uuids = 0
    held.clear()
    respond = () => ({ json: {} })
  })
  afterAll(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return provider
}

function checkHost(host: string, allowed: readonly string[]): void {
  const declared = allowed.some(
    (entry) => entry === host || (entry.startsWith('*.') && host.endsWith(entry.slice(1))),
  )
  if (!declared) throw new SendError('blocked', `The app does not declare the host ${host}.`)
}

/** Fails the first attempts before a byte is sent, as a closed port does. */
export function refusingFirst(effects: Effects, attempts: number): Effects {
  let left = attempts
  return {
    ...effects,
    send: async (request, options) => {
      if (left-- > 0) throw new SendError('connect', `${new URL(request.url).host} refused the connection.`)
      return await effects.send(request, options)
    },
  }
}
