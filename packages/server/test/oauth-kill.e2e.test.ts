/** `kill -9` at every step of an authorization with a real authorization server: what the next start finds. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ApiClient, signIn } from './api-client.ts'
import { type AuthorizationServer, startAuthorizationServer } from './authorization-server.ts'
import { openBrowser, textOf } from './browser.ts'
import { type EmptyDatabase, emptyDatabase } from './empty-database.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { freePort } from './free-port.ts'
import { killPoints } from './kill-points.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { STOREFRONT_ORIGIN, storefrontDefinition } from './storefront-app.ts'

const NS = 'storefront'

let directory: string
let database: EmptyDatabase
let provider: AuthorizationServer
let proxy: FaultProxy
let port: number
let server: ServerProcess
let api: ApiClient
let accounts = 0
let account: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'miniapps-oauth-kill-'))
  database = await emptyDatabase()
  provider = await startAuthorizationServer({ accessTokenSeconds: 600 })
  proxy = await startFaultProxy({ target: provider.origin })
  port = await freePort()
  server = await start()
  provider.allowRedirect(redirectAddress())
  api = await signIn(server.url, server.ownerLink)
  const definition = storefrontDefinition(provider, { ns: NS })
  await api.call('mutation ($definition: JSON!) { registerMiniApp(definition: $definition) }', { definition })
  await api.call('mutation ($ns: String!) { installMiniApp(ns: $ns) }', { ns: NS })
})
afterAll(async () => {
  await server?.stop()
  await proxy?.close()
  await provider?.close()
  await database?.drop()
  await rm(directory, { recursive: true, force: true })
})
beforeEach(async () => {
  proxy.passThrough()
  account = `walker${++accounts}x`
  await api.call('mutation ($ns: String!) { disconnectMiniApp(ns: $ns) }', { ns: NS })
  expect(await state()).toEqual(INSTALLED)
})

/** Known to the provider, which compares it literally: every start listens on the same port. */
const redirectAddress = () => `http://localhost:${port}/miniapps/${NS}/oauth2`

function start(): Promise<ServerProcess> {
  const settings = { PORT: String(port), PROVIDER_ORIGINS: `${STOREFRONT_ORIGIN}=${proxy.origin}` }
  const env = { DATA_DIR: join(directory, 'data'), ...settings, ...database.env }
  return startServerProcess({ env, cwd: directory })
}

async function killAndRestart(): Promise<void> {
  await server.kill9()
  proxy.passThrough()
  server = await start()
}

interface State {
  state: string
  errorCode: string | null
  isAuthenticated: boolean
}

const CONNECTED: State = { state: 'connected', errorCode: null, isAuthenticated: true }
const INSTALLED: State = { state: 'installed', errorCode: null, isAuthenticated: false }

async function state(): Promise<State> {
  const { miniAppGeneralInfo } = await api.call<{ miniAppGeneralInfo: { auth: State } }>(
    `{ miniAppGeneralInfo(ns: "${NS}") { auth { state errorCode isAuthenticated } } }`,
  )
  return miniAppGeneralInfo.auth
}

interface ActionResult {
  success: boolean
  data: unknown
  error: { code: string } | null
}

async function whoAmI(): Promise<ActionResult> {
  const { executeMiniAppAction } = await api.call<{ executeMiniAppAction: ActionResult }>(
    'mutation ($ns: String!) { executeMiniAppAction(appNs: $ns, actionName: "whoAmI", formInput: {}) }',
    { ns: NS },
  )
  return executeMiniAppAction
}

/** Codes that were exchanged so far, or tried to be. */
const exchanges = () => provider.requests.filter(({ grantType }) => grantType === 'authorization_code').length

/** The provider's answer, not yet given to the server. Each call is the same answer from the same browser. */
type Callback = () => Promise<{ status: number; text: string }>

