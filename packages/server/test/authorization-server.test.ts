import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from './authorization-server.ts'
import { openBrowser } from './browser.ts'

const REDIRECT = 'https://platform.example/miniapps/x/oauth2'

let server: AuthorizationServer
beforeAll(async () => {
  server = await startAuthorizationServer({ accessTokenSeconds: 60, redirectUris: [REDIRECT] })
})
afterAll(() => server.close())

type Json = Record<string, unknown>

interface Flow {
  client?: 'confidential' | 'public'
  account?: string
  decision?: 'allow' | 'deny'
  parameters?: Record<string, string>
}

const stopAtRedirect = { stopAt: (url: string) => url.startsWith(REDIRECT) }
const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url')

function authorizationUrl(clientId: string, parameters: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: REDIRECT,
    scope: 'openid profile email',
    state: 'the-state',
    ...parameters,
  })
  return `${server.endpoints.authorization}?${query}`
}

/** Walks from the authorization page to the redirect and answers its parameters. */
async function authorize({ client = 'confidential', ...flow }: Flow = {}) {
  const verifier = randomBytes(32).toString('base64url')
  const pkce = { code_challenge: challengeOf(verifier), code_challenge_method: 'S256' }
  const browser = openBrowser(stopAtRedirect)
  const page = await browser.open(
    authorizationUrl(server.clients[client].clientId, { ...pkce, ...flow.parameters }),
  )
  const [form] = page.forms
  if (!form) throw new Error(page.html)
  const { account = 'ada', decision = 'allow' } = flow
  const end = await browser.submit(form, { account, decision })
  return { verifier, parameters: new URL(end.headers.get('Location') ?? '').searchParams }
}

async function askToken(body: Record<string, string>, client: 'confidential' | 'public' = 'confidential') {
  const { clientId } = server.clients[client]
  const secret: Record<string, string> =
    client === 'confidential' ? { client_secret: server.clients.confidential.clientSecret } : {}
  const response = await fetch(server.endpoints.token, {
    method: 'POST',
    body: new URLSearchParams({ client_id: clientId, ...secret, ...body }),
  })
  return { status: response.status, body: (await response.json()) as Json & Record<string, string> }
}

async function connect(flow: Flow = {}) {
  const { verifier, parameters } = await authorize(flow)
  const exchange = { grant_type: 'authorization_code', redirect_uri: REDIRECT, code_verifier: verifier }
  return await askToken({ ...exchange, code: parameters.get('code') ?? '' }, flow.client)
}

const refresh = (token: string | undefined) =>
  askToken({ grant_type: 'refresh_token', refresh_token: String(token) })

async function userinfo(token: string | undefined) {
  const response = await fetch(server.endpoints.userinfo, { headers: { Authorization: `Bearer ${token}` } })
  return { status: response.status, body: (await response.json()) as Json }
}

const reuse = { status: 400, body: { error: 'invalid_grant' } }

describe('the authorization code grant', () => {
  test.each(['confidential', 'public'] as const)(
    'gives a %s client tokens for a code and its verifier',
    async (client) => {
      const tokens = await connect({ client })
      expect(tokens).toMatchObject({
        status: 200,
        body: { token_type: 'Bearer', expires_in: 60, refresh_token: expect.any(String) },
      })
      expect(await userinfo(tokens.body.access_token)).toEqual({
        status: 200,
        body: { sub: 'ada', name: 'Ada of the stand-in', email: 'ada@example.com' },
      })
    },
  )

  test('returns the state and knows the account that was named', async () => {
    const { parameters } = await authorize({ account: 'omar' })
    expect(parameters.get('state')).toBe('the-state')
    const tokens = await connect({ account: 'omar' })
    expect((await userinfo(tokens.body.access_token)).body.sub).toBe('omar')
  })

  test('sends the word of a user who says no', async () => {
    const { parameters } = await authorize({ decision: 'deny' })
    expect(Object.fromEntries(parameters)).toMatchObject({ error: 'access_denied', state: 'the-state' })
    expect(parameters.has('code')).toBe(false)
  })

  test.each([
    ['a redirect address that is not known', { redirect_uri: `${REDIRECT}/` }, /redirect_uri/],
    ['a client that is not known', { client_id: 'somebody' }, /invalid_client/],
  ])('refuses %s on a page of its own', async (_name, parameters, text) => {
    const page = await openBrowser(stopAtRedirect).open(authorizationUrl('storefront', parameters))
    expect(page.status).toBe(400)
    expect(page.html).toMatch(text)
  })

  test('accepts a redirect address from the moment it is allowed', async () => {
    const redirect = 'https://later.example/oauth2'
    const ask = () => openBrowser().open(authorizationUrl('storefront', { redirect_uri: redirect }))
    expect((await ask()).status).toBe(400)
    server.allowRedirect(redirect)
    expect((await ask()).forms).toHaveLength(1)
  })

  test('wants PKCE from the public client and lets the confidential one go without', async () => {
    const refused = await openBrowser(stopAtRedirect).open(authorizationUrl(server.clients.public.clientId))
    expect(refused.headers.get('Location')).toContain('error=invalid_request')
    const page = await openBrowser(stopAtRedirect).open(
      authorizationUrl(server.clients.confidential.clientId),
    )
    expect(page.forms).toHaveLength(1)
  })

  test('refuses a wrong verifier, a second use of a code, and a wrong secret', async () => {
    const exchange = { grant_type: 'authorization_code', redirect_uri: REDIRECT }
    const first = await authorize()
    const code = first.parameters.get('code') ?? ''
    const other = randomBytes(32).toString('base64url')
    expect(await askToken({ ...exchange, code, code_verifier: other })).toMatchObject(reuse)
    const { verifier, parameters } = await authorize()
    const use = { ...exchange, code: parameters.get('code') ?? '', code_verifier: verifier }
    expect(await askToken({ ...use, client_secret: 'wrong' })).toMatchObject({ status: 401 })
    expect(await askToken(use)).toMatchObject({ status: 200 })
    expect(await askToken(use)).toMatchObject(reuse)
  })
})

