import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { textOf } from '../../test/browser.ts'
import { type OauthPlatform, startOauthPlatform, type Tenant } from '../../test/oauth-platform.ts'
import { storefrontDefinition } from '../../test/storefront-app.ts'
import type { Context } from '../context.ts'
import { installApp } from '../install/install-app.ts'
import { uninstall } from '../install/remove.ts'
import { registerDefinition } from '../registry/register.ts'
import { makeTicket, type TicketRequest } from './ticket.ts'

let platform: OauthPlatform
let tenant: Tenant

beforeAll(async () => {
  platform = await startOauthPlatform()
  tenant = platform.tenant
})
afterAll(() => platform.close())

/** Registers and installs an app with these changes of `auth`; `undefined` takes a member away. */
async function withApp(ns: string, auth: Record<string, unknown>): Promise<void> {
  const definition = JSON.stringify(storefrontDefinition(platform.provider, { ns, auth }))
  await registerDefinition(platform.context, JSON.parse(definition))
  await installApp(platform.context, { workspaceId: tenant.workspace.id, ns })
}

function make(request: Partial<TicketRequest>, context: Context = platform.context) {
  const { workspace, accountId } = tenant
  return makeTicket(context, {
    workspaceId: workspace.id,
    subdomain: workspace.subdomain,
    accountId,
    ns: 'storefront',
    credentials: undefined,
    openerOrigin: undefined,
    ...request,
  })
}

const ticketRows = async () =>
  Number(
    (
      await allWorkspaces(platform.context.db.sql)
        .selectFrom('oauthTicket')
        .select(({ fn }) => fn.countAll<string>().as('count'))
        .executeTakeFirstOrThrow()
    ).count,
  )
const stateRows = () =>
  allWorkspaces(platform.context.db.sql)
    .selectFrom('oauthState')
    .select(['ns', 'openerOrigin', 'accountId'])
    .orderBy('id')
    .execute()

const WITHOUT_OAUTH = {
  config: { accessToken: 'of the app' },
  auth_url: undefined,
  get_token: undefined,
  refresh_token: undefined,
  auto_refresh: undefined,
  pkce: undefined,
}

