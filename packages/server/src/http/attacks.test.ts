import { once } from 'node:events'
import { connect } from 'node:net'
import type { OutgoingRequest } from 'miniapp'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type LocalServer, startLocalServer } from '../../test/local-server.ts'
import { createSend, type Egress, type EgressSettings } from './send.ts'

/** What an attacker is after: a server on this machine. Counts TCP connections; not one may come. */
let trap: LocalServer
let isIPv6Here: boolean

beforeAll(async () => {
  trap = await startLocalServer((_request, response) => response.end('inside'), { bodies: false })
  isIPv6Here = await startLocalServer(() => {}, { host: '::1' }).then(
    (server) => server.close().then(() => true),
    () => false,
  )
})
afterAll(() => trap.close())
beforeEach(() => {
  trap.connections = 0
})

const EVERYTHING = ['0.0.0.0/0', '::/0']

/** Names of the attacker's zone, by what their server answers. */
const ZONE: Record<string, string[]> = {
  'loopback.test': ['127.0.0.1'],
  'mixed.test': ['93.184.216.34', '127.0.0.1'],
  'mixed-other-way.test': ['127.0.0.1', '2606:4700:4700::1111'],
  'mapped.test': ['::ffff:127.0.0.1'],
  'mapped-hex.test': ['::ffff:7f00:1'],
  'unspecified.test': ['0.0.0.0'],
  'loopback6.test': ['::1'],
  'nat64.test': ['64:ff9b::7f00:1'],
  'local-nat64.test': ['64:ff9b:1::7f00:1'],
  '6to4.test': ['2002:7f00:1::'],
  'teredo.test': ['2001:0:808:808::80ff:fffe'],
  'compatible.test': ['::127.0.0.1'],
  'metadata.test': ['169.254.169.254'],
  'ec2-metadata6.test': ['fd00:ec2::254'],
  'private.test': ['10.0.0.1'],
  'cgnat.test': ['100.64.0.1'],
}

function openEgress(settings: Partial<EgressSettings>): Egress {
  const egress = createSend({
    allowPrivateNetworks: [],
    providerOrigins: new Map(),
    resolve: async (hostname) => ZONE[hostname] ?? [],
    ...settings,
  })
  onTestFinished(() => egress.close())
  return egress
}

/** Whatever the address is, its host counts as declared: only the address guard is left to refuse it. */
async function attack(
  egress: Egress,
  url: string,
  overrides: Partial<OutgoingRequest> = {},
): Promise<unknown> {
  const request = {
    method: 'GET',
    url,
    headers: {},
    credentialHeaders: [],
    credentialQuery: [],
    ...overrides,
  } as const
  const declared = URL.parse(url)?.hostname ?? ''
  return await egress
    .send(request, { timeoutMs: 60_000, allowedHosts: [declared, '*.test'] })
    .catch((error) => error)
}

// https, because http is refused altogether where no private network is open. The trap sees the connection before TLS.
const SPELLINGS: [string, string][] = [
  ['dotted', 'https://127.0.0.1:PORT/'],
  ['decimal', 'https://2130706433:PORT/'],
  ['hexadecimal', 'https://0x7f000001:PORT/'],
  ['octal', 'https://017700000001:PORT/'],
  ['mixed bases', 'https://0x7f.0.0.01:PORT/'],
  ['two parts', 'https://127.1:PORT/'],
  ['three parts', 'https://127.0.1:PORT/'],
  ['full-width digits', 'https://１２７.０.０.１:PORT/'],
  ['percent-encoded', 'https://%31%32%37.0.0.1:PORT/'],
  ['a trailing dot', 'https://127.0.0.1.:PORT/'],
  ['the unspecified address', 'https://0.0.0.0:PORT/'],
  ['zero', 'https://0:PORT/'],
  ['IPv4-mapped', 'https://[::ffff:127.0.0.1]:PORT/'],
  ['IPv4-mapped in hex', 'https://[::ffff:7f00:1]:PORT/'],
  ['a name', 'https://loopback.test:PORT/'],
  ['a name in capitals', 'https://LOOPBACK.TEST:PORT/'],
  ['a name with a trailing dot', 'https://loopback.test.:PORT/'],
  ['a name with a mapped address', 'https://mapped.test:PORT/'],
  ['a name with a mapped address in hex', 'https://mapped-hex.test:PORT/'],
  ['a name with the unspecified address', 'https://unspecified.test:PORT/'],
]