/** From a new ticket through the consent. The cookie is held here: a browser would drop it at the end. */
async function authorize(): Promise<Callback> {
  const { miniAppOauthTicket } = await api.call<{ miniAppOauthTicket: { url: string } }>(
    'mutation ($ns: String!) { miniAppOauthTicket(ns: $ns) }',
    { ns: NS },
  )
  const redirect = await fetch(miniAppOauthTicket.url, { redirect: 'manual' })
  const cookie = (redirect.headers.getSetCookie()[0] ?? '').split(';', 1)[0] ?? ''
  const browser = openBrowser({ stopAt: (url) => url.startsWith(redirectAddress()) })
  const consent = await browser.open(redirect.headers.get('location') ?? '')
  const [form] = consent.forms
  if (!form) throw new Error(`${consent.status} ${consent.html}`)
  const answer = await browser.submit(form, { decision: 'allow', account })
  const address = answer.headers.get('location') ?? ''
  expect(new URL(address).searchParams.get('code')).toBeTruthy()
  return async () => {
    const page = await fetch(address, { headers: { cookie } })
    return { status: page.status, text: textOf(await page.text()) }
  }
}

async function expectInstalled(): Promise<void> {
  expect(await state()).toEqual(INSTALLED)
  expect(await whoAmI()).toMatchObject({ success: false, error: { code: 'NOT_CONFIGURED' } })
}

async function expectConnected(): Promise<void> {
  expect(await state()).toEqual(CONNECTED)
  expect(await whoAmI()).toMatchObject({ success: true, data: { email: `${account}@example.com` } })
}

/** The same answer once more is refused before anything is asked for with it. */
async function expectOver(callback: Callback): Promise<void> {
  const before = { state: await state(), exchanges: exchanges() }
  const page = await callback()
  expect(page).toEqual({ status: 400, text: expect.stringContaining('This sign-in is over') })
  expect({ state: await state(), exchanges: exchanges() }).toEqual(before)
}

async function expectConnectsAnew(): Promise<void> {
  account = `walker${++accounts}x`
  const callback = await authorize()
  expect(await callback()).toEqual({ status: 200, text: expect.stringContaining('Storefront is connected') })
  await expectConnected()
}

describe('killed while the answer of the provider is worked on', () => {
  const points = killPoints(
    [
      { name: 'get_token', path: /^\/token$/ },
      { name: 'userDetails', path: /^\/me$/ },
    ],
    ['before', 'after'],
  )
  it.each(points)(
    '$when $name: nothing is connected, the answer is over, and a new ticket connects',
    async ({ when, name, path }) => {
      const exchanged = when === 'before' && name === 'get_token' ? 0 : 1
      const callback = await authorize()
      const before = exchanges()
      const hold = proxy.only(path).hold(when)
      const cut = expect(callback()).rejects.toThrow()
      await hold.reached
      await killAndRestart()
      await cut
      expect(exchanges()).toBe(before + exchanged)
      await expectInstalled()
      await expectOver(callback)
      await expectInstalled()
      await expectConnectsAnew()
    },
  )

  it('as the last request is answered: connected whole or not at all', async () => {
    const callback = await authorize()
    const hold = proxy.only(/^\/me$/).hold('after')
    const ended = callback().then(
      ({ status }) => status,
      () => 'cut' as const,
    )
    await hold.reached
    hold.release()
    await killAndRestart()
    const found = await state()
    expect(await ended).toBeOneOf(found.state === 'connected' ? ['cut', 200] : ['cut'])
    await (found.state === 'connected' ? expectConnected() : expectInstalled())
    await expectOver(callback)
    await expectConnectsAnew()
  })
})

describe('killed at rest', () => {
  it('right after the callback was answered: what the page said stays true', async () => {
    const callback = await authorize()
    expect(await callback()).toMatchObject({ status: 200 })
    await killAndRestart()
    await expectConnected()
    await expectOver(callback)
    await expectConnected()
    await expectConnectsAnew()
  })

  it('while somebody decides at the provider: the answer connects once', async () => {
    const callback = await authorize()
    await killAndRestart()
    await expectInstalled()
    expect(await callback()).toMatchObject({ status: 200 })
    await expectConnected()
    await expectOver(callback)
    await expectConnected()
  })
})
