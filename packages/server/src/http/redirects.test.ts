import type { OutgoingRequest } from 'miniapp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type LocalServer, startLocalServer } from '../../test/local-server.ts'
import { MAX_REDIRECTS } from './redirect.ts'
import { createSend, type Egress, type EgressSettings } from './send.ts'

type Answer = { status?: number; headers?: Record<string, string>; body?: string }

/** Answers with what stands at the request's path; remembers what it was asked. */
async function serve(pages: Record<string, Answer>): Promise<LocalServer> {
  const server = await startLocalServer((request, response) => {
    const {
      status = 200,
      headers = {},
      body = 'ok',
    } = pages[request.url?.split('?')[0] ?? ''] ?? { status: 404 }
    response.writeHead(status, headers).end(body)
  })
  onTestFinished(() => server.close())
  return server
}

function openEgress(settings: Partial<EgressSettings>): Egress {
  const egress = createSend({ allowPrivateNetworks: [], providerOrigins: new Map(), ...settings })
  onTestFinished(() => egress.close())
  return egress
}

const request = (overrides: Partial<OutgoingRequest>): OutgoingRequest => ({
  method: 'GET',
  url: 'https://api.provider.test/start',
  headers: {},
  credentialHeaders: [],
  credentialQuery: [],
  ...overrides,
})

const OPTIONS = { timeoutMs: 60_000, allowedHosts: ['api.provider.test', '*.files.provider.test'] }

const to = (location: string, status = 302): Answer => ({ status, headers: { Location: location } })

describe('redirects', () => {
  it('repeat method, headers and body where the answer says so', async () => {
    const server = await serve({ '/start': to('/next?x=1', 307), '/next': {} })
    const { send } = openEgress({ providerOrigins: new Map([['https://api.provider.test', server.origin]]) })
    const answer = await send(request({ method: 'POST', headers: { 'X-Key': 'k' }, body: 'data' }), OPTIONS)
    expect(server.requests).toMatchObject([
      { method: 'POST', url: '/start', body: 'data', headers: { 'x-key': 'k' } },
      { method: 'POST', url: '/next?x=1', body: 'data', headers: { 'x-key': 'k' } },
    ])
    expect(answer).toMatchObject({ status: 200, url: 'https://api.provider.test/next?x=1' })
  })

  it('turn a POST into a GET where the answer says so', async () => {
    const server = await serve({ '/start': to('/next', 303), '/next': {} })
    const { send } = openEgress({ providerOrigins: new Map([['https://api.provider.test', server.origin]]) })
    await send(request({ method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'data' }), OPTIONS)
    expect(server.requests[1]).toMatchObject({ method: 'GET', url: '/next', body: '' })
    expect(server.requests[1]?.headers).not.toHaveProperty('content-type')
  })

  it(`end at the ${MAX_REDIRECTS}th`, async () => {
    const pages = Object.fromEntries(
      Array.from({ length: 7 }, (_, index) => [`/${index}`, to(`/${index + 1}`)]),
    )
    const server = await serve({ ...pages, '/7': {} })
    const { send } = openEgress({ providerOrigins: new Map([['https://api.provider.test', server.origin]]) })
    const answer = await send(request({ url: 'https://api.provider.test/2' }), OPTIONS)
    expect(answer.url).toBe('https://api.provider.test/7')
    await expect(send(request({ url: 'https://api.provider.test/1' }), OPTIONS)).rejects.toMatchObject({
      failure: 'too-many-redirects',
      message: 'api.provider.test redirects more than 5 times',
    })
    expect(server.requests).toHaveLength(12)
  })

  it('are answers where they name no target', async () => {
    const server = await serve({ '/start': { status: 302, body: 'nowhere' } })
    const { send } = openEgress({ providerOrigins: new Map([['https://api.provider.test', server.origin]]) })
    expect(await send(request({}), OPTIONS)).toMatchObject({ status: 302 })
  })

  it('may leave http for https, and not the other way', async () => {
    const server = await serve({
      '/start': to('https://api.provider.test/secure'),
      '/secure': to('http://plain.provider.test/start'),
    })
    const providerOrigins = new Map([
      ['http://plain.provider.test', server.origin],
      ['https://api.provider.test', server.origin],
    ])
    const { send } = openEgress({ providerOrigins })
    const allowedHosts = ['api.provider.test', 'plain.provider.test']
    const sent = send(request({ url: 'http://plain.provider.test/start' }), { ...OPTIONS, allowedHosts })
    await expect(sent).rejects.toMatchObject({
      failure: 'blocked',
      message: expect.stringContaining('from https: to http:'),
    })
    expect(server.requests.map(({ url }) => url)).toEqual(['/start', '/secure'])
  })
})

