import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WebhookDefinition } from '../document.ts'
import type { SecretBags } from './find-secret.ts'
import { type ChallengeRequest, compileChallenge, MAX_TOKEN_CHARACTERS } from './match-challenge.ts'
import type { Signed } from './scheme.ts'
import { compileVerification } from './verify-signature.ts'

type Challenge = NonNullable<WebhookDefinition['challengeResponse']>

const SLACK: Challenge = {
  identifyField: 'type',
  identifyValue: 'url_verification',
  challengePath: '$.challenge',
  responseField: 'challenge',
}
const META: Challenge = {
  source: 'query',
  identifyField: 'hub.mode',
  identifyValue: 'subscribe',
  challengePath: 'hub.challenge',
  verifyField: 'hub.verify_token',
  verifyKey: 'verifyToken',
}
const VERIFICATION: WebhookDefinition['verification'] = { type: 'slack', secretKey: 's' }
const NOW = Date.UTC(2026, 0, 1)
const secrets: SecretBags = { credentials: { s: 'k', verifyToken: 'meta' } }
const SAFE = { 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'" }

function request(change: Partial<ChallengeRequest> = {}): ChallengeRequest {
  const body = change.body ?? null
  const rawBody = new TextEncoder().encode(JSON.stringify(body))
  return { method: 'POST', headers: {}, query: {}, url: '', now: NOW, rawBody, ...change, body }
}

function match(
  challengeResponse: Challenge,
  change: Partial<ChallengeRequest>,
  bags = secrets,
  verification = VERIFICATION,
) {
  return compileChallenge({ challengeResponse }, compileVerification({ verification }))(request(change), bags)
}

const handshake = (challenge: unknown = 'token') => ({ body: { type: 'url_verification', challenge } })
const get = (query: Record<string, string>) => ({ method: 'GET', query })
const meta = { 'hub.mode': 'subscribe', 'hub.challenge': '1158201444', 'hub.verify_token': 'meta' }

describe('a handshake in the body', () => {
  it('is answered with its token as JSON', () => {
    expect(match(SLACK, handshake())).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', ...SAFE },
      body: '{"challenge":"token"}',
    })
    expect(match(SLACK, handshake(7))).toMatchObject({ body: '{"challenge":7}' })
  })

  it('is answered with the bare token, which no browser takes for a page', () => {
    const { responseField: _, ...bare } = SLACK
    expect(match(bare, handshake('<script>'))).toEqual({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8', ...SAFE },
      body: '<script>',
    })
  })

  it.each<[string, Partial<ChallengeRequest>]>([
    ['another value', { body: { type: 'event', challenge: 'x' } }],
    ['no such field', { body: { challenge: 'x' } }],
    ['no token', { body: { type: 'url_verification' } }],
    ['a token that is an object', handshake({})],
    ['a token that is true', handshake(true)],
    ['an empty token', handshake('')],
    ['a token with a line break', handshake('a\nb')],
    ['a token with a mark of direction', handshake('a\u202eb')],
    ['text for a body', { body: 'url_verification' }],
  ])('with %s goes on as an event', (_name, change) => expect(match(SLACK, change)).toBeUndefined())

  it(`has a token of at most ${MAX_TOKEN_CHARACTERS} characters`, () => {
    expect(match(SLACK, handshake('x'.repeat(MAX_TOKEN_CHARACTERS)))).toMatchObject({ status: 200 })
    expect(match(SLACK, handshake('x'.repeat(MAX_TOKEN_CHARACTERS + 1)))).toBeUndefined()
  })

  const signed = (secret: string) => {
    const { sign } = compileVerification({ verification: VERIFICATION })
    return (sign({ ...request(handshake()), id: '' }, { credentials: { s: secret } }) as Signed).headers
  }

  it('must be signed rightly where it is signed and the secret is known', () => {
    expect(match(SLACK, { ...handshake(), headers: signed('k') })).toMatchObject({ status: 200 })
    expect(match(SLACK, { ...handshake(), headers: signed('other') })).toEqual({
      status: 401,
      headers: SAFE,
      body: '',
      refused: expect.objectContaining({ code: 'signature-differs' }),
    })
    expect(match(SLACK, { ...handshake(), headers: signed('other') }, {})).toMatchObject({ status: 200 })
  })

  it('waits for a verification that waits', async () => {
    const jwt = { type: 'jwt' as const, jwt: { algorithms: ['HS256'], secretKey: 's' } }
    const headers = { authorization: 'Bearer a.b.c' }
    expect(await match(SLACK, { ...handshake(), headers }, secrets, jwt)).toMatchObject({ status: 401 })
    const { sign } = compileVerification({ verification: jwt })
    const own = await sign({ ...request(handshake()), id: '' }, secrets)
    expect(await match(SLACK, { ...handshake(), headers: own.headers }, secrets, jwt)).toMatchObject({
      status: 200,
    })
  })
})

describe('a handshake in the query', () => {
  it('is answered where the verify token is the right one, or the one before it', () => {
    const answered = { status: 200, body: '1158201444' }
    expect(match(META, get(meta))).toMatchObject(answered)
    expect(
      match(META, get(meta), { config: { verifyToken: 'new', verifyTokenPrevious: 'meta' } }),
    ).toMatchObject(answered)
  })

  it.each<[string, Record<string, string>, SecretBags]>([
    ['another token', { ...meta, 'hub.verify_token': 'Meta' }, secrets],
    ['no token', { 'hub.mode': 'subscribe', 'hub.challenge': '1' }, secrets],
    ['a token that nobody set', meta, {}],
    ['an empty token', { ...meta, 'hub.verify_token': '' }, { credentials: { verifyToken: '' } }],
  ])('is refused with %s', (_name, query, bags) =>
    expect(match(META, get(query), bags)).toEqual({ status: 403, headers: SAFE, body: '' }),
  )

  it('is only ever a GET', () => {
    expect(match(META, { ...get(meta), method: 'POST' })).toBeUndefined()
    expect(match(META, get({ ...meta, 'hub.mode': 'unsubscribe' }))).toBeUndefined()
  })
})

it('is not looked for where the webhook does not say how', () => {
  const verification = compileVerification(undefined)
  for (const webhook of [undefined, null, {}])
    expect(compileChallenge(webhook, verification)(request(handshake()), {})).toBeUndefined()
})

it('never throws, whatever comes', () => {
  const names = fc.constantFrom('type', 'challenge', 'hub.mode', 'hub.challenge', '__proto__')
  const values = fc.oneof(fc.string(), fc.constantFrom('url_verification', 'subscribe'))
  fc.assert(
    fc.property(
      fc.dictionary(names, fc.oneof(values, fc.jsonValue())),
      fc.dictionary(names, values),
      (body, query) => {
        for (const [challenge, method] of [
          [SLACK, 'POST'],
          [META, 'GET'],
        ] as const) {
          const answer = match(challenge, { method, body, query })
          expect([undefined, 200, 403]).toContain((answer as { status?: number } | undefined)?.status)
        }
      },
    ),
  )
})
