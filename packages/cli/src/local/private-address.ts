import { BlockList, isIP } from 'node:net'

/** Loopback, private, link-local, shared, documentation, benchmarking, multicast and reserved ranges (IANA, RFC 6890). */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // A cloud's metadata service outside of the special ranges.
  '168.63.129.16/32',
]

/** Inside of global unicast, forms that stand for some IPv4 address: Teredo and 6to4, and the documentation range. */
const SPECIAL_IPV6 = ['2001::/32', '2001:db8::/32', '2002::/16']

/** Where hosts of the internet are: global unicast (RFC 4291, 2.4), and all of IPv4 behind NAT64 (RFC 6052). */
const PUBLIC_IPV6 = ['2000::/3', '64:ff9b::/96']

const special = blockList(SPECIAL_IPV4, SPECIAL_IPV6)
const publicIpv6 = blockList([], PUBLIC_IPV6)

/** Whether `address` (no brackets) is none of the public internet; what is no address is private too. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 0) return true
  if (family === 4) return special.check(address, 'ipv4')
  const [plain = ''] = address.split('%')
  const mapped = mappedIpv4(plain)
  if (mapped !== undefined) return special.check(mapped, 'ipv4')
  return special.check(plain, 'ipv6') || !publicIpv6.check(plain, 'ipv6')
}

/** The IPv4 address in `::ffff:a.b.c.d`, however it is spelled. */
function mappedIpv4(address: string): string | undefined {
  const canonical = new URL(`http://[${address}]/`).hostname
  const [, high, low] = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(canonical) ?? []
  if (high === undefined || low === undefined) return undefined
  const bytes = [high, low].flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
  return bytes.join('.')
}

function blockList(ipv4: readonly string[], ipv6: readonly string[]): BlockList {
  const list = new BlockList()
  const add = (network: string, family: 'ipv4' | 'ipv6') => {
    const [address = '', prefix] = network.split('/')
    list.addSubnet(address, Number(prefix), family)
  }
  for (const network of ipv4) add(network, 'ipv4')
  for (const network of ipv6) add(network, 'ipv6')
  return list
}
