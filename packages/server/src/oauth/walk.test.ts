import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { apiClient } from '../../test/api-client.ts'
import { openBrowser, type Page, textOf } from '../../test/browser.ts'
import { type OauthPlatform, startOauthPlatform, type Tenant } from '../../test/oauth-platform.ts'
import { findLiveInstall } from '../install/live-install.ts'
import { uninstall } from '../install/remove.ts'

let platform: OauthPlatform
let tenant: Tenant
let accounts = 0

beforeAll(async () => {
  platform = await startOauthPlatform()
})
afterAll(() => platform.close())
beforeEach(async () => {
  tenant = await platform.newTenant()
})

/** A user of the provider whom no other test connects. */
const newAccount = () => `user${++accounts}x`
const liveInstall = (ns = 'storefront') =>
  findLiveInstall(platform.context, { workspaceId: tenant.workspace.id, ns })

/** Opens a ticket's address, decides in the provider's form, and answers the page on which it ends. */
async function walk(url: string, fields: Record<string, string>, browser = openBrowser()): Promise<Page> {
  const consent = await browser.open(url)
  const [form] = consent.forms
  if (!form) throw new Error(`${consent.status} ${consent.html}`)
  return browser.submit(form, { decision: 'allow', ...fields })
}

describe('connecting through a redirect to a real authorization server', () => {
  it('connects: consent, exchange with PKCE, who it is', async () => {
    const account = newAccount()
    const page = await walk(await platform.ticket({ tenant }), { account })
    expect(page.status).toBe(200)
    expect(textOf(page.html)).toMatch(/Storefront is connected.*User\d+x of the stand-in/)
    expect(await platform.install(tenant)).toMatchObject({
      state: 'connected',
      uid: account,
      lastConnectError: null,
    })
    const live = await liveInstall()
    expect(live?.bags.credentials).toMatchObject({
      accessToken: expect.any(String),
      refreshToken: expect.any(String),
    })
    expect(live?.bags.metadata).toMatchObject({ uid: account, email: `${account}@example.com` })
  })

  it('asks the provider for what the definition says, and for an answer that is ours alone', async () => {
    const browser = openBrowser({ stopAt: () => true })
    const { headers } = await browser.open(await platform.ticket({ tenant }))
    const address = new URL(headers.get('location') ?? '')
    expect(`${address.origin}${address.pathname}`).toBe(platform.provider.endpoints.authorization)
    expect(Object.fromEntries(address.searchParams)).toEqual({
      client_id: platform.provider.clients.confidential.clientId,
      response_type: 'code',
      scope: 'openid profile email',
      redirect_uri: `${platform.url}/miniapps/storefront/oauth2`,
      state: expect.stringMatching(/^[0-9a-f]{32}\.[A-Za-z0-9_-]{43}$/),
      code_challenge: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      code_challenge_method: 'S256',
    })
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'set-cookie': expect.stringMatching(
        /^miniapps_oauth_[0-9a-f]{16}=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/,
      ),
    })
  })

  it('removes the cookie at the end', async () => {
    const page = await walk(await platform.ticket({ tenant }), { account: newAccount() })
    expect(page.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^miniapps_oauth_[0-9a-f]{16}=; Path=\/; Max-Age=0; HttpOnly; SameSite=Lax$/),
    ])
  })

  it('shows what the provider says where somebody says no, and keeps it', async () => {
    const before = platform.exchanges()
    const page = await walk(await platform.ticket({ tenant }), { account: 'ada', decision: 'deny' })
    expect(page.status).toBe(400)
    expect(textOf(page.html)).toContain(
      'The provider gave no access (access_denied). It says: The user said no.',
    )
    expect(await platform.install(tenant)).toMatchObject({
      state: 'installed',
      credentials: null,
      lastConnectError: { code: 'TEST_FAILED', message: expect.stringContaining('access_denied') },
    })
    expect(platform.exchanges()).toBe(before)
  })

  it('leaves a connection as it is where connecting again fails', async () => {
    const account = newAccount()
    await walk(await platform.ticket({ tenant }), { account })
    const before = await platform.install(tenant)
    await walk(await platform.ticket({ tenant }), { account, decision: 'deny' })
    const after = await platform.install(tenant)
    expect(after).toMatchObject({
      state: 'connected',
      uid: account,
      lastConnectError: { code: 'TEST_FAILED' },
    })
    expect(after?.credentials).toEqual(before?.credentials)
  })

  it('connects another account in place of the first', async () => {
    await walk(await platform.ticket({ tenant }), { account: newAccount() })
    const account = newAccount()
    await walk(await platform.ticket({ tenant }), { account })
    expect(await platform.install(tenant)).toMatchObject({ state: 'connected', uid: account })
  })

  it('refuses an account that another workspace has connected', async () => {
    const account = newAccount()
    await walk(await platform.ticket({ tenant }), { account })
    const other = await platform.newTenant()
    const page = await walk(await platform.ticket({ tenant: other }), { account })
    expect(textOf(page.html)).toContain('Another workspace has connected this account')
    expect(await platform.install(other)).toMatchObject({
      state: 'installed',
      lastConnectError: { code: 'DUPLICATE_INTEGRATION' },
    })
  })

  it('knows two windows of one browser apart', async () => {
    const tenants = [tenant, await platform.newTenant()]
    const starts = await Promise.all(tenants.map(async (of) => start(await platform.ticket({ tenant: of }))))
    const cookie = starts.map((started) => started.cookie).join('; ')
    const accounts = [newAccount(), newAccount()]
    for (const index of [1, 0]) {
      const callback = await starts[index]?.answer(accounts[index] ?? '')
      await fetch(callback ?? '', { headers: { cookie } })
    }
    for (const [index, of] of tenants.entries()) {
      expect(await platform.install(of)).toMatchObject({ state: 'connected', uid: accounts[index] })
    }
  })

  it('passes the form before the popup to the provider and keeps it', async () => {
    const url = await platform.ticket({
      tenant,
      ns: 'storefront-form',
      credentials: { hint: ' ada ', pin: '4321-secret' },
    })
    const browser = openBrowser()
    const account = newAccount()
    const page = await walk(url, { account }, browser)
    expect(textOf(page.html)).toContain('is connected')
    const asked = browser.visited.find(({ url }) => url.startsWith(platform.provider.endpoints.authorization))
    expect(new URL(asked?.url ?? '').searchParams.get('login_hint')).toBe('ada')
    expect(JSON.stringify(browser.visited)).not.toContain('4321-secret')
    const live = await liveInstall('storefront-form')
    expect(live?.bags.userInput).toEqual({ hint: 'ada' })
    expect(live?.bags.credentials).toMatchObject({ hint: 'ada', pin: '4321-secret' })
  })

  it('keeps verifier and form unreadable in the database, and those of a used ticket not at all', async () => {
    await openBrowser({ stopAt: () => true }).open(
      await platform.ticket({
        tenant,
        ns: 'storefront-form',
        credentials: { hint: 'ada', pin: '4321-secret' },
      }),
    )
    const rows = await allWorkspaces(platform.context.db.sql)
      .selectFrom('oauthState')
      .selectAll()
      .where('workspaceId', '=', tenant.workspace.id)
      .execute()
    expect(rows).toHaveLength(1)
    const text = rows.map(({ secret, ...row }) => JSON.stringify(row) + secret.toString('latin1')).join()
    expect(text).not.toContain('4321')
    expect(text).not.toContain('codeVerifier')
    expect(rows[0]?.secret.length).toBeGreaterThan(0)
    const tickets = await allWorkspaces(platform.context.db.sql)
      .selectFrom('oauthTicket')
      .select(['usedAt', 'secret'])
      .where('workspaceId', '=', tenant.workspace.id)
      .execute()
    expect(tickets).toEqual([{ usedAt: expect.any(Date), secret: Buffer.alloc(0) }])
  })
})