describe('an address of this machine', () => {
  it.each(SPELLINGS)(
    'spelled as %s is refused, and is reached only with the guard off',
    async (_name, template) => {
      const url = template.replace('PORT', String(trap.port))
      expect(await attack(openEgress({}), url)).toMatchObject({ name: 'SendError', failure: 'blocked' })
      expect(trap.connections).toBe(0)

      // The attack is real: without the guard it arrives (and ends at the trap's missing TLS).
      expect(await attack(openEgress({ allowPrivateNetworks: EVERYTHING }), url)).toMatchObject({
        failure: 'connect',
      })
      expect(trap.connections).toBeGreaterThan(0)
    },
  )

  it.each(['https://localhost:PORT/', 'https://LOCALHOST.:PORT/'])(
    'is refused as %s, asked of the real resolver, and is reached only with the guard off',
    async (template) => {
      const url = template.replace('PORT', String(trap.port))
      expect(await attack(openEgress({ resolve: undefined }), url)).toMatchObject({ failure: 'blocked' })
      expect(trap.connections).toBe(0)
      await attack(openEgress({ resolve: undefined, allowPrivateNetworks: EVERYTHING }), url)
      expect(trap.connections).toBeGreaterThan(0)
    },
  )

  it('is refused as IPv6 loopback', async () => {
    if (!isIPv6Here) return
    await using trap6 = await startLocalServer((_request, response) => response.end('inside'), {
      host: '::1',
    })
    for (const host of ['[::1]', '[0:0:0:0:0:0:0:1]', 'loopback6.test']) {
      const url = `https://${host}:${trap6.port}/`
      expect(await attack(openEgress({}), url)).toMatchObject({ failure: 'blocked' })
      expect(trap6.connections).toBe(0)
      await attack(openEgress({ allowPrivateNetworks: EVERYTHING }), url)
      expect(trap6.connections).toBeGreaterThan(0)
      trap6.connections = 0
    }
  })
})

describe('an address that is not public', () => {
  it.each([
    ...Object.keys(ZONE).map((name) => [name, `https://${name}/`]),
    ['cloud metadata', 'https://169.254.169.254/latest/meta-data/'],
    ['cloud metadata in decimal', 'https://2852039166/'],
    ['cloud metadata, IPv6', 'https://[fd00:ec2::254]/'],
    ['NAT64', 'https://[64:ff9b::10.0.0.1]/'],
    ['local-use NAT64', 'https://[64:ff9b:1::10.0.0.1]/'],
    ['6to4', 'https://[2002:a00:1::]/'],
    ['IPv4-compatible', 'https://[::10.0.0.1]/'],
    ['unique-local', 'https://[fd00::1]/'],
    ['link-local', 'https://[fe80::1]/'],
    ['multicast', 'https://224.0.0.1/'],
    ['broadcast', 'https://255.255.255.255/'],
  ])('is refused: %s', async (_name, url) => {
    expect(await attack(openEgress({}), url)).toMatchObject({ failure: 'blocked' })
  })

  it('is refused where another private network is open, over http too', async () => {
    const egress = openEgress({ allowPrivateNetworks: ['10.99.0.0/16'] })
    for (const host of ['127.0.0.1', 'loopback.test', '[::ffff:127.0.0.1]']) {
      expect(await attack(egress, `http://${host}:${trap.port}/`)).toMatchObject({ failure: 'blocked' })
    }
    expect(trap.connections).toBe(0)
  })

  it('is refused to one client while another, which may, holds a connection to it', async () => {
    const allowed = openEgress({ allowPrivateNetworks: ['127.0.0.1/32'] })
    expect(await attack(allowed, `${trap.origin}/`)).toMatchObject({ status: 200 })
    expect(trap.connections).toBe(1)
    const other = openEgress({ allowPrivateNetworks: ['10.99.0.0/16'] })
    expect(await attack(other, `${trap.origin}/`)).toMatchObject({ failure: 'blocked' })
    expect(trap.connections).toBe(1)
  })
})

