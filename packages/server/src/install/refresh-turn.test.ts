import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../../test/fault-proxy.ts'
import { LEDGER_ORIGIN, type Ledger, refreshingLedgerDefinition, startLedger } from '../../test/ledger-app.ts'
import { type TestPlatform, testPlatform } from '../../test/platform.ts'
import type { Actor } from '../action/actor.ts'
import { executeAction } from '../action/execute.ts'
import type { Context } from '../context.ts'
import { readNotifications } from '../outbox/notification.ts'
import { registerDefinition } from '../registry/register.ts'
import { refreshInBackground } from './background-refresh.ts'
import { connectWithForm } from './connect.ts'
import { installApp } from './install-app.ts'
import { refreshByHand, refreshLeft } from './refresh.ts'
import { takeTurn } from './refresh-turn.ts'
import { disconnect } from './remove.ts'
import { claimRefresh, findInstall, findRefresh } from './store.ts'

const NS = 'turns'
const EXPIRED_APP = 'says-403'
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

let ledger: Ledger
let proxy: FaultProxy
let platform: TestPlatform
let second: Awaited<ReturnType<TestPlatform['secondServer']>>
let actor: Actor
let number = 0

beforeAll(async () => {
  ledger = await startLedger()
  proxy = await startFaultProxy({ target: ledger.origin })
  platform = await testPlatform({ [LEDGER_ORIGIN]: proxy.origin })
  second = await platform.secondServer()
  await registerDefinition(platform.context, refreshingLedgerDefinition(NS))
  const expiredWhen = [{ status: 403, path: '$.error', equals: 'expired' }]
  await registerDefinition(platform.context, refreshingLedgerDefinition(EXPIRED_APP, { expiredWhen }))
})
afterAll(async () => {
  await second?.close()
  await platform.close()
  await proxy.close()
  await ledger.close()
})
beforeEach(async () => {
  proxy.passThrough()
  actor = await platform.newActor(`t${++number}`)
  await connect(NS)
  proxy.requests.length = 0
  ledger.grants.exchanges = 0
})

// A connection of an earlier test would be due in a later one.
afterEach(async () => {
  for (const ns of [NS, EXPIRED_APP]) await disconnect(platform.context, keyOf(ns)).catch(() => {})
})

async function connect(ns: string): Promise<void> {
  platform.clock.now += 1
  await installApp(platform.context, keyOf(ns))
  await connectWithForm(platform.context, {
    ...keyOf(ns),
    subdomain: actor.subdomain,
    requestId: 'r',
    credentials: { apiKey: `key-t${number}`, region: 'eu' },
  })
}

const keyOf = (ns = NS) => ({ workspaceId: actor.workspaceId, ns })
const stored = () => findInstall(platform.context.db.sql, keyOf())
const callHome = (context: Context = platform.context, ns = NS) =>
  executeAction(context, {
    actor,
    appNs: ns,
    actionName: 'callHome',
    formInput: { path: 'home' },
    requestId: 'r',
    rateLimit: { limit: 10_000, windowMs: MINUTE_MS },
  })
const urls = () => proxy.requests.map(({ url }) => url)
const notifications = () =>
  readNotifications(platform.context, {
    workspaceId: actor.workspaceId,
    unreadOnly: false,
    limit: 10,
    offset: 0,
  })
/** What a process leaves that ended while it was at an exchange. */
const leaveExchange = () =>
  claimRefresh(platform.context.db.sql, {
    ...keyOf(),
    attemptId: '00000000-0000-7000-8000-000000000001',
    processId: '1',
    startedAt: new Date(platform.clock.now),
  })

describe('ahead of expiry', () => {
  it('nothing is exchanged while more than a tenth of the lifetime is left', async () => {
    platform.clock.now += 0.89 * HOUR_MS
    await callHome()
    expect(urls()).toEqual(['/home'])
  })

  it('a call begins the refresh without waiting for it while its token lasts', async () => {
    platform.clock.now += 0.91 * HOUR_MS
    const hold = proxy.only(/^\/oauth/).hold('before')
    expect(await callHome()).toMatchObject({ success: true })
    await hold.reached
    hold.release()
    await expect.poll(() => ledger.grants.exchanges).toBe(1)
    await expect.poll(async () => (await stored())?.expiresAt).toEqual(new Date(platform.clock.now + HOUR_MS))
  })

  it('a call waits for the refresh once its token has expired', async () => {
    platform.clock.now += 1.1 * HOUR_MS
    expect(await callHome()).toMatchObject({ success: true })
    expect(urls()).toEqual(['/oauth/token', '/home'])
  })

  it('a call goes on with its token where refreshing fails for a passing reason', async () => {
    platform.clock.now += 1.1 * HOUR_MS
    proxy.only(/^\/oauth/).answer500()
    expect(await callHome()).toMatchObject({ success: true })
    expect(urls().at(-1)).toBe('/home')
  })

  it('idle connections are refreshed in the background, once', async () => {
    await refreshInBackground(platform.context)
    expect(ledger.grants.exchanges).toBe(0)
    platform.clock.now += 0.95 * HOUR_MS
    await refreshInBackground(platform.context)
    await refreshInBackground(platform.context)
    expect(ledger.grants.exchanges).toBeGreaterThan(0)
    const { exchanges } = ledger.grants
    await callHome()
    expect(ledger.grants.exchanges).toBe(exchanges)
    expect(urls().filter((url) => url === '/oauth/token')).toHaveLength(exchanges)
  })
})

