import { describe, expect, it } from 'vitest'
import { createAddressGuard, isAllowedPort, portOf } from './address-guard.ts'

const REFUSED: [string, string, string][] = [
  ['IPv4 loopback', '127.0.0.1', 'a loopback address'],
  ['the far end of IPv4 loopback', '127.255.255.254', 'a loopback address'],
  ['this network', '0.0.0.0', 'an unspecified address'],
  ['the rest of this network', '0.1.2.3', 'an unspecified address'],
  ['private 10/8', '10.0.0.1', 'a private address'],
  ['private 172.16/12, first', '172.16.0.0', 'a private address'],
  ['private 172.16/12, last', '172.31.255.255', 'a private address'],
  ['private 192.168/16', '192.168.1.1', 'a private address'],
  ['carrier-grade NAT, first', '100.64.0.0', 'an address behind a carrier-grade NAT'],
  ['carrier-grade NAT, last', '100.127.255.255', 'an address behind a carrier-grade NAT'],
  ['Alibaba metadata', '100.100.100.200', 'an address behind a carrier-grade NAT'],
  ['link-local, where most clouds keep metadata', '169.254.169.254', 'a link-local address'],
  ['Azure metadata', '168.63.129.16', 'a cloud metadata address'],
  ['Oracle metadata', '192.0.0.192', 'a reserved address'],
  ['documentation 192.0.2/24', '192.0.2.1', 'a reserved address'],
  ['6to4 relays', '192.88.99.1', 'a reserved address'],
  ['benchmarking', '198.18.0.1', 'a reserved address'],
  ['documentation 198.51.100/24', '198.51.100.1', 'a reserved address'],
  ['documentation 203.0.113/24', '203.0.113.1', 'a reserved address'],
  ['multicast', '224.0.0.1', 'a multicast address'],
  ['class E', '240.0.0.1', 'a reserved address'],
  ['broadcast', '255.255.255.255', 'a broadcast address'],
  ['IPv6 loopback', '::1', 'a loopback address'],
  ['IPv6 unspecified', '::', 'an unspecified address'],
  ['IPv4-compatible loopback', '::127.0.0.1', 'a reserved address'],
  ['IPv4-compatible loopback in hex', '::7f00:1', 'a reserved address'],
  ['IPv4-compatible, even of a public address', '::8.8.8.8', 'a reserved address'],
  ['IPv6 link-local', 'fe80::1', 'a link-local address'],
  ['IPv6 link-local with a zone', 'fe80::1%lo', 'a link-local address'],
  ['IPv6 loopback with a zone', '::1%lo', 'a loopback address'],
  ['IPv6 site-local', 'fec0::1', 'a reserved address'],
  ['unique-local', 'fd00:ec2::254', 'a unique-local address'],
  ['unique-local fc00::/8', 'fc00::1', 'a unique-local address'],
  ['IPv6 multicast', 'ff02::1', 'a multicast address'],
  ['IPv6 discard', '100::1', 'a reserved address'],
  ['IPv6 documentation', '2001:db8::1', 'a reserved address'],
  ['IPv6 documentation 3fff::/20', '3fff::1', 'a reserved address'],
  ['IPv6 that is allocated to nobody', '4000::1', 'a reserved address'],
  ['segment routing', '5f00::1', 'a reserved address'],
  ['IPv4-mapped loopback', '::ffff:127.0.0.1', 'a loopback address'],
  ['IPv4-mapped loopback in hex', '::ffff:7f00:1', 'a loopback address'],
  ['IPv4-mapped metadata', '::ffff:168.63.129.16', 'a cloud metadata address'],
  ['IPv4-translated private', '::ffff:0:10.0.0.1', 'a private address'],
  ['NAT64 loopback', '64:ff9b::127.0.0.1', 'a loopback address'],
  ['NAT64 metadata', '64:ff9b::a9fe:a9fe', 'a link-local address'],
  ['local-use NAT64 loopback', '64:ff9b:1::127.0.0.1', 'a reserved address'],
  ['local-use NAT64, even of a public address', '64:ff9b:1::8.8.8.8', 'a reserved address'],
  ['6to4 loopback', '2002:7f00:1::', 'a loopback address'],
  ['6to4 private', '2002:c0a8:101::1', 'a private address'],
  ['Teredo with a private server', '2001:0:a00:1::f7f7:f7f7', 'a private address'],
  ['Teredo with a loopback client', '2001:0:808:808::80ff:fffe', 'a loopback address'],
  ['a name', 'localhost', 'not an address'],
  ['nothing', '', 'not an address'],
  ['a short form, which is no address but for resolvers', '127.1', 'not an address'],
  ['a number', '2130706433', 'not an address'],
]