// All of 127/8 is this machine on Linux alone: the open 127.0.0.2 plays the public address, 127.0.0.1 is the trap.
describe.runIf(process.platform === 'linux')('a name that changes its address', () => {
  it.each([
    ['refused with the guard on', ['127.0.0.2/32'], 0],
    ['served with the guard off', EVERYTHING, 1],
  ])('is %s', async (_name, allowPrivateNetworks, hits) => {
    await using innocent = await startLocalServer(
      (_request, response) => response.setHeader('Connection', 'close').end('public'),
      { host: '127.0.0.2' },
    )
    const answers = [['127.0.0.2'], ['127.0.0.1']]
    const egress = openEgress({ allowPrivateNetworks, resolve: async () => answers.shift() ?? ['127.0.0.1'] })
    const url = `http://rebinding.test:${innocent.port}/`
    expect(await attack(egress, url)).toMatchObject({ status: 200 })
    // The trap listens on the same port, at the other address.
    await using inside = await startLocalServer((_request, response) => response.end('inside'), {
      port: innocent.port,
    })
    const outcome = await attack(egress, url)
    expect(inside.connections).toBe(hits)
    expect(outcome).toMatchObject(hits === 0 ? { failure: 'blocked' } : { status: 200 })
  })
})

describe('a redirect inside', () => {
  /** A provider that answers (through a stand-in, so that it may be here) and sends on to wherever it is told. */
  async function provider(location: string, settings: Partial<EgressSettings>): Promise<Egress> {
    const server = await startLocalServer((_request, response) =>
      response.writeHead(302, { Location: location }).end(),
    )
    onTestFinished(() => server.close())
    return openEgress({ providerOrigins: new Map([['https://provider.test', server.origin]]), ...settings })
  }

  it.each([
    ['an address', 'https://127.0.0.1:PORT/'],
    ['a decimal address', 'https://2130706433:PORT/'],
    ['a name', 'https://loopback.test:PORT/'],
    ['a mapped address', 'https://[::ffff:127.0.0.1]:PORT/'],
    ['an address without scheme', '//127.0.0.1:PORT/'],
  ])('to %s is refused, and is followed only with the guard off', async (_name, template) => {
    const location = template.replace('PORT', String(trap.port))
    expect(await attack(await provider(location, {}), 'https://provider.test/')).toMatchObject({
      failure: 'blocked',
    })
    expect(trap.connections).toBe(0)
    await attack(await provider(location, { allowPrivateNetworks: EVERYTHING }), 'https://provider.test/')
    expect(trap.connections).toBeGreaterThan(0)
  })

  it.each([
    ['to http', 'http://loopback.test:PORT/'],
    ['to the stand-in of nobody', 'http://127.0.0.1:PORT/'],
    ['to a file', 'file:///etc/passwd'],
    ['with user info', 'https://provider.test@127.0.0.1:PORT/'],
    ['to a port of another service', 'https://provider.test:22/'],
  ])('%s is refused', async (_name, template) => {
    const egress = await provider(template.replace('PORT', String(trap.port)), {
      allowPrivateNetworks: EVERYTHING,
    })
    expect(await attack(egress, 'https://provider.test/')).toMatchObject({ failure: 'blocked' })
    expect(trap.connections).toBe(0)
  })

  it('at the end of a chain is refused', async () => {
    const hops = ['/1', 'https://provider.test/2', '/3', `https://loopback.test:${trap.port}/`]
    const server = await startLocalServer((_request, response) =>
      response.writeHead(302, { Location: hops.shift() ?? '/' }).end(),
    )
    onTestFinished(() => server.close())
    const egress = openEgress({ providerOrigins: new Map([['https://provider.test', server.origin]]) })
    expect(await attack(egress, 'https://provider.test/')).toMatchObject({ failure: 'blocked' })
    expect(server.requests).toHaveLength(4)
    expect(trap.connections).toBe(0)
  })
})

