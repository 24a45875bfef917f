import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** A proxy before an authorization server that holds the answers of its token endpoint back, after they were made. */
export interface SlowTokens {
  origin: string
  /** Exchanges that the server answered, by account of the refresh token where it succeeded. */
  exchanges: number
  /** Called with each answer of the token endpoint before it is passed on; what it resolves to says whether it is. */
  onAnswer: (status: number) => Promise<'pass' | 'drop'>
  close(): Promise<void>
}

export async function startSlowTokens(target: string, delayMs: () => number): Promise<SlowTokens> {
  const server = createServer(async (request, response) => {
    const body = await buffer(request)
    const answer = await forward(target, request, body)
    const isExchange = request.method === 'POST' && request.url === '/token'
    if (isExchange) {
      proxy.exchanges += 1
      if ((await proxy.onAnswer(answer.status)) === 'drop') return void request.socket.destroy()
      await sleep(delayMs())
    }
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: SlowTokens = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges: 0,
    onAnswer: async () => 'pass',
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}

async function forward(target: string, { method, url, headers }: IncomingMessage, body: Buffer) {
  const outgoing = httpRequest(`${target}${url}`, { method, headers })
  outgoing.end(body)
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: await buffer(answer) }
}