const ALLOWED: [string, string][] = [
  ['IPv4', '8.8.8.8'],
  ['IPv4 below 172.16/12', '172.15.255.255'],
  ['IPv4 above 172.16/12', '172.32.0.0'],
  ['IPv4 below 100.64/10', '100.63.255.255'],
  ['IPv4 above 100.64/10', '100.128.0.0'],
  ['the neighbour of Azure metadata', '168.63.129.17'],
  ['IPv6', '2606:4700:4700::1111'],
  ['IPv4-mapped', '::ffff:8.8.8.8'],
  ['NAT64, as every IPv4 host appears on an IPv6-only network', '64:ff9b::8.8.8.8'],
  ['6to4', '2002:808:808::1'],
  ['Teredo', '2001:0:808:808::f7f7:f7f7'],
]

describe('the address guard, with no private network open', () => {
  const guard = createAddressGuard([])

  it.each(REFUSED)('refuses %s', (_name, address, reason) => {
    expect(guard.refusal(address)).toBe(reason)
  })

  it.each(ALLOWED)('allows public %s', (_name, address) => {
    expect(guard.refusal(address)).toBeUndefined()
  })
})

describe('private networks that the operator opened', () => {
  const guard = createAddressGuard(['10.1.0.0/16', 'fd00:1::/32', '64:ff9b:1::/48'])

  it.each([
    ['an address inside', '10.1.255.255'],
    ['its IPv4-mapped form', '::ffff:10.1.0.1'],
    ['its NAT64 form', '64:ff9b::10.1.0.1'],
    ['its 6to4 form', '2002:a01:1::1'],
    ['an IPv6 address inside', 'fd00:1::5'],
    ['a local-use NAT64 prefix', '64:ff9b:1::10.0.0.1'],
    ['the public internet still', '8.8.8.8'],
  ])('allow %s', (_name, address) => {
    expect(guard.refusal(address)).toBeUndefined()
  })

  it.each([
    ['the address before', '10.0.255.255'],
    ['the address behind', '10.2.0.0'],
    ['the neighbour in its IPv4-mapped form', '::ffff:10.2.0.0'],
    ['another unique-local address', 'fd00:2::5'],
    ['loopback', '127.0.0.1'],
    ['metadata', '169.254.169.254'],
  ])('leave %s closed', (_name, address) => {
    expect(guard.refusal(address)).toBeDefined()
  })

  it('cannot be given as what is no network', () => {
    expect(() => createAddressGuard(['10.1'])).toThrow()
  })
})

describe('ports', () => {
  it.each([80, 443, 1024, 8080, 65_535])('%d is allowed', (port) => {
    expect(isAllowedPort(port)).toBe(true)
  })

  it.each([0, 1, 22, 25, 53, 79, 81, 442, 444, 1023, 65_536, Number.NaN])('%d is refused', (port) => {
    expect(isAllowedPort(port)).toBe(false)
  })

  it.each([
    ['https://a.test/', 443],
    ['http://a.test/', 80],
    ['https://a.test:8443/', 8443],
    ['http://a.test:443/', 443],
  ])('of %s is %d', (url, port) => {
    expect(portOf(new URL(url))).toBe(port)
  })
})
