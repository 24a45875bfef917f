import { lookup } from 'node:dns/promises'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import { SendError } from 'miniapp'
import { buildConnector } from 'undici'
import type { AddressGuard } from './address-guard.ts'

/** Every address of `hostname`, IPv4 and IPv6 in any order; rejects, or answers none, where there is none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

/** Milliseconds for TCP and TLS together. Far above any healthy connect; leaves time for another attempt within 30 s. */
export const CONNECT_TIMEOUT_MS = 10_000

/** Asks the system, as every other program on this machine does (hosts file, search domains, IPv6 policy). */
export async function resolveWithSystem(hostname: string): Promise<string[]> {
  const answers = await lookup(hostname, { all: true })
  return answers.map(({ address }) => address)
}

/**
 * A connector for undici that opens no connection to an address which `guard` refuses. Three checks, because each
 * sees what the others cannot: addresses written as literals are never resolved; a name is refused where any of its
 * answers is (and what was checked is what is connected to, so a second answer cannot differ); the peer of the
 * finished connection is looked at once more, before a byte of TLS or HTTP is written.
 *
 * Failures are {@link SendError}s with `blocked`, or the system's errors.
 */
export function createGuardedConnector(guard: AddressGuard, resolve: Resolve): buildConnector.connector {
  const connect = buildConnector({
    allowH2: false,
    timeout: CONNECT_TIMEOUT_MS,
    lookup: createGuardedLookup(guard, resolve),
  }) as (...args: Parameters<buildConnector.connector>) => Socket

  return (options, callback) => {
    const { hostname } = options
    if (isIP(hostname) !== 0) {
      const refusal = guard.refusal(hostname)
      if (refusal) return callback(blocked(hostname, `is ${refusal}`), null)
    }
    guardSocket(connect(options, callback), guard, hostname)
  }
}

/** Destroys `socket` with a `blocked` error as soon as it turns out to be connected to a refused address. */
export function guardSocket(socket: Socket, guard: AddressGuard, hostname: string): void {
  // First in line: TLSSocket starts its handshake in a listener of the same event.
  socket.prependOnceListener('connect', () => {
    const refusal = guard.refusal(socket.remoteAddress ?? '')
    if (refusal) socket.destroy(blocked(hostname, `was connected to ${refusal}`))
  })
}

function createGuardedLookup(guard: AddressGuard, resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const refusal = addresses
          .map((address) => guard.refusal(address))
          .find((reason) => reason !== undefined)
        if (refusal) return callback(blocked(hostname, `resolves to ${refusal}`), '')
        const answers = addresses.map((address) => ({ address, family: isIP(address) }))
        const [first] = answers
        if (!first) return callback(notFound(hostname), '')
        if (options.all) callback(null, answers)
        else callback(null, first.address, first.family)
      },
      (error) => callback(error as NodeJS.ErrnoException, ''),
    )
  }
}

function blocked(hostname: string, reason: string): SendError {
  return new SendError('blocked', `${hostname} ${reason}, which requests may not reach`, {
    refusal: 'private-address',
  })
}

function notFound(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' })
}