describe('credentials', () => {
  const secrets = {
    headers: { Authorization: 'Bearer t', Cookie: 'c=1', 'X-Key': 'k', Accept: 'text/plain' },
    credentialHeaders: ['authorization', 'cookie', 'x-key'],
    url: 'https://api.provider.test/start?key=s3cret',
    credentialQuery: ['key'],
  }

  async function followTo(host: string, overrides: Partial<OutgoingRequest> = {}): Promise<LocalServer> {
    const api = await serve({ '/start': to(`https://${host}/file?key=s3cret&size=1`), '/back': {} })
    const files = await serve({ '/file': to('https://api.provider.test/back') })
    const { send } = openEgress({
      providerOrigins: new Map([
        ['https://api.provider.test', api.origin],
        [`https://${host}`, files.origin],
      ]),
    })
    await send(request({ ...secrets, ...overrides }), OPTIONS)
    expect(api.requests).toHaveLength(2)
    return Object.assign(files, { requests: [...files.requests, ...api.requests.slice(1)] })
  }

  it('go along to a declared host', async () => {
    const { requests } = await followTo('eu.files.provider.test')
    expect(requests[0]).toMatchObject({
      url: '/file?key=s3cret&size=1',
      headers: { authorization: 'Bearer t', cookie: 'c=1', 'x-key': 'k', accept: 'text/plain' },
    })
  })

  it('stay behind on the way to an undeclared one, and do not come back', async () => {
    const { requests } = await followTo('cdn.elsewhere.test')
    expect(requests.map(({ url }) => url)).toEqual(['/file?size=1', '/back'])
    for (const { headers } of requests) {
      expect(headers).toMatchObject({
        accept: 'text/plain',
        'user-agent': expect.stringMatching(/^MiniApps\//),
      })
      for (const name of ['authorization', 'cookie', 'x-key']) expect(headers).not.toHaveProperty(name)
    }
  })

  it('do not reach an undeclared host with a POST: it is not sent there', async () => {
    const api = await serve({ '/start': to('https://cdn.elsewhere.test/file', 307) })
    const files = await serve({ '/file': {} })
    const { send } = openEgress({
      providerOrigins: new Map([
        ['https://api.provider.test', api.origin],
        ['https://cdn.elsewhere.test', files.origin],
      ]),
    })
    await expect(send(request({ ...secrets, method: 'POST', body: 'x' }), OPTIONS)).rejects.toMatchObject({
      failure: 'blocked',
    })
    expect(files.connections).toBe(0)
  })
})

describe('a stand-in', () => {
  it('is asked by the name of the original', async () => {
    const server = await serve({ '/start': {} })
    const { send } = openEgress({
      providerOrigins: new Map([['https://api.provider.test:8443', server.origin]]),
    })
    const answer = await send(request({ url: 'https://api.provider.test:8443/start' }), OPTIONS)
    expect(server.requests[0]?.headers.host).toBe('api.provider.test:8443')
    expect(answer.url).toBe('https://api.provider.test:8443/start')
  })

  it('counts as the original in Link, in Location and in addresses of the body', async () => {
    const pages: Record<string, Answer> = {}
    const server = await serve(pages)
    pages['/start'] = to(`${server.origin}/list`)
    // Some name themselves by the address they listen on, others by the Host they were asked by.
    const itself = [server.origin, 'http://api.provider.test']
    pages['/list'] = {
      headers: { Link: itself.map((name) => `<${name}/list?page=2>; rel="next"`).join(', ') },
    }
    const egress = openEgress({ providerOrigins: new Map([['https://api.provider.test', server.origin]]) })
    const answer = await egress.send(request({}), OPTIONS)
    expect(answer.url).toBe('https://api.provider.test/list')
    const next = '<https://api.provider.test/list?page=2>; rel="next"'
    expect(answer.headers['link']).toBe(`${next}, ${next}`)
    const original = (url: string) => egress.originalUrl(url, answer.url)
    expect(original(`${server.origin}/list?page=3`)).toBe('https://api.provider.test/list?page=3')
    expect(original('https://elsewhere.test/')).toBe('https://elsewhere.test/')
  })

  it('is still bound by what the definition declares', async () => {
    const server = await serve({ '/start': {} })
    const { send } = openEgress({ providerOrigins: new Map([['https://api.provider.test', server.origin]]) })
    await expect(send(request({}), { ...OPTIONS, allowedHosts: ['127.0.0.1'] })).rejects.toMatchObject({
      failure: 'blocked',
    })
    expect(server.connections).toBe(0)
  })
})