describe('refreshing', () => {
  test('rotates: a new access token and a new refresh token', async () => {
    const { body: before } = await connect()
    const { status, body: after } = await refresh(before.refresh_token)
    expect(status).toBe(200)
    expect(after.refresh_token).not.toBe(before.refresh_token)
    expect((await userinfo(after.access_token)).status).toBe(200)
    expect((await refresh(after.refresh_token)).status).toBe(200)
  })

  test('revokes the whole family when a refresh token is used twice', async () => {
    const { body: before } = await connect()
    const { body: after } = await refresh(before.refresh_token)
    expect(await refresh(before.refresh_token)).toMatchObject(reuse)
    expect(await refresh(after.refresh_token)).toMatchObject(reuse)
    expect((await userinfo(after.access_token)).status).toBe(401)
  })

  test('lets one of several simultaneous uses win at most, and revokes the family', async () => {
    const { body: before } = await connect()
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(before.refresh_token)))
    const winners = answers.filter(({ status }) => status === 200)
    expect(winners.length).toBeLessThanOrEqual(1)
    expect(await refresh(winners[0]?.body.refresh_token)).toMatchObject(reuse)
  })

  test('ends one family and leaves the others alone', async () => {
    const [one, other] = [await connect(), await connect()]
    await refresh(one.body.refresh_token)
    await refresh(one.body.refresh_token)
    expect((await refresh(other.body.refresh_token)).status).toBe(200)
  })
})

describe('the protected API', () => {
  test('answers 401 to an expired token and to one that it never gave out', async () => {
    const { body } = await connect()
    expect((await userinfo(body.access_token)).status).toBe(200)
    server.expireAccessTokens()
    expect(await userinfo(body.access_token)).toMatchObject({ status: 401, body: { error: 'invalid_token' } })
    expect((await userinfo('made-up')).status).toBe(401)
    const { body: after } = await refresh(body.refresh_token)
    expect((await userinfo(after.access_token)).status).toBe(200)
  })

  test('lets a token expire by itself after the seconds given', async () => {
    await using short = await startAuthorizationServer({ accessTokenSeconds: 1, redirectUris: [REDIRECT] })
    const long = server
    try {
      server = short
      const { body } = await connect()
      expect(body.expires_in).toBe(1)
      await expect.poll(async () => (await userinfo(body.access_token)).status).toBe(401)
    } finally {
      server = long
    }
  })

  test('stops to know every token once the grant is revoked, and a new consent brings new ones', async () => {
    const { body } = await connect()
    server.revokeGrant()
    expect((await userinfo(body.access_token)).status).toBe(401)
    expect(await refresh(body.refresh_token)).toMatchObject(reuse)
    expect((await connect()).status).toBe(200)
  })

  test('revokes a token on demand', async () => {
    const { body } = await connect()
    const { clientId, clientSecret } = server.clients.confidential
    const answer = await fetch(server.endpoints.revocation, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: clientId,
        client_secret: clientSecret,
        token: String(body.refresh_token),
      }),
    })
    expect(answer.status).toBe(200)
    expect(await refresh(body.refresh_token)).toMatchObject(reuse)
  })
})

test('two servers share nothing, and each remembers what it answered', async () => {
  await using other = await startAuthorizationServer()
  const { body } = await connect()
  expect(server.requests.at(-1)).toEqual({
    method: 'POST',
    path: '/token',
    grantType: 'authorization_code',
    status: 200,
  })
  await userinfo(body.access_token)
  expect(server.requests.at(-1)).toMatchObject({ method: 'GET', path: '/me', status: 200 })
  const headers = { Authorization: `Bearer ${body.access_token}` }
  expect((await fetch(other.endpoints.userinfo, { headers })).status).toBe(401)
  expect(other.requests).toEqual([{ method: 'GET', path: '/me', grantType: undefined, status: 401 }])
})
