/** The server behind every address of the campaign's network: provider, attacker and all that may not be reached. */
import { once } from 'node:events'
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { createServer, type Server, type Socket } from 'node:net'
import type { Certificate } from '../../packages/server/test/certificates.ts'
import { NETWORK, TRAP_PORTS } from './attacks.ts'

/** Stands for the credentials of a tenant: whoever else sees it has stolen it. */
export const CANARY = 'canary-7f3a91'

/** Ports of the provider that requests may go to. */
const PROVIDER_PORTS: ReadonlySet<number> = new Set([443, 8443])
/** First byte of a TLS record that says hello. */
const TLS_HANDSHAKE = 0x16

export interface Trap {
  /** Forgets what was seen. */
  reset(): void
  /** Where connections went that may not have gone there, and who saw a credential; waits for those under way. */
  hits(options: { mayReachEvil: boolean }): Promise<string[]>
  close(): Promise<void>
}

interface Connection {
  address: string
  port: number
}

/** Listens on every port of {@link TRAP_PORTS}, at every address of both families. */
export async function startTrap(certificate: Certificate): Promise<Trap> {
  const connections: Connection[] = []
  const leaks: string[] = []
  const sockets = new Set<Socket>()
  const respond: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const { address } = endOf(request.socket)
      const said = JSON.stringify([request.url, request.rawHeaders, Buffer.concat(chunks).toString()])
      if (address !== NETWORK.provider && said.includes(CANARY)) leaks.push(`credential at ${address}`)
      // Kept connections would hide that a name has changed its address.
      response.setHeader('Connection', 'close')
      answer(new URL(request.url ?? '/', 'https://provider.test'), response)
    })
  }
  const http = createHttp(respond)
  const https = createHttps(certificate, respond)
  for (const server of [http, https]) server.on('clientError', (_error, socket) => socket.destroy())
  https.on('tlsClientError', (_error, socket) => socket.destroy())
  const accept = (socket: Socket) => {
    connections.push(endOf(socket))
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.once('data', (chunk) => {
      socket.pause()
      socket.unshift(chunk)
      ;(chunk[0] === TLS_HANDSHAKE ? https : http).emit('connection', socket)
      process.nextTick(() => socket.resume())
    })
  }
  const servers = await Promise.all(TRAP_PORTS.map((port) => listen(port, accept)))

  return {
    reset() {
      connections.length = 0
      leaks.length = 0
    },
    async hits({ mayReachEvil }) {
      // What is connected has been accepted by the system already and is told in one of the next turns.
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
      const wrong = connections.filter(({ address, port }) => {
        if (address === NETWORK.provider) return !PROVIDER_PORTS.has(port)
        return !(mayReachEvil && address === NETWORK.evil && port === 443)
      })
      return [...wrong.map(({ address, port }) => `connection to ${address} port ${port}`), ...leaks]
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}

async function listen(port: number, accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer(accept).listen(port, '::')
  await once(server, 'listening')
  return server
}

function endOf(socket: Socket): Connection {
  const { localAddress = '', localPort = 0 } = socket
  return { address: localAddress.replace(/^::ffff:(?=\d+\.)/, ''), port: localPort }
}

/** `/to` redirects, `/json` says what it is told to, everything else is what the attacker was after. */
function answer(url: URL, response: Parameters<RequestListener>[1]): void {
  const { pathname, searchParams } = url
  if (pathname === '/to') {
    const appended = searchParams.get(searchParams.get('append') ?? '') ?? ''
    const location = `${searchParams.get('location')}${appended}`
    const bytes = Buffer.from(location, 'utf8').toString('latin1')
    response.writeHead(Number(searchParams.get('status') ?? 302), { Location: bytes }).end()
    return
  }
  if (pathname === '/json') {
    const link = searchParams.get('link')
    response.writeHead(200, { 'Content-Type': 'application/json', ...(link !== null && { Link: link }) })
    response.end(searchParams.get('body') ?? '{}')
    return
  }
  response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"inside":true}')
}
