import { describe, expect, it } from 'vitest'
import { parsePrivateNetworks, parseProviderOrigins } from './egress-settings.ts'

describe('ALLOW_PRIVATE_NETWORKS', () => {
  it.each([
    ['nothing', '', []],
    ['white space', ' \n ', []],
    ['one block', '10.0.0.0/8', ['10.0.0.0/8']],
    [
      'blocks between commas and spaces',
      '10.0.0.0/8, 192.168.0.0/16 fd00::/8,',
      ['10.0.0.0/8', '192.168.0.0/16', 'fd00::/8'],
    ],
    ['a single IPv4 address', '192.168.1.5', ['192.168.1.5/32']],
    ['a single IPv6 address', '::1', ['::1/128']],
    ['everything', '0.0.0.0/0,::/0', ['0.0.0.0/0', '::/0']],
  ])('reads %s', (_name, text, networks) => {
    expect(parsePrivateNetworks(text)).toEqual(networks)
  })

  it.each([
    ['a word', 'true', 'must be a CIDR block such as 10.0.0.0/8'],
    ['a star', '*', 'must be a CIDR block'],
    ['a name', 'db.internal', 'must be a CIDR block'],
    ['a short form', '10/8', 'must be a CIDR block'],
    ['an octal spelling', '010.0.0.0/8', 'must be a CIDR block'],
    ['a prefix that is too long', '10.0.0.0/33', 'must be a CIDR block'],
    ['an IPv6 prefix that is too long', 'fd00::/129', 'must be a CIDR block'],
    ['a zone', 'fe80::1%eth0', 'must be a CIDR block'],
    ['an address inside a block', '10.1.2.3/8', 'write 10.0.0.0/8, or 10.1.2.3 alone'],
    ['an IPv6 address inside a block', 'fd00::1/8', 'write fd00::/8, or fd00::1 alone'],
  ])('refuses %s', (_name, text, message) => {
    expect(() => parsePrivateNetworks(text)).toThrow(message)
    expect(() => parsePrivateNetworks(text)).toThrow(`ALLOW_PRIVATE_NETWORKS has "${text}"`)
  })

  it('reports all that is wrong at once', () => {
    expect(() => parsePrivateNetworks('nope,10.0.0.0/8,127.1')).toThrow(/"nope".*"127\.1"/s)
  })
})

describe('PROVIDER_ORIGINS', () => {
  it('reads nothing as no stand-ins', () => {
    expect(parseProviderOrigins('')).toEqual(new Map())
  })

  it('reads pairs of origins', () => {
    expect(
      parseProviderOrigins(
        'https://API.github.com/=http://127.0.0.1:4001, https://slack.com:443=http://localhost:4002',
      ),
    ).toEqual(
      new Map([
        ['https://api.github.com', 'http://127.0.0.1:4001'],
        ['https://slack.com', 'http://localhost:4002'],
      ]),
    )
  })

  it.each([
    ['a single origin', 'https://api.github.com', 'must be two origins'],
    ['three origins', 'https://a.test=http://b.test=http://c.test', 'must be two origins'],
    ['a host without a scheme', 'api.github.com=http://127.0.0.1:4001', 'must be two origins'],
    ['a path', 'https://api.github.com/v3=http://127.0.0.1:4001', 'must be two origins'],
    ['a query', 'https://api.github.com?=http://127.0.0.1:4001', 'must be two origins'],
    ['user info', 'https://a@api.github.com=http://127.0.0.1:4001', 'must be two origins'],
    ['another scheme', 'ftp://api.github.com=http://127.0.0.1:4001', 'must be two origins'],
    ['a stand-in that is none', 'https://api.github.com=127.0.0.1:4001', 'must be two origins'],
    ['a port that requests may not use', 'https://api.github.com:22=http://127.0.0.1:4001', 'ports 80, 443'],
    [
      'one origin twice',
      'https://a.test=http://b.test,https://A.test:443=http://c.test',
      'names https://a.test twice',
    ],
  ])('refuses %s', (_name, text, message) => {
    expect(() => parseProviderOrigins(text)).toThrow(message)
  })
})
