import { describe, expect, it } from 'vitest'
import { canonicalHost, isDeclaredHost } from './declared-hosts.ts'

describe('a declared host', () => {
  it.each([
    ['spelled alike', 'api.example.com', 'api.example.com'],
    ['in other case', 'api.example.com', 'API.Example.COM'],
    ['with a trailing dot', 'api.example.com', 'api.example.com.'],
    ['in letters where the request has punycode', 'xn--bcher-kva.example', 'bücher.example'],
    ['with full-width letters', 'api.example.com', 'ａｐｉ.example.com'],
    ['as a number where the request has an address', '127.0.0.1', '2130706433'],
    ['as an IPv6 address', '[::1]', '[0:0:0:0:0:0:0:1]'],
    ['by wildcard', 'shop.example.com', '*.example.com'],
    ['by wildcard, two labels below', 'a.b.example.com', '*.example.com'],
    ['by wildcard in other case and with a trailing dot', 'shop.example.com', '*.EXAMPLE.com.'],
  ])('is recognised %s', (_name, hostname, entry) => {
    expect(isDeclaredHost(hostname, ['other.test', entry])).toBe(true)
  })

  it.each([
    ['another name', 'evil.test', 'api.example.com'],
    ['a name that only ends alike', 'evilexample.com', 'example.com'],
    ['a name that only ends alike, for a wildcard', 'evilexample.com', '*.example.com'],
    ['the parent of a wildcard', 'example.com', '*.example.com'],
    ['an empty label below a wildcard', '.example.com', '*.example.com'],
    ['a name below a plain entry', 'a.example.com', 'example.com'],
    ['a name that begins alike', 'example.com.evil.test', 'example.com'],
    ['any name, for a lone star', 'evil.test', '*'],
    ['any name, for a star with a dot', 'evil.test', '*.'],
    ['a name, for a star inside', 'api.example.com', 'api.*.com'],
    ['a host, for an entry that holds more than one', 'evil.test', 'evil.test/path'],
    ['a host, for an entry with user info', 'evil.test', 'good.test@evil.test'],
    ['a host, for an entry with a port', 'evil.test', 'evil.test:8080'],
    ['a host, for an empty entry', '', ''],
  ])('is not %s', (_name, hostname, entry) => {
    expect(isDeclaredHost(hostname, [entry])).toBe(false)
  })

  it('is none where nothing is declared', () => {
    expect(isDeclaredHost('api.example.com', [])).toBe(false)
  })
})

describe('the canonical spelling', () => {
  it.each([
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['0x7f.1', '127.0.0.1'],
    ['example.com.', 'example.com'],
    ['exa mple.com', undefined],
    ['example.com:80', undefined],
    ['a@b', undefined],
    ['a\\b', undefined],
    ['', undefined],
  ])('of %j is %j', (host, canonical) => {
    expect(canonicalHost(host)).toBe(canonical)
  })
})
