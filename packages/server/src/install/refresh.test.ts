import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../../test/fault-proxy.ts'
import { LEDGER_ORIGIN, type Ledger, refreshingLedgerDefinition, startLedger } from '../../test/ledger-app.ts'
import { type TestPlatform, testPlatform } from '../../test/platform.ts'
import type { Actor } from '../action/actor.ts'
import { executeAction } from '../action/execute.ts'
import { loadOptions } from '../action/load-options.ts'
import { listEntries } from '../audit/store.ts'
import { registerDefinition } from '../registry/register.ts'
import { connectWithForm } from './connect.ts'
import { installApp } from './install-app.ts'
import { findLiveInstall, type LiveInstall } from './live-install.ts'
import { refreshByHand, refreshInstall } from './refresh.ts'
import { disconnect } from './remove.ts'
import { findInstall } from './store.ts'

const NS = 'refreshing'
let ledger: Ledger
let proxy: FaultProxy
let platform: TestPlatform
let actor: Actor
let account: string
let number = 0

beforeAll(async () => {
  ledger = await startLedger()
  proxy = await startFaultProxy({ target: ledger.origin })
  platform = await testPlatform({ [LEDGER_ORIGIN]: proxy.origin })
  await registerDefinition(platform.context, refreshingLedgerDefinition(NS))
  await registerDefinition(platform.context, refreshingLedgerDefinition('manual', { auto_refresh: false }))
})
afterAll(async () => {
  await platform.close()
  await proxy.close()
  await ledger.close()
})
beforeEach(async () => {
  proxy.passThrough()
  account = `r${++number}`
  actor = await platform.newActor(account)
  await connect(NS)
  proxy.requests.length = 0
  ledger.grants.exchanges = 0
})

async function connect(ns: string): Promise<void> {
  const key = { workspaceId: actor.workspaceId, ns }
  platform.clock.now += 1
  await installApp(platform.context, key)
  await connectWithForm(platform.context, {
    ...key,
    subdomain: actor.subdomain,
    requestId: 'r',
    credentials: { apiKey: `key-${account}`, region: 'eu' },
  })
}

const keyOf = (ns = NS) => ({ workspaceId: actor.workspaceId, ns })
const stored = async (ns = NS) => {
  const install = await findInstall(platform.context.db.sql, keyOf(ns))
  if (!install) throw new Error('nothing is installed')
  return install
}
const live = async (): Promise<LiveInstall> => {
  const found = await findLiveInstall(platform.context, keyOf())
  if (!found) throw new Error('nothing is installed')
  return found
}
const callHome = (path = 'home', ns = NS) =>
  executeAction(platform.context, {
    actor,
    appNs: ns,
    actionName: 'callHome',
    formInput: { path },
    requestId: 'r',
    rateLimit: { limit: 1_000, windowMs: 60_000 },
  })
const urls = () => proxy.requests.map(({ url }) => url)

