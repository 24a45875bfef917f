import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type FaultProxy, startFaultProxy } from '../../test/fault-proxy.ts'
import {
  LEDGER_ORIGIN,
  LEDGER_REGISTRATION,
  LEDGER_UNREGISTRATION,
  type Ledger,
  refreshingLedgerDefinition,
  startLedger,
} from '../../test/ledger-app.ts'
import { type TestPlatform, testPlatform } from '../../test/platform.ts'
import type { Actor } from '../action/actor.ts'
import type { Context } from '../context.ts'
import { setAppConfig } from '../registry/app-config.ts'
import { registerDefinition } from '../registry/register.ts'
import { connectWithForm } from './connect.ts'
import { installApp } from './install-app.ts'
import { findLiveInstall, forgetInstalls } from './live-install.ts'
import { retryRegistration } from './registration.ts'
import { disconnect, uninstall } from './remove.ts'
import { resumeRegistrations } from './resume-registrations.ts'
import { REGISTRATION_LEFT_MS } from './state.ts'
import { findInstall } from './store.ts'

/** Registers and undoes it. */
const BOTH = 'hooked'
/** Registers for good. */
const ONE_WAY = 'hooked-once'
/** Takes its secret from app config. */
const CONFIGURED = 'hooked-config'

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
  const registrationRequests = LEDGER_REGISTRATION
  const unregistrationRequests = LEDGER_UNREGISTRATION
  for (const definition of [
    refreshingLedgerDefinition(BOTH, { registrationRequests, unregistrationRequests }),
    refreshingLedgerDefinition(ONE_WAY, { registrationRequests }),
    refreshingLedgerDefinition(CONFIGURED, {
      registrationRequests,
      config: { webhookSecret: 'of-the-document' },
    }),
  ]) {
    await registerDefinition(platform.context, definition)
  }
})
afterAll(async () => {
  await platform.close()
  await proxy.close()
  await ledger.close()
})
beforeEach(async () => {
  proxy.passThrough()
  ledger.hooks.standing.clear()
  ledger.hooks.done.length = 0
  proxy.requests.length = 0
  account = `h${++number}`
  actor = await platform.newActor(account)
})

const keyOf = (ns: string) => ({ workspaceId: actor.workspaceId, ns })
const runOf = (ns: string) => ({ ...keyOf(ns), subdomain: actor.subdomain })

async function connect(ns: string, { as = account, reregister = false } = {}) {
  platform.clock.now += 1_000
  await installApp(platform.context, keyOf(ns))
  return connectWithForm(platform.context, {
    ...runOf(ns),
    requestId: 'r',
    credentials: { apiKey: `key-${as}`, region: 'eu' },
    reregister,
  })
}

const stored = async (ns: string) => {
  const install = await findInstall(platform.context.db.sql, keyOf(ns))
  if (!install) throw new Error('nothing is installed')
  return install
}
const credentials = async (ns: string) =>
  (await findLiveInstall(platform.context, keyOf(ns)))?.bags.credentials ?? {}
const STEPS = ['POST /hooks', 'POST /hooks/{id}/events', 'POST /hooks/{id}/activate']

