import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type TestApi, testApi } from '../../test/api.ts'
import { type FaultProxy, startFaultProxy } from '../../test/fault-proxy.ts'
import {
  LEDGER_ORIGIN,
  LEDGER_REGISTRATION,
  type Ledger,
  refreshingLedgerDefinition,
  startLedger,
} from '../../test/ledger-app.ts'
import { createSend } from '../http/send.ts'
import { silentLog } from '../log.ts'
import { registerDefinition } from '../registry/register.ts'
import { createSandbox } from '../sandbox/run-function.ts'

const NS = 'kept'
let api: TestApi
let ledger: Ledger
let proxy: FaultProxy
let closeParts: () => Promise<unknown>

beforeAll(async () => {
  api = await testApi()
  ledger = await startLedger()
  proxy = await startFaultProxy({ target: ledger.origin })
  const origins = new Map([[LEDGER_ORIGIN, proxy.origin]])
  const outbound = createSend({ allowPrivateNetworks: [], providerOrigins: origins })
  const sandbox = await createSandbox({ log: silentLog, size: 1 })
  Object.assign(api.context, { send: outbound.send, sandbox })
  closeParts = () => Promise.all([outbound.close(), sandbox.close()])
  const registrationRequests = LEDGER_REGISTRATION
  await registerDefinition(api.context, refreshingLedgerDefinition(NS, { registrationRequests }))
})
afterAll(async () => {
  await closeParts()
  await proxy.close()
  await ledger.close()
  await api.close()
})
beforeEach(() => proxy.passThrough())

const run = (operation: string, variables: Record<string, unknown> = {}, token?: string) =>
  api.call(operation, { variables: { ns: NS, ...variables }, ...(token && { token }) })

const INSTALL = 'mutation ($ns: String!) { installMiniApp(ns: $ns) }'
const SAVE =
  'mutation ($ns: String!, $credentials: JSON!, $again: Boolean) { saveMiniAppCredentials(ns: $ns, credentials: $credentials, reregister: $again) }'
const RETRY = 'mutation ($ns: String!) { retryMiniAppRegistration(ns: $ns) }'
const REFRESH = 'mutation ($ns: String!) { refreshMiniAppToken(ns: $ns) }'
const SET = 'mutation ($ns: String!, $config: JSON!) { setMiniAppConfig(ns: $ns, config: $config) }'
const KEYS = 'query ($ns: String!) { miniAppConfigKeys(ns: $ns) }'
const AUTH =
  'query ($ns: String!) { miniAppGeneralInfo(ns: $ns) { auth { state errorCode isAuthenticated pendingRegistrations expiresAt lastConnectError } } }'
const credentials = { apiKey: 'key-keeper', region: 'eu' }

describe('a connection, seen from outside', () => {
  it('fails to register, is retried, is refreshed, and says so each time', async () => {
    await run(INSTALL)
    proxy.only(/\/events$/).answer(422, { body: '{"message":"Too many webhooks."}' })
    const saved = await run(SAVE, { credentials })
    expect(saved.data.saveMiniAppCredentials).toMatchObject({
      ns: NS,
      status: 'error',
      accountName: 'Account keeper',
      pendingRegistrations: 2,
      error: { code: 'REGISTRATION_FAILED' },
    })
    expect((await run(AUTH)).data.miniAppGeneralInfo.auth).toMatchObject({
      state: 'error',
      errorCode: 'REGISTRATION_FAILED',
      isAuthenticated: true,
      pendingRegistrations: 2,
      lastConnectError: { code: 'REGISTRATION_FAILED' },
    })
    proxy.passThrough()
    expect((await run(RETRY)).data.retryMiniAppRegistration).toMatchObject({
      status: 'connected',
      errorCode: null,
      pendingRegistrations: 0,
      lastConnectError: null,
    })
    api.clock.now += 10_000
    const { expiresAt } = (await run(REFRESH)).data.refreshMiniAppToken
    expect(expiresAt).toBe(new Date(api.clock.now + 3_600_000).toISOString())
    expect((await run(AUTH)).data.miniAppGeneralInfo.auth).toMatchObject({ state: 'connected', expiresAt })
    expect((await run(RETRY)).errors[0]?.extensions.code).toBe('BAD_USER_INPUT')
  })

  it('registers again where that is asked for', async () => {
    await run(INSTALL)
    await run(SAVE, { credentials })
    ledger.hooks.done.length = 0
    api.clock.now += 1_000
    await run(SAVE, { credentials })
    expect(ledger.hooks.done).toEqual([])
    api.clock.now += 1_000
    await run(SAVE, { credentials, again: true })
    expect(ledger.hooks.done).toHaveLength(3)
  })

  it.each([
    ['refreshMiniAppToken', REFRESH],
    ['retryMiniAppRegistration', RETRY],
  ])('%s of what is not installed is not found', async (_name, operation) => {
    expect((await run(operation, { ns: 'nothing' })).errors[0]?.extensions.code).toBe('NOT_FOUND')
  })
})

describe('app config', () => {
  it('is set by the operator and holds at the next request; its values are never answered', async () => {
    const set = await run(SET, { config: { client_secret: 'value-of-a-secret', scope: 'read' } })
    expect(set.data.setMiniAppConfig).toEqual(['client_secret', 'scope'])
    expect((await run(KEYS)).data.miniAppConfigKeys).toEqual(['client_secret', 'scope'])
    expect((await run(SET, { config: { scope: null } })).data.setMiniAppConfig).toEqual(['client_secret'])
    expect(JSON.stringify(api.lines)).not.toContain('value-of-a-secret')
  })

  it('is for operators', async () => {
    const token = await api.tokenWith('manageMiniApps', 'executeMiniApps')
    for (const operation of [SET, KEYS]) {
      const { errors } = await run(operation, { config: {} }, token)
      expect(errors[0]?.extensions.code).toBe('FORBIDDEN')
    }
  })
})