describe('a 401 of an action', () => {
  it('is answered with a refresh and the call once more', async () => {
    const before = await live()
    ledger.grants.expireTokens()
    expect(await callHome()).toMatchObject({ success: true, data: { answer: { ok: true } } })
    expect(urls()).toEqual(['/home', '/oauth/token', '/home'])
    const { bags } = await live()
    expect(bags.credentials['accessToken']).not.toBe(before.bags.credentials['accessToken'])
    expect(bags.credentials['refreshToken']).not.toBe(before.bags.credentials['refreshToken'])
    expect(bags.credentials['apiKey']).toBe(`key-${account}`)
  })

  it('stores when the tokens expire, at the connect and at each refresh', async () => {
    const inAnHour = new Date(platform.clock.now + 3_600_000)
    expect((await stored()).expiresAt).toEqual(inAnHour)
    platform.clock.now += 10_000
    ledger.grants.expireTokens()
    await callHome()
    expect((await stored()).expiresAt).toEqual(new Date(inAnHour.getTime() + 10_000))
  })

  it('of twenty at once leads to one exchange', async () => {
    ledger.grants.expireTokens()
    proxy.only(/^\/oauth/).delay(50)
    const results = await Promise.all(Array.from({ length: 20 }, (_, index) => callHome(`home/${index}`)))
    expect(results.map(({ success, error }) => error?.message ?? success)).toEqual(Array(20).fill(true))
    expect(ledger.grants.exchanges).toBe(1)
  })

  it('commits the new tokens before one of them is used', async () => {
    ledger.grants.expireTokens()
    const hold = proxy.only(/^\/oauth/).hold('after')
    const result = callHome()
    await hold.reached
    const { revision } = await stored()
    const repeated = proxy.only(/^\/home/).hold('before')
    hold.release()
    await repeated.reached
    expect(Number((await stored()).revision)).toBe(Number(revision) + 1)
    repeated.release()
    expect(await result).toMatchObject({ success: true })
  })

  it('is repeated with the stored tokens, not refreshed, where those are newer', async () => {
    const old = await live()
    await refreshByHand(platform.context, { ...keyOf(), subdomain: actor.subdomain })
    const request = { live: old, subdomain: actor.subdomain, refused: old.bags }
    const renewal = await refreshInstall(platform.context, request)
    expect(renewal).toEqual({ bags: (await live()).bags, refreshed: false })
    expect(ledger.grants.exchanges).toBe(1)
  })

  it('refreshes after all where the newer stored tokens have expired too', async () => {
    const hold = proxy.only(/^\/home/).hold('before')
    const result = callHome()
    await hold.reached
    await refreshByHand(platform.context, { ...keyOf(), subdomain: actor.subdomain })
    ledger.grants.expireTokens()
    hold.release()
    expect(await result).toMatchObject({ success: true })
    expect(urls()).toEqual(['/home', '/oauth/token', '/home', '/oauth/token', '/home'])
  })

  it('stays an error of the call, without a refresh, where auto_refresh is off', async () => {
    actor = await platform.newActor(`manual${number}`)
    account = `manual${number}`
    await connect('manual')
    ledger.grants.expireTokens()
    expect(await callHome('home', 'manual')).toMatchObject({ error: { code: 'AUTH_EXPIRED' } })
    expect(ledger.grants.exchanges).toBe(0)
    expect(await stored('manual')).toMatchObject({ state: 'connected', errorCode: null })
  })

  it('of a dropdown is refreshed likewise', async () => {
    ledger.grants.expireTokens()
    const options = await loadOptions(platform.context, {
      actor,
      miniAppNs: NS,
      sourceKey: 'rpc_books',
      requestId: 'r',
    })
    expect(options).toHaveLength(2)
    expect(urls()).toEqual(['/books', '/oauth/token', '/books'])
  })
})

describe('a connection expires', () => {
  it('where the provider ends the grant; reconnecting brings it back', async () => {
    ledger.grants.revokeGrants()
    expect(await callHome()).toMatchObject({
      success: false,
      error: { code: 'AUTH_EXPIRED', message: expect.stringContaining('The refresh token is not known.') },
    })
    expect(await stored()).toMatchObject({
      state: 'error',
      errorCode: 'AUTH_EXPIRED',
      lastConnectError: { code: 'AUTH_EXPIRED' },
    })
    proxy.requests.length = 0
    expect(await callHome()).toMatchObject({ error: { code: 'AUTH_EXPIRED' } })
    expect(proxy.requests).toEqual([])
    await connect(NS)
    expect(await stored()).toMatchObject({ state: 'connected', errorCode: null, lastConnectError: null })
    expect(await callHome()).toMatchObject({ success: true })
  })

  it('once, where many calls find it out together', async () => {
    ledger.grants.revokeGrants()
    const { revision } = await stored()
    const results = await Promise.all(Array.from({ length: 8 }, () => callHome()))
    expect(results.every(({ error }) => error?.code === 'AUTH_EXPIRED')).toBe(true)
    expect(ledger.grants.exchanges).toBe(1)
    expect(Number((await stored()).revision)).toBe(Number(revision) + 1)
  })

  it('where test_token refuses refreshed tokens too', async () => {
    proxy.only(/^\/(home|ping)/).answer401()
    expect(await callHome()).toMatchObject({ error: { code: 'AUTH_EXPIRED' } })
    expect(urls()).toEqual(['/home', '/oauth/token', '/home', '/ping'])
    expect(await stored()).toMatchObject({ state: 'error', errorCode: 'AUTH_EXPIRED' })
  })

  it('not because of one address that refuses refreshed tokens', async () => {
    proxy.only(/^\/home/).answer401()
    expect(await callHome()).toMatchObject({ error: { code: 'AUTH_EXPIRED' } })
    expect(urls()).toEqual(['/home', '/oauth/token', '/home', '/ping'])
    expect(await stored()).toMatchObject({ state: 'connected', errorCode: null })
    proxy.passThrough()
    expect(await callHome()).toMatchObject({ success: true })
  })

  it('not because the token endpoint refuses our client', async () => {
    ledger.grants.expireTokens()
    proxy.only(/^\/oauth/).answer(401, {
      headers: { 'Content-Type': 'application/json' },
      body: '{"error":"invalid_client"}',
    })
    expect(await callHome()).toMatchObject({
      error: {
        code: 'EXTERNAL_API_ERROR',
        retryable: false,
        message: expect.stringContaining('invalid_client'),
      },
    })
    expect(await stored()).toMatchObject({ state: 'connected' })
  })
})

