/** What a provider meets over HTTP: handshakes by GET, and tokens that are verified with keys which it publishes. */
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type LocalServer, startLocalServer } from '../../test/local-server.ts'
import { marketDefinition, WEBHOOK_SECRET } from '../../test/market-app.ts'
import { type WebhookPlatform, webhookPlatform } from '../../test/webhook-platform.ts'

const KEYS_ORIGIN = 'https://keys.example'
const MINUTE_MS = 60_000
const ISSUER = 'https://issuer.example'

/** An app whose deliveries carry a token. */
function tokenApp(ns: string, jwksUrl = `${KEYS_ORIGIN}/${ns}`) {
  const { webhook } = marketDefinition()
  const verification = { type: 'jwt', jwt: { algorithms: ['ES256'], jwksUrl, issuer: ISSUER } }
  return marketDefinition({ ns, name: ns, type: ns, webhook: { ...(webhook as object), verification } })
}

function handshakeApp() {
  const { webhook } = marketDefinition()
  const challengeResponse = {
    source: 'query',
    identifyField: 'hub.mode',
    identifyValue: 'subscribe',
    challengePath: 'hub.challenge',
    verifyField: 'hub.verify_token',
    verifyKey: 'webhookSecret',
  }
  return marketDefinition({
    ns: 'meta',
    name: 'meta',
    type: 'meta',
    webhook: { ...(webhook as object), challengeResponse },
  })
}

const APPS = ['plain', 'rotating', 'forged', 'down', 'flaky', 'withdrawn', 'nonsense'] as const

let provider: LocalServer
let platform: WebhookPlatform
let url: string
let workspaceId: string
/** What the provider answers at each path: keys, or a status. */
const published = new Map<string, JWK[] | number>()

beforeAll(async () => {
  provider = await startLocalServer(({ url: path = '' }, response) => {
    const keys = published.get(path.slice(1)) ?? 404
    response.writeHead(typeof keys === 'number' ? keys : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(typeof keys === 'number' ? '<html>' : { keys }))
  })
  platform = await webhookPlatform(
    [
      ...APPS.map((ns) => tokenApp(ns)),
      tokenApp('inside', `https://127.0.0.1:${provider.port}/keys`),
      handshakeApp(),
    ],
    { [KEYS_ORIGIN]: provider.origin },
  )
  workspaceId = await platform.newShop('acme', 'meta')
  for (const ns of [...APPS, 'inside']) await platform.addShop('acme', { workspaceId, ns })
  url = await platform.server.listen({ port: 0 })
})

afterAll(async () => {
  await platform.close()
  await provider.close()
})

async function newKey(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg: 'ES256' }
  return { jwk, kid, privateKey }
}
type Key = Awaited<ReturnType<typeof newKey>>

let delivered = 0
async function deliver(ns: string, { kid, privateKey }: Key, issuer = ISSUER) {
  const now = Math.floor(platform.clock.now / 1000)
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuer(issuer)
    .setExpirationTime(now + 60)
    .sign(privateKey)
  const answer = await fetch(`${url}/w/acme/miniapps/${ns}/webhooks`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'x-market-topic': 'order.created',
    },
    body: JSON.stringify({ delivery_id: `${++delivered}` }),
  })
  await answer.arrayBuffer()
  return { status: answer.status, retryAfter: answer.headers.get('retry-after') }
}

const asked = (ns: string) => provider.requests.filter((request) => request.url === `/${ns}`).length
const kept = async (ns: string) =>
  (await platform.events(workspaceId)).filter((event) => event.ns === ns).length
const KEPT = { status: 202, retryAfter: null }
const REFUSED = { status: 401, retryAfter: null }
const LATER = { status: 503, retryAfter: '10' }