describe('the end of an authorization', () => {
  it('belongs to the browser that began', async () => {
    const callback = await (await start(await platform.ticket({ tenant }))).answer(newAccount())
    const before = platform.exchanges()
    expect(await (await fetch(callback)).text()).toContain('began in another browser')
    expect(platform.exchanges()).toBe(before)
    expect(await platform.install(tenant)).toMatchObject({ state: 'installed', lastConnectError: null })
  })

  it('exchanges the code once where the answer comes eight times at once', async () => {
    const { answer, cookie } = await start(await platform.ticket({ tenant }))
    const callback = await answer(newAccount())
    const before = platform.exchanges()
    const pages = await Promise.all(
      Array.from({ length: 8 }, async () => (await fetch(callback, { headers: { cookie } })).text()),
    )
    expect(pages.filter((page) => page.includes('is connected'))).toHaveLength(1)
    expect(pages.filter((page) => page.includes('This sign-in is over'))).toHaveLength(7)
    expect(platform.exchanges()).toBe(before + 1)
    expect(await platform.install(tenant)).toMatchObject({ state: 'connected' })
  })

  it('is explained where it comes too late, and pruned a day after', async () => {
    const { answer, cookie } = await start(await platform.ticket({ tenant }))
    const callback = await answer(newAccount())
    const page = async () => textOf(await (await fetch(callback, { headers: { cookie } })).text())
    platform.advance(10 * 60_000)
    expect(await page()).toContain('This sign-in took too long')
    platform.advance(24 * 60 * 60_000)
    await platform.prune()
    expect(await page()).toContain('This sign-in is not known here')
    expect(await platform.install(tenant)).toMatchObject({ state: 'installed' })
  })

  it('connects nothing where the app was uninstalled meanwhile', async () => {
    const { answer, cookie } = await start(await platform.ticket({ tenant }))
    const callback = await answer(newAccount())
    await uninstall(platform.context, { workspaceId: tenant.workspace.id, ns: 'storefront' })
    const before = platform.exchanges()
    const page = await fetch(callback, { headers: { cookie } })
    expect(await page.text()).toContain('is not installed in this workspace')
    expect(platform.exchanges()).toBe(before)
    expect(await platform.install(tenant)).toBeUndefined()
  })
})

