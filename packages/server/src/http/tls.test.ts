import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createSecureContext, getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Authority, type Certificate, createAuthority, hasOpenssl } from '../../test/certificates.ts'
import { createSend } from './send.ts'

/** What TLS asked the server for by name (SNI), and the paths that were asked for after the handshake. */
interface Seen {
  names: (string | false | null)[]
  paths: string[]
}

const known = getCACertificates('default')
let authority: Authority

async function serve(certificate: Certificate): Promise<{ port: number; seen: Seen }> {
  const seen: Seen = { names: [], paths: [] }
  const server = createServer({
    ...certificate,
    SNICallback: (_name, done) => done(null, createSecureContext(certificate)),
  })
  server.on('secureConnection', (socket: TLSSocket & { servername?: string | false }) => {
    seen.names.push(socket.servername ?? null)
  })
  server.on('request', (request, response) => {
    seen.paths.push(request.url ?? '')
    if (request.url?.startsWith('/to/')) {
      return response.writeHead(302, { Location: `https://${request.url.slice(4)}` }).end()
    }
    response.end('secret')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, seen }
}

/** Every name of `.test` is this machine. */
function ask(url: string): Promise<unknown> {
  const egress = createSend({
    allowPrivateNetworks: ['127.0.0.0/8'],
    providerOrigins: new Map(),
    resolve: async () => ['127.0.0.1'],
  })
  onTestFinished(() => egress.close())
  const request = { method: 'GET', url, headers: {}, credentialHeaders: [], credentialQuery: [] } as const
  return egress
    .send(request, { timeoutMs: 60_000, allowedHosts: ['*.test', '127.0.0.1'] })
    .then(({ body }) => Buffer.from(body).toString())
    .catch((error) => error)
}

describe.runIf(hasOpenssl)('TLS', () => {
  beforeAll(() => {
    authority = createAuthority()
    // As `NODE_EXTRA_CA_CERTS` does for an operator with an authority of their own.
    setDefaultCACertificates([...known, authority.cert])
  })
  afterAll(() => setDefaultCACertificates(known))

  it('reaches a provider whose certificate fits, and asks for it by its name', async () => {
    const { port, seen } = await serve(authority.issue(['DNS:api.test']))
    expect(await ask(`https://api.test:${port}/me`)).toBe('secret')
    expect(seen).toEqual({ names: ['api.test'], paths: ['/me'] })
  })

  it('asks by the name without the dot at its end, in lower case and punycode', async () => {
    const { port, seen } = await serve(authority.issue(['DNS:xn--bcher-kva.test']))
    expect(await ask(`https://BÜCHER.test.:${port}/`)).toBe('secret')
    expect(seen.names).toEqual(['xn--bcher-kva.test'])
  })

  it('asks each host of a redirect by its own name', async () => {
    const { port, seen } = await serve(authority.issue(['DNS:api.test', 'DNS:files.test']))
    expect(await ask(`https://api.test:${port}/to/files.test:${port}/file`)).toBe('secret')
    expect(seen.names).toEqual(['api.test', 'files.test'])
  })

  it('names nobody where the address is a number, and accepts a certificate for that number', async () => {
    const { port, seen } = await serve(authority.issue(['IP:127.0.0.1']))
    expect(await ask(`https://127.0.0.1:${port}/`)).toBe('secret')
    expect(seen.names).toEqual([false])
  })

  it.each<[string, string, () => Certificate, string]>([
    ['for another name', 'api.test', () => authority.issue(['DNS:other.test']), 'is for another name'],
    [
      'for names below another',
      'a.b.test',
      () => authority.issue(['DNS:*.other.test']),
      'is for another name',
    ],
    ['for a name, of a number', '127.0.0.1', () => authority.issue(['DNS:api.test']), 'is for another name'],
    ['that has expired', 'api.test', () => authority.issue(['DNS:api.test'], -1), 'has expired'],
    [
      'of an authority that nobody knows',
      'api.test',
      () => createAuthority().issue(['DNS:api.test']),
      'is signed by an unknown authority',
    ],
  ])('sends nothing over a connection with a certificate %s', async (_name, host, certificate, reason) => {
    const { port, seen } = await serve(certificate())
    expect(await ask(`https://${host}:${port}/?key=hush`)).toMatchObject({
      name: 'SendError',
      failure: 'connect',
      message: `No connection to ${host}: its certificate ${reason}`,
    })
    expect(seen.paths).toEqual([])
  })

  it('is checked again on the way through a redirect', async () => {
    const { port, seen } = await serve(authority.issue(['DNS:api.test']))
    expect(await ask(`https://api.test:${port}/to/files.test:${port}/file`)).toMatchObject({
      failure: 'connect',
      message: 'No connection to files.test: its certificate is for another name',
    })
    expect(seen.paths).toHaveLength(1)
  })
})