describe('a refresh that fails for a passing reason', () => {
  it.each<[string, () => void]>([
    ['a 500', () => proxy.only(/^\/oauth/).answer500(2)],
    ['a 429', () => proxy.only(/^\/oauth/).answer429({ times: 2 })],
    ['a cut connection', () => proxy.only(/^\/oauth/).cut(0, 2)],
  ])('is tried again after %s', async (_name, fault) => {
    ledger.grants.expireTokens()
    fault()
    expect(await callHome()).toMatchObject({ success: true })
    expect(urls().filter((url) => url === '/oauth/token')).toHaveLength(3)
  })

  it('fails the call in the end and leaves the connection as it is', async () => {
    ledger.grants.expireTokens()
    const before = await stored()
    proxy.only(/^\/oauth/).answer500()
    expect(await callHome()).toMatchObject({ error: { code: 'EXTERNAL_API_ERROR', retryable: true } })
    expect(urls()).toEqual(['/home', ...Array(3).fill('/oauth/token')])
    expect(await stored()).toEqual(before)
    proxy.passThrough()
    expect(await callHome()).toMatchObject({ success: false })
    expect(urls().filter((url) => url === '/oauth/token')).toHaveLength(3)
    platform.clock.now += 2_000
    expect(await callHome()).toMatchObject({ success: true })
  })
})

describe('the refresh button', () => {
  it('refreshes whatever the age of the tokens', async () => {
    const before = await live()
    const install = await refreshByHand(platform.context, { ...keyOf(), subdomain: actor.subdomain })
    expect(install.state).toBe('connected')
    expect((await live()).bags.credentials).not.toEqual(before.bags.credentials)
  })

  it('brings an expired connection back where the provider accepts it again', async () => {
    proxy.only(/^\/(home|ping)/).answer401()
    await callHome()
    expect(await stored()).toMatchObject({ errorCode: 'AUTH_EXPIRED' })
    proxy.passThrough()
    const install = await refreshByHand(platform.context, { ...keyOf(), subdomain: actor.subdomain })
    expect(install).toMatchObject({ state: 'connected', errorCode: null, lastConnectError: null })
    expect(await callHome()).toMatchObject({ success: true })
  })

  it('says what is wrong where nothing is connected', async () => {
    await disconnect(platform.context, keyOf())
    await expect(
      refreshByHand(platform.context, { ...keyOf(), subdomain: actor.subdomain }),
    ).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('nothing to refresh'),
    })
  })
})

describe('the audit log', () => {
  it('says what was done to a connection, also what the provider refused, and nothing where nothing was done', async () => {
    const request = { ...keyOf(), subdomain: actor.subdomain }
    await refreshByHand(platform.context, request)
    proxy.only(/^\/oauth/).answer401()
    await expect(refreshByHand(platform.context, request)).rejects.toMatchObject({
      code: 'EXTERNAL_API_ERROR',
    })
    await expect(connect(NS)).rejects.toMatchObject({ code: 'TEST_FAILED' })
    proxy.passThrough()
    await disconnect(platform.context, keyOf())
    await disconnect(platform.context, keyOf())
    const entries = await listEntries(platform.context.db, keyOf(), { limit: 100, offset: 0 })
    expect(entries.reverse().map(({ kind, ns, details }) => ({ kind, ns, details }))).toEqual([
      { kind: 'app.installed', ns: NS, details: {} },
      { kind: 'app.connected', ns: NS, details: { uid: `uid-${account}` } },
      { kind: 'app.refreshed', ns: NS, details: {} },
      { kind: 'app.refreshed', ns: NS, details: {} },
      { kind: 'app.disconnected', ns: NS, details: {} },
    ])
  })
})

describe('tokens that come too late', () => {
  it('are not stored where the account was disconnected meanwhile', async () => {
    ledger.grants.expireTokens()
    const hold = proxy.only(/^\/oauth/).hold('after')
    const result = callHome()
    await hold.reached
    await disconnect(platform.context, keyOf())
    hold.release()
    expect(await result).toMatchObject({ success: false, error: { code: 'AUTH_EXPIRED' } })
    expect(await stored()).toMatchObject({ state: 'installed', credentials: null })
  })
})