describe('an exchange that a process left', () => {
  it('is made again by the next caller where the provider still takes the token', async () => {
    ledger.grants.expireTokens()
    await leaveExchange()
    expect(await callHome()).toMatchObject({ success: true })
    expect(ledger.grants.exchanges).toBe(1)
    expect(await findRefresh(platform.context.db.sql, keyOf())).toMatchObject({
      outcome: 'refreshed',
      processId: await platform.context.db.processId(),
    })
  })

  it('ends in the background as "reconnect needed" where the provider had rotated it; the workspace is told once', async () => {
    ledger.grants.revokeGrants()
    await leaveExchange()
    await refreshInBackground(platform.context)
    expect(await stored()).toMatchObject({ state: 'error', errorCode: 'AUTH_EXPIRED' })
    platform.clock.now += HOUR_MS
    await refreshInBackground(platform.context)
    await callHome()
    expect(urls()).toEqual(['/oauth/token'])
    expect(await notifications()).toMatchObject([
      { kind: 'install.expired', ns: NS, readAt: null, message: expect.stringContaining('connected again') },
    ])
  })
})

describe('an exchange that ended while it was looked at', () => {
  it('is not made again', async () => {
    const { attemptId } = await endedExchange()
    await refreshLeft(platform.context, { ...keyOf(), subdomain: actor.subdomain, attemptId })
    expect(ledger.grants.exchanges).toBe(1)
  })

  it('is no sign that nothing is connected: callers that share the look go on', async () => {
    const { attemptId } = await endedExchange()
    const install = await stored()
    if (!install) throw new Error('nothing is installed')
    expect(await takeTurn(platform.context, install, { left: attemptId })).toMatchObject({ kind: 'stored' })
  })

  async function endedExchange() {
    await refreshByHand(platform.context, { ...keyOf(), subdomain: actor.subdomain })
    const ended = await findRefresh(platform.context.db.sql, keyOf())
    if (!ended) throw new Error('nothing was exchanged')
    return ended
  }
})

describe('a grant that is dead without saying so', () => {
  it('is tried a handful of times an hour, and every call says why it fails', async () => {
    ledger.grants.expireTokens()
    proxy
      .only(/^\/oauth/)
      .answer(400, { headers: { 'Content-Type': 'application/json' }, body: '{"error":"invalid_request"}' })
    for (let minute = 0; minute < 60; minute++) {
      const { error } = await callHome()
      expect(error).toMatchObject({
        code: 'EXTERNAL_API_ERROR',
        message: expect.stringContaining('could not be refreshed'),
      })
      platform.clock.now += MINUTE_MS
    }
    expect(urls().filter((url) => url === '/oauth/token').length).toBeLessThanOrEqual(4)
    expect((await stored())?.state).toBe('connected')
  })

  it('is tried at once where a person asks, or connects again', async () => {
    ledger.grants.expireTokens()
    proxy.only(/^\/oauth/).answer(400, { body: '{}', times: 1 })
    await callHome()
    await callHome()
    expect(ledger.grants.exchanges).toBe(0)
    await refreshByHand(platform.context, { ...keyOf(), subdomain: actor.subdomain })
    expect(ledger.grants.exchanges).toBe(1)
    expect(await callHome()).toMatchObject({ success: true })
  })
})

describe('expiredWhen', () => {
  it('takes an answer that is no 401 for an expired token', async () => {
    await connect(EXPIRED_APP)
    ledger.grants.exchanges = 0
    const body = '{"error":"expired"}'
    proxy.only(/^\/home/).answer(403, { headers: { 'Content-Type': 'application/json' }, body, times: 1 })
    expect(await callHome(platform.context, EXPIRED_APP)).toMatchObject({ success: true })
    expect(ledger.grants.exchanges).toBe(1)
  })

  it('leaves other answers of that status alone', async () => {
    await connect(EXPIRED_APP)
    proxy.only(/^\/home/).answer(403, { body: '{"error":"no scope"}' })
    expect(await callHome(platform.context, EXPIRED_APP)).toMatchObject({
      error: { code: 'EXTERNAL_API_ERROR' },
    })
  })
})

describe('two servers on one database', () => {
  it('send one exchange between them and use the same tokens', async ({ skip }) => {
    if (!second) return skip('The embedded database serves one process.')
    ledger.grants.expireTokens()
    proxy.only(/^\/oauth/).delay(300)
    const { context } = second
    const calls = Array.from({ length: 20 }, (_, index) => callHome(index % 2 ? context : platform.context))
    expect((await Promise.all(calls)).every(({ success }) => success)).toBe(true)
    expect(ledger.grants.exchanges).toBe(1)
  })

  it('share the failure of an exchange that both waited for', async ({ skip }) => {
    if (!second) return skip('The embedded database serves one process.')
    ledger.grants.expireTokens()
    proxy.only(/^\/oauth/).answer(403, { body: '{}' })
    const { context } = second
    const results = await Promise.all([callHome(), callHome(context)])
    expect(results.map(({ error }) => error?.code)).toEqual(['EXTERNAL_API_ERROR', 'EXTERNAL_API_ERROR'])
    expect(urls().filter((url) => url === '/oauth/token')).toHaveLength(1)
  })

  it('know of each other whether they live', async ({ skip }) => {
    if (!second) return skip('The embedded database serves one process.')
    const third = await platform.secondServer()
    const id = (await third?.context.db.processId()) ?? ''
    expect(await second.context.db.isProcessAlive(id)).toBe(true)
    await third?.close()
    expect(await second.context.db.isProcessAlive(id)).toBe(false)
  })
})