describe('connecting', () => {
  it('registers in order, once, and hands on what each request yields', async () => {
    expect(await connect(BOTH)).toMatchObject({ status: 'connected', pendingRegistrations: 0, error: null })
    expect(ledger.hooks.done).toEqual(STEPS)
    const [[id, hook] = []] = [...ledger.hooks.standing]
    expect(hook).toMatchObject({
      active: true,
      url: `http://localhost/w/${actor.subdomain}/miniapps/${BOTH}/webhooks`,
      secret: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    const bag = await credentials(BOTH)
    expect(bag).toMatchObject({ hookId: id, webhookSecret: hook?.secret })
    expect(bag).not.toHaveProperty('receipt')
    expect(bag).not.toHaveProperty('registrationRequests')
    expect(await stored(BOTH)).toMatchObject({
      registered: 3,
      pendingRegistrations: 0,
      connectingSince: null,
    })
  })

  it('commits the secret before the request that carries it is sent', async () => {
    const hold = proxy.only(/^\/hooks/).hold('before')
    const connecting = connect(BOTH)
    const { secret } = JSON.parse((await hold.reached).body) as { secret: string }
    expect(await credentials(BOTH)).toMatchObject({ webhookSecret: secret })
    expect(await stored(BOTH)).toMatchObject({ state: 'connected', pendingRegistrations: 3, registered: 0 })
    hold.release()
    await connecting
  })

  it('takes the secret of app config, where there is one, and the operator wins over the document', async () => {
    await connect(CONFIGURED)
    expect([...ledger.hooks.standing.values()].map(({ secret }) => secret)).toEqual(['of-the-document'])
    expect(await credentials(CONFIGURED)).not.toHaveProperty('webhookSecret')
    expect(await setAppConfig(platform.context, CONFIGURED, { webhookSecret: 'of-the-operator' })).toEqual([
      'webhookSecret',
    ])
    forgetInstalls(platform.context)
    await connect(CONFIGURED, { reregister: true })
    expect([...ledger.hooks.standing.values()].at(-1)?.secret).toBe('of-the-operator')
  })
})

describe('a registration that fails at its second request', () => {
  beforeEach(async () => {
    proxy.only(/\/events$/).answer(422, { body: '{"message":"Too many webhooks."}' })
    expect(await connect(BOTH)).toMatchObject({
      status: 'error',
      pendingRegistrations: 2,
      error: { code: 'REGISTRATION_FAILED', message: expect.stringContaining('422') },
    })
  })

  it('leaves the connection stored, and says what failed', async () => {
    expect(await stored(BOTH)).toMatchObject({
      state: 'error',
      errorCode: 'REGISTRATION_FAILED',
      registered: 1,
      pendingRegistrations: 2,
      connectingSince: null,
      uid: `uid-${account}`,
      lastConnectError: { code: 'REGISTRATION_FAILED' },
    })
    expect(await credentials(BOTH)).toHaveProperty('hookId')
  })

  it('goes on with that request when it is retried', async () => {
    proxy.passThrough()
    const { install } = await retryRegistration(platform.context, runOf(BOTH))
    expect(install).toMatchObject({
      state: 'connected',
      errorCode: null,
      pendingRegistrations: 0,
      registered: 3,
    })
    expect(ledger.hooks.done).toEqual(STEPS)
    expect([...ledger.hooks.standing.values()]).toMatchObject([{ active: true }])
  })

  it('fails again where the reason has not passed', async () => {
    const { install } = await retryRegistration(platform.context, runOf(BOTH))
    expect(install).toMatchObject({ state: 'error', errorCode: 'REGISTRATION_FAILED', registered: 1 })
  })

  it('retries with refreshed tokens where they have expired', async () => {
    proxy.passThrough()
    ledger.grants.expireTokens()
    const { install } = await retryRegistration(platform.context, runOf(BOTH))
    expect(install).toMatchObject({ state: 'connected', pendingRegistrations: 0 })
  })

  it('is not resumed by itself', async () => {
    platform.clock.now += 10 * REGISTRATION_LEFT_MS
    expect(await resumeRegistrations(platform.context, { all: true })).toBe(0)
  })
})

it('what the second request hands to the third survives a failure of the third', async () => {
  proxy.only(/\/activate$/).answer500()
  expect(await connect(BOTH)).toMatchObject({ status: 'error', pendingRegistrations: 1 })
  proxy.passThrough()
  await retryRegistration(platform.context, runOf(BOTH))
  expect([...ledger.hooks.standing.values()]).toMatchObject([{ active: true }])
  expect(await credentials(BOTH)).not.toHaveProperty('registrationRequests')
})

describe('retrying', () => {
  it('is refused where nothing is pending, and where nothing is installed', async () => {
    await expect(retryRegistration(platform.context, runOf(BOTH))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    await connect(BOTH)
    await expect(retryRegistration(platform.context, runOf(BOTH))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    })
  })

  it('joins what is under way', async () => {
    const hold = proxy.only(/\/events$/).hold('before')
    const connecting = connect(BOTH)
    await hold.reached
    const retrying = retryRegistration(platform.context, runOf(BOTH))
    hold.release()
    expect((await retrying).install).toMatchObject({ pendingRegistrations: 0 })
    await connecting
    expect(ledger.hooks.done).toEqual(STEPS)
  })
})

describe('a reconnect', () => {
  it('undoes the old registration with the old bags first, then registers anew', async () => {
    await connect(BOTH)
    const before = await credentials(BOTH)
    proxy.requests.length = 0
    ledger.hooks.done.length = 0
    await connect(BOTH)
    expect(ledger.hooks.done).toEqual(['DELETE /hooks/{id}', ...STEPS])
    const undo = proxy.requests.find(({ method }) => method === 'DELETE')
    expect(undo).toMatchObject({
      url: `/hooks/${before['hookId']}`,
      headers: { authorization: `Bearer ${before['accessToken']}` },
    })
    expect([...ledger.hooks.standing.keys()]).toEqual([(await credentials(BOTH))['hookId']])
    expect((await credentials(BOTH))['webhookSecret']).toBe(before['webhookSecret'])
  })

  it('goes on where undoing fails', async () => {
    await connect(BOTH)
    proxy.only(/^\/hooks\/[^/]+$/).answer500()
    expect(await connect(BOTH)).toMatchObject({ status: 'connected' })
    expect(ledger.hooks.standing.size).toBe(2)
  })

  it('of the same account registers nothing again where it cannot undo', async () => {
    await connect(ONE_WAY)
    const before = await credentials(ONE_WAY)
    expect(await connect(ONE_WAY)).toMatchObject({ status: 'connected', pendingRegistrations: 0 })
    expect(ledger.hooks.done).toEqual(STEPS)
    expect(await credentials(ONE_WAY)).toMatchObject({
      hookId: before['hookId'],
      webhookSecret: before['webhookSecret'],
    })
  })

  it('goes on with what had failed', async () => {
    proxy.only(/\/events$/).answer500()
    await connect(ONE_WAY)
    proxy.passThrough()
    expect(await connect(ONE_WAY)).toMatchObject({ status: 'connected' })
    expect(ledger.hooks.done).toEqual(STEPS)
  })

  it('registers again where the user asks', async () => {
    await connect(ONE_WAY)
    await connect(ONE_WAY, { reregister: true })
    expect(ledger.hooks.done).toEqual([...STEPS, ...STEPS])
  })

  it('of another account registers again, with another secret', async () => {
    await connect(ONE_WAY)
    const before = await credentials(ONE_WAY)
    await connect(ONE_WAY, { as: `${account}-other` })
    expect(ledger.hooks.done).toEqual([...STEPS, ...STEPS])
    const after = await credentials(ONE_WAY)
    expect(after['hookId']).not.toBe(before['hookId'])
    expect(after['webhookSecret']).not.toBe(before['webhookSecret'])
  })

  it('that is refused leaves the old registration as it is', async () => {
    await connect(BOTH)
    const other = await platform.newActor(`${account}x`)
    const [mine, theirs] = [actor, `${account}-taken`]
    actor = other
    await connect(BOTH, { as: theirs })
    actor = mine
    ledger.hooks.done.length = 0
    await expect(connect(BOTH, { as: theirs })).rejects.toMatchObject({ code: 'DUPLICATE_INTEGRATION' })
    expect(ledger.hooks.done).toEqual([])
    expect(await stored(BOTH)).toMatchObject({ state: 'connected', registered: 3, pendingRegistrations: 0 })
  })
})

describe.each([
  ['disconnecting', disconnect],
  ['uninstalling', uninstall],
])('%s', (_name, remove) => {
  it('deletes the credentials at once, then undoes the registration', async () => {
    await connect(BOTH)
    const hold = proxy.only(/^\/hooks/).hold('before')
    const removing = remove(platform.context, keyOf(BOTH))
    await hold.reached
    const install = await findInstall(platform.context.db.sql, keyOf(BOTH))
    expect(install?.credentials ?? null).toBeNull()
    hold.release()
    await removing
    expect(ledger.hooks.standing.size).toBe(0)
  })

  it('succeeds where undoing fails', async () => {
    await connect(BOTH)
    proxy.only(/^\/hooks/).answer(403)
    await remove(platform.context, keyOf(BOTH))
    expect((await findInstall(platform.context.db.sql, keyOf(BOTH)))?.credentials ?? null).toBeNull()
  })

  it('undoes with tokens refreshed for that where they have expired', async () => {
    await connect(BOTH)
    ledger.grants.expireTokens()
    await remove(platform.context, keyOf(BOTH))
    expect(ledger.hooks.standing.size).toBe(0)
  })

  it('during a registration leaves nothing at the provider', async () => {
    const hold = proxy.only(/^\/hooks$/).hold('after')
    const connecting = connect(BOTH)
    await hold.reached
    await remove(platform.context, keyOf(BOTH))
    hold.release()
    await connecting
    expect(ledger.hooks.standing.size).toBe(0)
    expect((await findInstall(platform.context.db.sql, keyOf(BOTH)))?.credentials ?? null).toBeNull()
  })
})

describe('a registration that was left', () => {
  /** A second process on the same database: nothing in memory is shared. */
  const otherProcess = (): Context => ({ ...platform.context })

  it('is resumed a minute after its last sign of life, and its first process then leaves it alone', async () => {
    const hold = proxy.only(/\/events$/).hold('before')
    const connecting = connect(ONE_WAY)
    await hold.reached
    expect(await stored(ONE_WAY)).toMatchObject({
      state: 'connected',
      registered: 1,
      pendingRegistrations: 2,
    })
    platform.clock.now += REGISTRATION_LEFT_MS - 1
    expect(await resumeRegistrations(otherProcess(), { all: false })).toBe(0)
    await expect(retryRegistration(otherProcess(), runOf(ONE_WAY))).rejects.toThrow(/under way/)
    platform.clock.now += 1
    expect(await resumeRegistrations(otherProcess(), { all: false })).toBe(1)
    expect(ledger.hooks.done).toEqual(STEPS)
    hold.release()
    expect(await connecting).toMatchObject({ status: 'connected', pendingRegistrations: 0 })
    expect(ledger.hooks.done.filter((step) => step === STEPS[2])).toHaveLength(1)
    expect(await stored(ONE_WAY)).toMatchObject({ registered: 3, pendingRegistrations: 0 })
  })

  it('is resumed at once at the start of the only process', async () => {
    const hold = proxy.only(/\/activate$/).hold('before')
    const connecting = connect(ONE_WAY)
    await hold.reached
    platform.clock.now += 1
    expect(await resumeRegistrations(otherProcess(), { all: true })).toBe(1)
    expect(await stored(ONE_WAY)).toMatchObject({ state: 'connected', pendingRegistrations: 0 })
    hold.release()
    await connecting
  })

  it('is left alone at the start of a process whose end comes first', async () => {
    const hold = proxy.only(/^\/hooks$/).hold('before')
    const connecting = connect(ONE_WAY)
    await hold.reached
    platform.clock.now += 1
    const end = AbortSignal.abort()
    expect(await resumeRegistrations(otherProcess(), { all: true, signal: end })).toBe(0)
    hold.release()
    await connecting
  })

  it('of a reconnect that had begun to undo is undone, then made again with the old bags', async () => {
    await connect(BOTH)
    const { accessToken } = await credentials(BOTH)
    await allWorkspaces(platform.context.db.sql)
      .updateTable('install')
      .set({ pendingRegistrations: 3, connectingSince: new Date(platform.clock.now) })
      .where('workspaceId', '=', actor.workspaceId)
      .execute()
    ledger.hooks.done.length = 0
    expect(await resumeRegistrations(otherProcess(), { all: true })).toBe(1)
    expect(ledger.hooks.done).toEqual(['DELETE /hooks/{id}', ...STEPS])
    expect([...ledger.hooks.standing.values()]).toMatchObject([{ active: true }])
    forgetInstalls(platform.context)
    expect(await credentials(BOTH)).toMatchObject({ accessToken })
    expect(await stored(BOTH)).toMatchObject({ state: 'connected', registered: 3, pendingRegistrations: 0 })
  })
})