describe('miniAppOauthTicket', () => {
  const MUTATION =
    'mutation ($ns: String!, $credentials: JSON, $origin: String) { miniAppOauthTicket(ns: $ns, credentials: $credentials, openerOrigin: $origin) }'

  it('makes an address that connects the workspace of the token', async () => {
    const { owner } = platform
    const variables = { ns: 'storefront', origin: 'https://app.example.com' }
    const { miniAppOauthTicket } = await owner.call<{
      miniAppOauthTicket: { url: string; expiresAt: string }
    }>(MUTATION, variables)
    expect(miniAppOauthTicket).toEqual({
      url: expect.stringContaining(`${platform.url}/miniapps/storefront/oauth2?ticket=`),
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    })
    const account = newAccount()
    await walk(miniAppOauthTicket.url, { account })
    expect(await platform.install(platform.tenant)).toMatchObject({ state: 'connected', uid: account })

    const made = await owner.call<{ appsAdd: { accessToken: string } }>(
      'mutation { appsAdd(name: "reader", noExpire: true, permissions: ["executeMiniApps"]) { accessToken } }',
    )
    const reader = apiClient(platform.url, made.appsAdd.accessToken)
    await expect(reader.call(MUTATION, variables)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })
})

/** A start whose cookie the test holds itself, so that it can send it with anything. */
async function start(ticket: string) {
  const redirect = await fetch(ticket, { redirect: 'manual' })
  const address = redirect.headers.get('location') ?? ''
  return {
    cookie: (redirect.headers.getSetCookie()[0] ?? '').split(';', 1)[0] ?? '',
    /** Consents, and answers the address that the provider sends the browser to. */
    async answer(account: string): Promise<string> {
      const browser = openBrowser({ stopAt: (url) => url.startsWith(platform.url) })
      return (await walk(address, { account }, browser)).headers.get('location') ?? ''
    },
  }
}
