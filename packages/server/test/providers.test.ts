import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser } from './browser.ts'
import { type Providers, startProviders } from './providers.ts'

const REDIRECT = 'https://platform.example/miniapps/linear/oauth2'

let providers: Providers
beforeAll(async () => {
  providers = await startProviders({ linearRedirectUris: [REDIRECT] })
})
afterAll(() => providers.close())

async function callGithub(path: string) {
  const response = await fetch(`${providers.github}${path}`, {
    headers: { Authorization: `Bearer ${providers.seed.github.token}` },
  })
  return { status: response.status, body: await response.json() }
}

async function callSlack(method: string, token: string) {
  const response = await fetch(`${providers.slack}/api/${method}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
  })
  return response.json()
}

describe('the GitHub stand-in', () => {
  test('knows the seeded user, repositories, labels, branches, milestone and issue', async () => {
    const { seed } = providers
    const repository = `/repos/${seed.github.repository}`
    expect((await callGithub('/user')).body).toMatchObject(seed.github.user)
    expect((await callGithub('/user/repos')).body).toMatchObject([
      { full_name: seed.github.privateRepository, private: true },
      { full_name: seed.github.repository, private: false },
    ])
    const names = async (path: string) =>
      (await callGithub(path)).body.map((entry: { name: string }) => entry.name)
    expect((await names(`${repository}/labels`)).sort()).toEqual([...seed.github.labels].sort())
    expect((await names(`${repository}/branches`)).sort()).toEqual([...seed.github.branches].sort())
    expect((await callGithub(`${repository}/milestones`)).body).toMatchObject([seed.github.milestone])
    expect((await callGithub(`${repository}/issues/${seed.github.issue.number}`)).body).toMatchObject(
      seed.github.issue,
    )
  })
})

describe('the Slack stand-in', () => {
  test('answers as the seeded bot, which is a member of the seeded channels alone', async () => {
    const { token, bot, team, channels } = providers.seed.slack
    expect(await callSlack('auth.test', token)).toMatchObject({
      ok: true,
      user_id: bot.userId,
      team_id: team.id,
    })
    const answer = await callSlack('conversations.list', token)
    const joined = answer.channels.filter((channel: { is_member: boolean }) => channel.is_member)
    expect(joined.map((channel: { name: string }) => channel.name).sort()).toEqual(['releases', 'support'])
    expect(Object.keys(channels).sort()).toEqual(['general', 'random', 'releases', 'support'])
  })

  test('refuses what a token has no scope for', async () => {
    expect(await callSlack('users.list', providers.seed.slack.postOnlyToken)).toMatchObject({
      ok: false,
      error: 'missing_scope',
      needed: 'users:read',
    })
  })
})

describe('the Linear stand-in', () => {
  /** Consents as somebody and answers the parameters of the redirect. */
  async function authorize(parameters: Record<string, string>, account = 'ada@example.com') {
    const query = new URLSearchParams({
      client_id: providers.seed.linear.app.clientId,
      redirect_uri: REDIRECT,
      response_type: 'code',
      scope: 'read,write',
      state: 'the-state',
      ...parameters,
    })
    const browser = openBrowser({
      origins: { 'https://linear.app': providers.linear },
      stopAt: (url) => url.startsWith(REDIRECT),
    })
    const page = await browser.open(`https://linear.app/oauth/authorize?${query}`)
    const form = page.forms.find(({ buttons }) => buttons[0]?.text.includes(account))
    if (!form) return { page, parameters: new URLSearchParams() }
    const end = await browser.submit(form)
    return { page, parameters: new URL(end.headers.get('Location') ?? '').searchParams }
  }

  async function askToken(body: Record<string, string>) {
    const { clientId, clientSecret } = providers.seed.linear.app
    const response = await fetch(`${providers.linear}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...body }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, string> }
  }

  async function query(token: string | undefined, text: string) {
    const response = await fetch(`${providers.linear}/graphql`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ query: text }),
    })
    return { status: response.status, body: await response.json() }
  }

  async function connect(scope = 'read,write') {
    const verifier = randomBytes(32).toString('base64url')
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const { parameters } = await authorize({
      scope,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    const code = parameters.get('code') ?? ''
    const exchange = { grant_type: 'authorization_code', redirect_uri: REDIRECT, code }
    return { exchange, verifier, state: parameters.get('state') }
  }

  test('walks through the authorization code grant, and refuses a wrong verifier', async () => {
    const { exchange, verifier, state } = await connect()
    expect(state).toBe('the-state')
    expect(await askToken({ ...exchange, code_verifier: `${verifier}x` })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
    const { body } = await askToken({ ...exchange, code_verifier: verifier })
    expect((await query(body.access_token, '{ viewer { id name email } }')).body.data.viewer).toEqual(
      providers.seed.linear.users.ada,
    )
  })

  test('answers 401 to a revoked token, and rotates on refresh', async () => {
    const { exchange, verifier } = await connect()
    const { body } = await askToken({ ...exchange, code_verifier: verifier })
    await fetch(`${providers.linear}/oauth/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ token: String(body.access_token) }),
    })
    expect((await query(body.access_token, '{ viewer { id } }')).status).toBe(401)
    const refresh = { grant_type: 'refresh_token', refresh_token: String(body.refresh_token) }
    const { body: after } = await askToken(refresh)
    expect((await query(after.access_token, '{ viewer { id } }')).status).toBe(200)
    expect(await askToken(refresh)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test.each([
    ['a redirect address that is not registered', { redirect_uri: 'https://elsewhere.example/' }],
    ['a client that is not known', { client_id: 'somebody' }],
    ['a scope that the application does not have', { scope: 'read,initiative:write' }],
  ])('shows a page, and sends nobody anywhere, for %s', async (_name, parameters) => {
    const { page } = await authorize(parameters)
    expect(page).toMatchObject({ status: 400, forms: [] })
  })

  test('lets nobody without the scope admin register a webhook', async () => {
    const { exchange, verifier } = await connect('read,write')
    const { body } = await askToken({ ...exchange, code_verifier: verifier })
    const answer = await query(
      body.access_token,
      'mutation { webhookCreate(input: { url: "https://platform.example/hook" }) { success } }',
    )
    expect(answer.body.errors[0].message).toContain('admin')
    const { body: seen } = await query(providers.seed.linear.token, '{ webhooks { nodes { url } } }')
    expect(seen.data.webhooks.nodes).toEqual([])
  })
})

test('two sets of stand-ins share nothing, and a closed one refuses connections', async () => {
  const other = await startProviders()
  await fetch(`${other.github}/repos/${other.seed.github.repository}/issues`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${other.seed.github.token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ title: 'Only here' }),
  })
  expect((await callGithub(`/repos/${providers.seed.github.repository}/issues`)).body).toHaveLength(1)
  await other.close()
  await other.close()
  await expect(fetch(other.github)).rejects.toThrow()
  await expect(fetch(other.linear)).rejects.toThrow()
  await expect(fetch(other.slack)).rejects.toThrow()
})
