import type { FastifyInstance } from 'fastify'
import ipaddr from 'ipaddr.js'
import type { Config } from '../config.ts'
import { uuidv7 } from '../db/uuid.ts'

/** What is taken from a trusted proxy: it goes into log lines and answers. */
const FOREIGN_ID = /^[A-Za-z0-9._:/+=-]{1,128}$/

/**
 * Gives every request an id and answers it as `X-Request-Id`: made by us, taken from that header only where the
 * connection comes from one of `TRUSTED_PROXIES`. Call it before routes are added.
 *
 * @throws Error where an entry of `TRUSTED_PROXIES` is neither an address nor a CIDR block
 */
export function registerRequestIds(server: FastifyInstance, config: Pick<Config, 'trustedProxies'>): void {
  const isTrusted = trustOf(config.trustedProxies)
  server.setGenReqId((request) => {
    const foreign = request.headers['x-request-id']
    const taken =
      typeof foreign === 'string' && FOREIGN_ID.test(foreign) && isTrusted(request.socket.remoteAddress)
    return taken ? foreign : uuidv7()
  })
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
}

function trustOf(proxies: readonly string[]): (address: string | undefined) => boolean {
  const blocks = proxies.map((proxy) => {
    if (ipaddr.isValidCIDR(proxy)) return ipaddr.parseCIDR(proxy)
    if (ipaddr.isValid(proxy)) {
      const address = ipaddr.parse(proxy)
      return [address, address.kind() === 'ipv4' ? 32 : 128] as const
    }
    throw new Error(`TRUSTED_PROXIES holds "${proxy}"; it must be an address or a block such as 10.0.0.0/8.`)
  })
  return (text) => {
    if (text === undefined || !ipaddr.isValid(text)) return false
    // An IPv4 peer of a dual-stack socket arrives as ::ffff:10.0.0.1.
    const address = ipaddr.process(text)
    return blocks.some(([block, bits]) => block.kind() === address.kind() && address.match(block, bits))
  }
}
