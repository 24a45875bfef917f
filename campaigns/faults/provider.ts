/** A provider with one answer for each way to be a nuisance, and the app that calls it. */
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGzip } from 'node:zlib'
import { listing } from '../../packages/server/test/ledger-app.ts'

export const NS = 'fault-test'
export const ORIGIN = 'https://provider.example'

const BYTE_PAUSE_MS = 1_000
const CHUNK = Buffer.alloc(64 * 1024, 'x')
const headers = { Authorization: 'Bearer [[accessToken]]' }

/** Actions by the path that they call. */
const ACTIONS = { echo: '/echo', hang: '/hang', flood: '/flood', bomb: '/bomb', drip: '/drip' } as const
export type ActionName = keyof typeof ACTIONS

export function definition(stepTimeoutMs: number): Record<string, unknown> {
  return {
    ...listing(NS, ORIGIN),
    auth: {
      type: 'bearer_token',
      sensitiveKeys: ['accessToken'],
      form: { accessToken: { type: 'password', label: 'Token', required: true } },
    },
    actions: Object.entries(ACTIONS).map(([name, path]) => ({
      name,
      title: name,
      description: `Calls ${path}.`,
      parameters: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
      requests: [
        {
          url: `${ORIGIN}${path}`,
          method: 'POST',
          headers,
          body: { text: '{{text}}' },
          mapping: { text: '$.text' },
          ...(name !== 'echo' && { timeoutMs: stepTimeoutMs }),
        },
      ],
    })),
    source: {
      rpc_numbers: { url: `${ORIGIN}/numbers`, method: 'GET', headers, valueField: 'id', labelField: 'id' },
    },
  }
}

export interface Provider {
  origin: string
  /** Bytes that the flood and the drip have sent. */
  sentBytes(): number
  /** How much a flood sends, unless it is cut off. */
  floodBytes: number
  close(): Promise<void>
}

export async function startProvider(): Promise<Provider> {
  let sentBytes = 0
  let number = 0
  const nuisances = {
    '/hang': () => {},
    '/flood': (response) => void flood(response, provider.floodBytes, (bytes) => (sentBytes += bytes)),
    '/bomb': (response) => {
      response.setHeader('Content-Encoding', 'gzip')
      const gzip = createGzip()
      gzip.pipe(response)
      response.on('close', () => gzip.destroy())
      void flood(gzip, provider.floodBytes, () => {})
    },
    '/drip': (response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' })
      const timer = setInterval(() => {
        response.write(' ')
        sentBytes += 1
      }, BYTE_PAUSE_MS)
      response.on('close', () => clearInterval(timer))
    },
  } satisfies Record<string, (response: ServerResponse) => void>
  const respond: RequestListener = async (request, response) => {
    response.on('error', () => {})
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk)
    } catch {
      return
    }
    const nuisance = nuisances[request.url as keyof typeof nuisances]
    if (nuisance) return nuisance(response)
    if (request.url === '/numbers') chunks.push(Buffer.from(JSON.stringify([{ id: String(++number) }])))
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(Buffer.concat(chunks))
  }
  const server = createServer(respond).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const provider: Provider = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sentBytes: () => sentBytes,
    floodBytes: 0,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return provider
}

/** Writes as fast as the reader takes it, without announcing how much. */
async function flood(
  to: NodeJS.WritableStream & { destroyed?: boolean },
  bytes: number,
  onSent: (bytes: number) => void,
): Promise<void> {
  to.on('error', () => {})
  const closed = once(to, 'close').catch(() => {})
  to.write('"')
  for (let sent = 0; sent < bytes && !to.destroyed; sent += CHUNK.length) {
    onSent(CHUNK.length)
    if (!to.write(CHUNK)) await Promise.race([once(to, 'drain').catch(() => {}), closed])
  }
  to.end('"')
}