describe('a stand-in', () => {
  it('opens its address to the mapping alone', async () => {
    const egress = openEgress({ providerOrigins: new Map([['https://provider.test', trap.origin]]) })
    expect(await attack(egress, 'https://provider.test/')).toMatchObject({ status: 200 })
    expect(trap.connections).toBe(1)
    for (const url of [
      `https://127.0.0.1:${trap.port}/`,
      `https://loopback.test:${trap.port}/`,
      'https://www.provider.test/',
      'https://provider.test:8443/',
      'http://provider.test/',
    ]) {
      expect(await attack(egress, url), url).toBeInstanceOf(Error)
    }
    expect(await attack(egress, `${trap.origin}/`)).toMatchObject({ failure: 'blocked' })
    expect(trap.connections).toBe(1)
  })
})

describe('a request is refused', () => {
  const open = { allowPrivateNetworks: EVERYTHING }

  it.each([
    ['to another scheme', 'ftp://127.0.0.1/', 'ftp:'],
    ['to a file', 'file:///etc/passwd', 'file:'],
    ['to data', 'data:text/plain,x', 'data:'],
    ['to a web socket', 'ws://127.0.0.1/', 'ws:'],
    ['to gopher', 'gopher://127.0.0.1:6379/_FLUSHALL', 'gopher:'],
    ['to what is no address', '/relative', 'no absolute URL'],
    ['to the port of SSH', 'http://127.0.0.1:22/', 'port 22 of 127.0.0.1'],
    ['to the port of mail', 'http://127.0.0.1:25/', 'port 25 of 127.0.0.1'],
    ['to port 0', 'http://127.0.0.1:0/', 'port 0 of 127.0.0.1'],
    ['to a port below 1024', 'http://127.0.0.1:1023/', 'port 1023 of 127.0.0.1'],
    ['with a user', 'http://user@127.0.0.1/', 'user info'],
    ['with a password', 'http://:pass@127.0.0.1/', 'user info'],
  ])('%s', async (_name, url, words) => {
    const outcome = await attack(openEgress(open), url)
    expect(outcome).toMatchObject({ failure: 'blocked', message: expect.stringContaining(words) })
    expect(String(outcome)).not.toContain('pass@')
  })

  it('over http where no private network is open', async () => {
    expect(await attack(openEgress({}), 'http://provider.test/')).toMatchObject({
      failure: 'blocked',
      message: 'A request to provider.test over http: is not allowed, only over https:',
    })
  })

  it.each([
    ['another host', ['provider.test'], '127.0.0.1'],
    ['no host at all', [], '127.0.0.1'],
    ['a host in the user info only', ['provider.test'], 'provider.test@127.0.0.1'],
  ])('to a host that is not declared: %s', async (_name, allowedHosts, authority) => {
    const request = {
      method: 'GET',
      url: `http://${authority}:${trap.port}/?key=s3cret`,
      headers: {},
      credentialHeaders: [],
      credentialQuery: [],
    } as const
    const sent = openEgress(open).send(request, { timeoutMs: 60_000, allowedHosts })
    await expect(sent).rejects.toMatchObject({
      failure: 'blocked',
      message: expect.stringContaining('127.0.0.1'),
    })
    await expect(sent).rejects.not.toThrow('s3cret')
    expect(trap.connections).toBe(0)
  })
})

it('the trap works: whoever connects is counted', async () => {
  const socket = connect(trap.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.destroy()
  await expect.poll(() => trap.connections).toBe(1)
})
