import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Decides which addresses a connection may go to (specification 10.4). Pure. */
export interface AddressGuard {
  /**
   * Why a connection to `address` (textual IPv4 or IPv6, no brackets) is refused, as the end of the sentence
   * "… is "; `undefined` where it is allowed. What is no address at all is refused.
   */
  refusal(address: string): string | undefined
}

/**
 * The one wording of each refused range. Names are those of ipaddr.js (IANA special-purpose registries, RFC 6890);
 * a range that is missing here is refused as reserved.
 */
const RANGE_NAMES: Readonly<Record<string, string>> = {
  loopback: 'a loopback address',
  private: 'a private address',
  linkLocal: 'a link-local address',
  uniqueLocal: 'a unique-local address',
  multicast: 'a multicast address',
  carrierGradeNat: 'an address behind a carrier-grade NAT',
  unspecified: 'an unspecified address',
  broadcast: 'a broadcast address',
}
const RESERVED = 'a reserved address'

/** Cloud metadata endpoints that lie in no special range (the others are link-local, unique-local, CGNAT or reserved). */
const METADATA: readonly [ipaddr.IPv4, number][] = [
  // Azure's "wire server", reachable from every virtual machine.
  [ipaddr.IPv4.parse('168.63.129.16'), 32],
]

/** Global unicast, the only part of IPv6 that is allocated to hosts (RFC 4291, 2.4); all else is refused. */
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3]

/**
 * IPv6 forms that stand for IPv4 addresses, and how to read those out of the eight groups. The address is judged as
 * what it carries. The local-use NAT64 prefix 64:ff9b:1::/48 (RFC 8215) is missing on purpose: where in it the IPv4
 * address lies depends on the network, so it is refused as a whole unless the operator opens it.
 */
const CARRIERS: readonly {
  prefix: [ipaddr.IPv6, number]
  carried: (groups: readonly number[]) => ipaddr.IPv4[]
}[] = [
  // IPv4-mapped (RFC 4291, 2.5.5.2)
  { prefix: [ipaddr.IPv6.parse('::ffff:0:0'), 96], carried: (groups) => [readIPv4(groups, 6)] },
  // IPv4-translated (RFC 2765, 2.1)
  { prefix: [ipaddr.IPv6.parse('::ffff:0:0:0'), 96], carried: (groups) => [readIPv4(groups, 6)] },
  // NAT64, well-known prefix (RFC 6052): on an IPv6-only network every IPv4 host looks like this
  { prefix: [ipaddr.IPv6.parse('64:ff9b::'), 96], carried: (groups) => [readIPv4(groups, 6)] },
  // 6to4 (RFC 3056)
  { prefix: [ipaddr.IPv6.parse('2002::'), 16], carried: (groups) => [readIPv4(groups, 1)] },
  // Teredo (RFC 4380): its server, and its client with every bit flipped
  {
    prefix: [ipaddr.IPv6.parse('2001::'), 32],
    carried: (groups) => [
      readIPv4(groups, 2),
      readIPv4(
        groups.map((group) => group ^ 0xffff),
        6,
      ),
    ],
  },
]

function readIPv4(groups: readonly number[], at: number): ipaddr.IPv4 {
  const high = groups[at] ?? 0
  const low = groups[at + 1] ?? 0
  return new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff])
}

/**
 * @param allowPrivateNetworks CIDR blocks that are open besides the public internet, as `parsePrivateNetworks` returns them.
 * @throws Error where one of them is no CIDR block.
 */
export function createAddressGuard(allowPrivateNetworks: readonly string[]): AddressGuard {
  const opened = allowPrivateNetworks.map((network) => ipaddr.parseCIDR(network))

  function refusalOf(address: Address): string | undefined {
    if (opened.some((network) => matches(address, network))) return undefined
    return address instanceof ipaddr.IPv4 ? refusalOfIPv4(address) : refusalOfIPv6(address)
  }

  function refusalOfIPv4(address: ipaddr.IPv4): string | undefined {
    if (METADATA.some((network) => address.match(network))) return 'a cloud metadata address'
    const range = address.range()
    return range === 'unicast' ? undefined : (RANGE_NAMES[range] ?? RESERVED)
  }

  function refusalOfIPv6(address: ipaddr.IPv6): string | undefined {
    const carrier = CARRIERS.find(({ prefix }) => address.match(prefix))
    if (carrier) {
      for (const carried of carrier.carried(address.parts)) {
        const refusal = refusalOf(carried)
        if (refusal) return refusal
      }
      return undefined
    }
    const range = address.range()
    if (range !== 'unicast') return RANGE_NAMES[range] ?? RESERVED
    return address.match(GLOBAL_UNICAST) ? undefined : RESERVED
  }

  return {
    refusal(address) {
      const family = isIP(address)
      if (family === 0) return 'not an address'
      return refusalOf(family === 4 ? ipaddr.IPv4.parse(address) : parseIPv6(address))
    },
  }
}

/** As the system reads it: ipaddr.js takes the IPv4-compatible `::a.b.c.d` for the IPv4-mapped `::ffff:a.b.c.d`. */
function parseIPv6(address: string): ipaddr.IPv6 {
  const [groups = ''] = address.split('%')
  return ipaddr.IPv6.parse(new URL(`http://[${groups}]/`).hostname.slice(1, -1))
}

function matches(address: Address, network: [Address, number]): boolean {
  return address.kind() === network[0].kind() && address.match(network)
}

/** Where the ports begin that any user of a machine may listen on; below it only the two ports of the web are allowed. */
const FIRST_USER_PORT = 1024
const WEB_PORTS: ReadonlySet<number> = new Set([80, 443])

/** Whether a definition's request may go to `port` (10.4: 80, 443, 1024–65535). */
export function isAllowedPort(port: number): boolean {
  return WEB_PORTS.has(port) || (Number.isInteger(port) && port >= FIRST_USER_PORT && port <= 65_535)
}

/** The port a URL with scheme `http:` or `https:` goes to. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : 80
}