describe('makeTicket', () => {
  it.each<[string, Partial<TicketRequest>, { code: string; message: RegExp }]>([
    ['an app that is not installed', { ns: 'github' }, { code: 'NOT_FOUND', message: /not installed/ }],
    [
      'an opener that is no origin',
      { openerOrigin: 'https://app.example.com/' },
      { code: 'BAD_USER_INPUT', message: /exact origin/ },
    ],
    ['any opener', { openerOrigin: '*' }, { code: 'BAD_USER_INPUT', message: /exact origin/ }],
    [
      'a form where there is none',
      { credentials: { a: 1 } },
      { code: 'VALIDATION_ERROR', message: /"a" is no field/ },
    ],
    ['a form that is none', { credentials: 'x' }, { code: 'VALIDATION_ERROR', message: /object/ }],
    [
      'a form without its field',
      { ns: 'storefront-form' },
      { code: 'VALIDATION_ERROR', message: /Account is required/ },
    ],
    [
      'a form with a wrong value',
      { ns: 'storefront-form', credentials: { hint: 'A&b=c' } },
      { code: 'VALIDATION_ERROR', message: /expected form/ },
    ],
  ])('refuses %s, and keeps nothing', async (_name, request, { code, message }) => {
    const before = await ticketRows()
    await expect(make(request)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    expect(await ticketRows()).toBe(before)
  })

  it.each<[string, Record<string, unknown>, { code: string; message: RegExp }]>([
    [
      'no-client',
      { config: { client_id: '', client_secret: '' } },
      { code: 'NOT_CONFIGURED', message: /"client_id".*operator/ },
    ],
    [
      'no-exchange',
      { ...WITHOUT_OAUTH, auth_url: 'https://storefront.example/auth' },
      { code: 'BAD_USER_INPUT', message: /no get_token/ },
    ],
    ['no-page', { auth_url: undefined }, { code: 'BAD_USER_INPUT', message: /no auth_url/ }],
    [
      'with-form',
      { ...WITHOUT_OAUTH, type: 'apikey' },
      { code: 'BAD_USER_INPUT', message: /saveMiniAppCredentials/ },
    ],
    [
      'with-nothing',
      { ...WITHOUT_OAUTH, type: 'none' },
      { code: 'BAD_USER_INPUT', message: /needs no connection/ },
    ],
  ])('refuses an app that cannot be connected so: %s', async (ns, auth, { code, message }) => {
    await withApp(ns, auth)
    await expect(make({ ns })).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('refuses where callbacks would come over http from elsewhere', async () => {
    const config = { ...platform.context.config, saasApiUrl: 'http://api.example.com' }
    await expect(make({}, { ...platform.context, config })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/needs https: .*http:\/\/api\.example\.com.*OAUTH_BASE_URL/),
    })
  })

  it('lies on the address of callbacks, whatever the address of the workspace', async () => {
    const config = {
      ...platform.context.config,
      saasApiUrl: 'https://{subdomain}.example.com',
      oauthBaseUrl: 'https://connect.example.com/base',
    }
    const { url } = await make({}, { ...platform.context, config })
    expect(url).toMatch(
      /^https:\/\/connect\.example\.com\/base\/miniapps\/storefront\/oauth2\?ticket=[0-9a-f]{32}\.[A-Za-z0-9_-]{43}$/,
    )
  })
})

describe('a start', () => {
  const open = (url: string, init: RequestInit = {}) => fetch(url, { redirect: 'manual', ...init })
  const words = async (response: Response) => textOf(await response.text())

  it('keeps the account and the opener of its ticket, not those of the address', async () => {
    const url = await platform.ticket({ openerOrigin: 'https://app.example.com' })
    const before = (await stateRows()).length
    expect((await open(`${url}&openerOrigin=https://evil.example&ns=other`)).status).toBe(302)
    expect((await stateRows()).slice(before)).toEqual([
      { ns: 'storefront', openerOrigin: 'https://app.example.com', accountId: tenant.accountId },
    ])
  })

  it('happens once, also where a ticket is opened eight times at once', async () => {
    const url = await platform.ticket()
    const answers = await Promise.all(Array.from({ length: 8 }, () => open(url)))
    expect(answers.map(({ status }) => status).sort()).toEqual([302, ...Array(7).fill(400)])
    expect(await words(await open(url))).toContain('This sign-in is over')
  })

  it('needs a ticket that is ten minutes old at most', async () => {
    const url = await platform.ticket({ openerOrigin: 'https://app.example.com' })
    platform.advance(10 * 60_000)
    const page = await (await open(url)).text()
    expect(page).toContain('This sign-in took too long')
    expect(page).toContain('"https://app.example.com"')
  })

  it.each<[string, (url: string) => string]>([
    ['of another app', (url) => url.replace('/storefront/', '/storefront-form/')],
    ['that is cut', (url) => url.slice(0, -1)],
    ['that names another workspace', (url) => url.replace(/ticket=.{32}/, `ticket=${'0'.repeat(32)}`)],
  ])('refuses a ticket %s, which stays good where it belongs', async (_name, change) => {
    const url = await platform.ticket()
    const answer = await open(change(url))
    expect(answer.status).toBe(400)
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(await words(answer)).toContain('not known here')
    expect((await open(url)).status).toBe(302)
  })

  it.each<[string, RequestInit]>([
    ['a link checker (HEAD)', { method: 'HEAD' }],
    ['a frame', { headers: { 'sec-fetch-dest': 'iframe' } }],
    ['an image', { headers: { 'sec-fetch-dest': 'image' } }],
    ['a prefetch', { headers: { 'sec-fetch-dest': 'document', 'sec-purpose': 'prefetch' } }],
  ])('is not made by %s', async (_name, init) => {
    const url = await platform.ticket()
    const answer = await open(url, init)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.headers.getSetCookie()).toEqual([])
    expect((await open(url, { headers: { 'sec-fetch-dest': 'document' } })).status).toBe(302)
  })

  it('says how to begin where there is no ticket', async () => {
    expect(await words(await open(`${platform.url}/miniapps/storefront/oauth2`))).toContain(
      'miniAppOauthTicket',
    )
  })

  it('tells the opener where the app is gone since', async () => {
    await withApp('gone', {})
    const { url } = await make({ ns: 'gone', openerOrigin: 'https://app.example.com' })
    await uninstall(platform.context, { workspaceId: tenant.workspace.id, ns: 'gone' })
    const page = await (await open(url)).text()
    expect(page).toContain('is not installed')
    expect(page).toContain('postMessage({"type":"miniapp_oauth","ns":"gone","status":"error"')
  })

  it('does not send anybody away where callbacks would come over http from elsewhere', async () => {
    const url = await platform.ticket()
    const { config } = platform.context
    platform.context.config = { ...config, oauthBaseUrl: 'http://connect.example.com' }
    const answer = await open(url)
    platform.context.config = config
    expect(answer.status).toBe(400)
    expect(await words(answer)).toContain('needs https')
    expect((await open(url)).status).toBe(302)
  })
})