describe('a token that is verified with published keys', () => {
  beforeEach(() => {
    platform.clock.now = Math.max(platform.clock.now, Date.now())
  })

  it('is verified, and the keys are asked for once', async () => {
    const key = await newKey('1')
    published.set('plain', [key.jwk])
    expect(await Promise.all([1, 2, 3].map(() => deliver('plain', key)))).toEqual([KEPT, KEPT, KEPT])
    expect(await deliver('plain', key, 'https://somebody.example')).toEqual(REFUSED)
    expect({ asked: asked('plain'), kept: await kept('plain') }).toEqual({ asked: 1, kept: 3 })
    const [event] = (await platform.events(workspaceId)).filter(({ ns }) => ns === 'plain')
    expect(event?.headers).not.toContain('Bearer')
  })

  it('may name a key that was published since', async () => {
    const [old, next] = [await newKey('old'), await newKey('next')]
    published.set('rotating', [old.jwk])
    expect(await deliver('rotating', old)).toEqual(KEPT)
    published.set('rotating', [old.jwk, next.jwk])
    platform.clock.now += MINUTE_MS
    expect(await deliver('rotating', next)).toEqual(KEPT)
    expect(await deliver('rotating', old)).toEqual(KEPT)
    expect(asked('rotating')).toBe(2)
  })

  it('that names no key does not make us ask the provider each time', async () => {
    const [key, forger] = [await newKey('real'), await newKey('made up')]
    published.set('forged', [key.jwk])
    expect(await deliver('forged', key)).toEqual(KEPT)
    platform.clock.now += MINUTE_MS
    for (let time = 0; time < 10; time++) expect(await deliver('forged', forger)).toEqual(REFUSED)
    expect(await deliver('forged', { ...forger, kid: 'real' })).toEqual(REFUSED)
    expect({ asked: asked('forged'), kept: await kept('forged') }).toEqual({ asked: 2, kept: 1 })
  })

  it('is to be sent again while the keys cannot be had', async () => {
    const key = await newKey('1')
    published.set('down', 500)
    expect(await deliver('down', key)).toEqual(LATER)
    published.set('down', [key.jwk])
    expect(await deliver('down', key)).toEqual(LATER)
    expect(asked('down')).toBe(1)
    platform.clock.now += MINUTE_MS
    expect(await deliver('down', key)).toEqual(KEPT)
    const rejected = await allWorkspaces(platform.context.db.sql)
      .selectFrom('webhookRejection')
      .select(['code', 'count'])
      .where('ns', '=', 'down')
      .execute()
    expect(rejected).toEqual([{ code: 'keys-unavailable', count: 2 }])
  })

  it('goes on to be verified with the keys that are known while the provider is down', async () => {
    const [key, forger] = [await newKey('real'), await newKey('made up')]
    published.set('flaky', [key.jwk])
    expect(await deliver('flaky', key)).toEqual(KEPT)
    published.set('flaky', 503)
    platform.clock.now += MINUTE_MS
    expect(await deliver('flaky', forger)).toEqual(LATER)
    expect(await deliver('flaky', key)).toEqual(KEPT)
    published.set('flaky', [key.jwk, forger.jwk])
    platform.clock.now += MINUTE_MS
    expect(await deliver('flaky', forger)).toEqual(KEPT)
  })

  it('counts no more ten minutes after its key was withdrawn', async () => {
    const [old, next] = [await newKey('old'), await newKey('next')]
    published.set('withdrawn', [old.jwk])
    expect(await deliver('withdrawn', old)).toEqual(KEPT)
    published.set('withdrawn', [next.jwk])
    expect(await deliver('withdrawn', old)).toEqual(KEPT)
    platform.clock.now += 10 * MINUTE_MS
    expect(await deliver('withdrawn', old)).toEqual(REFUSED)
    expect(await deliver('withdrawn', next)).toEqual(KEPT)
  })

  it('is to be sent again where the provider publishes something else', async () => {
    published.set('nonsense', 200)
    expect(await deliver('nonsense', await newKey('1'))).toEqual(LATER)
  })

  it('never makes us call an address of our own network', async () => {
    const { connections } = provider
    expect(await deliver('inside', await newKey('1'))).toEqual(LATER)
    expect(provider.connections).toBe(connections)
  })
})

describe('a handshake by GET', () => {
  const ask = async (query: Record<string, string>, { subdomain = 'acme', method = 'GET' } = {}) => {
    const address = `${url}/w/${subdomain}/miniapps/meta/webhooks?${new URLSearchParams(query)}`
    const answer = await fetch(address, { method })
    return { status: answer.status, body: await answer.text(), headers: Object.fromEntries(answer.headers) }
  }
  const right = { 'hub.mode': 'subscribe', 'hub.challenge': '1158201444', 'hub.verify_token': WEBHOOK_SECRET }
  const { 'hub.verify_token': _token, ...unverified } = right

  it('is answered with the bare token, which no browser takes for a page', async () => {
    const before = (await platform.events(workspaceId)).length
    expect(await ask(right)).toMatchObject({
      status: 200,
      body: '1158201444',
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'",
      },
    })
    expect((await platform.events(workspaceId)).length).toBe(before)
  })

  it.each([
    ['with another verify token', { ...right, 'hub.verify_token': 'guessed' }, 403],
    ['without one', unverified, 403],
    ['with an empty one', { ...right, 'hub.verify_token': '' }, 403],
    ['of another mode', { ...right, 'hub.mode': 'unsubscribe' }, 404],
    ['without a challenge', { 'hub.mode': 'subscribe', 'hub.verify_token': WEBHOOK_SECRET }, 404],
    ['with a challenge that cannot be printed', { ...right, 'hub.challenge': 'a\u0000b' }, 404],
    ['with a challenge that is too long', { ...right, 'hub.challenge': 'a'.repeat(1025) }, 404],
  ] as [string, Record<string, string>, number][])('%s echoes nothing', async (_what, query, status) => {
    const answer = await ask(query)
    expect(answer.status).toBe(status)
    expect(answer.body).not.toContain(query['hub.challenge'] ?? '1158201444')
  })

  it('is that of one workspace: the token of another one does not verify', async () => {
    const other = await platform.newActor('other')
    await platform.addShop('other', { workspaceId: other.workspaceId, ns: 'meta' }, 'the token of the other')
    expect((await ask(right, { subdomain: 'other' })).status).toBe(403)
    const own = { ...right, 'hub.verify_token': 'the token of the other' }
    expect((await ask(own, { subdomain: 'other' })).status).toBe(200)
    expect((await ask(own)).status).toBe(403)
  })

  it('is no event, and an event is no handshake', async () => {
    expect((await ask(right, { method: 'HEAD' })).status).toBe(404)
    expect((await ask(right, { method: 'POST' })).status).toBe(401)
  })
})

it('what is too large is refused in words, also to a sender that is still at it', async () => {
  const body = Buffer.alloc(platform.context.config.maxWebhookBytes + 2 * 1024 * 1024)
  const answers = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const answer = await fetch(`${url}/w/acme/miniapps/meta/webhooks`, { method: 'POST', body })
      return { status: answer.status, body: await answer.json() }
    }),
  )
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: 413, body: { error: { code: 'PAYLOAD_TOO_LARGE' } } })
  }
})
