import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it arrived. */
export interface SeenRequest {
  method: string
  /** Path and query. */
  url: string
  headers: IncomingMessage['headers']
  body: string
}

/** A real HTTP server on this machine that remembers what it was asked. */
export interface LocalServer extends AsyncDisposable {
  origin: string
  port: number
  /** Complete requests, in the order of their arrival. */
  requests: SeenRequest[]
  /** TCP connections so far, whether or not a byte came over them. */
  connections: number
  close(): Promise<void>
}

/** Serves on `port`, a free one by default. `respond` runs after the request's body has been read, except where `bodies` is false. */
export async function startLocalServer(
  respond: RequestListener,
  {
    host = '127.0.0.1',
    port: wanted = 0,
    bodies = true,
  }: { host?: string; port?: number; bodies?: boolean } = {},
): Promise<LocalServer> {
  const server = createServer(async (request, response) => {
    if (!bodies) return respond(request, response)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method = '', url = '', headers } = request
    local.requests.push({ method, url, headers, body: Buffer.concat(chunks).toString() })
    respond(request, response)
  })
  server.on('connection', () => {
    local.connections += 1
  })
  server.listen(wanted, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const local: LocalServer = {
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    requests: [],
    connections: 0,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
    [Symbol.asyncDispose]: () => local.close(),
  }
  return local
}
