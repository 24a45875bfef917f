/** `kill -9` at every step of connecting, reconnecting, refreshing and disconnecting: what the next start finds. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiClient, apiClient, signIn } from './api-client.ts'
import { type EmptyDatabase, emptyDatabase } from './empty-database.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { killPoints } from './kill-points.ts'
import {
  LEDGER_ORIGIN,
  LEDGER_REGISTRATION,
  LEDGER_UNREGISTRATION,
  type Ledger,
  refreshingLedgerDefinition,
  startLedger,
} from './ledger-app.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

const NS = 'walked'

let directory: string
let database: EmptyDatabase
let ledger: Ledger
let proxy: FaultProxy
let server: ServerProcess
let api: ApiClient

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'miniapps-kill-'))
  database = await emptyDatabase()
  ledger = await startLedger()
  proxy = await startFaultProxy({ target: ledger.origin })
  server = await start()
  api = await signIn(server.url, server.ownerLink)
  const definition = refreshingLedgerDefinition(NS, {
    registrationRequests: LEDGER_REGISTRATION,
    unregistrationRequests: LEDGER_UNREGISTRATION,
  })
  await api.call('mutation ($definition: JSON!) { registerMiniApp(definition: $definition) }', { definition })
  await api.call('mutation ($ns: String!) { installMiniApp(ns: $ns) }', { ns: NS })
})
afterAll(async () => {
  await server.stop()
  await proxy.close()
  await ledger.close()
  await database.drop()
  await rm(directory, { recursive: true, force: true })
})

function start(): Promise<ServerProcess> {
  const origins = { PROVIDER_ORIGINS: `${LEDGER_ORIGIN}=${proxy.origin}` }
  const env = { DATA_DIR: join(directory, 'data'), ...origins, ...database.env }
  return startServerProcess({ env, cwd: directory })
}

/** The next start; where other processes could be at it too, more than a minute after the end. */
async function restart(): Promise<void> {
  await aMinutePasses()
  server = await start()
  api = apiClient(server.url, api.token)
}

async function aMinutePasses(): Promise<void> {
  const connectionString = database.env['DATABASE_URL']
  if (connectionString === undefined) return
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(`update install set connecting_since = connecting_since - interval '61 seconds'`)
  await client.end()
}

interface State {
  state: string
  errorCode: string | null
  isAuthenticated: boolean
  pendingRegistrations: number
}

async function state(): Promise<State> {
  const { miniAppGeneralInfo } = await api.call<{ miniAppGeneralInfo: { auth: State } }>(
    `{ miniAppGeneralInfo(ns: "${NS}") { auth { state errorCode isAuthenticated pendingRegistrations } } }`,
  )
  return miniAppGeneralInfo.auth
}

async function untilRegistered(): Promise<void> {
  await expect.poll(async () => (await state()).pendingRegistrations).toBe(0)
  expect(await state()).toEqual(CONNECTED)
}

const connect = () =>
  api.call<{ saveMiniAppCredentials: { status: string } }>(
    'mutation ($ns: String!, $credentials: JSON!) { saveMiniAppCredentials(ns: $ns, credentials: $credentials) }',
    { ns: NS, credentials: { apiKey: 'key-walker', region: 'eu' } },
  )
const disconnect = () => api.call('mutation ($ns: String!) { disconnectMiniApp(ns: $ns) }', { ns: NS })
const act = async () => {
  const { executeMiniAppAction } = await api.call<{
    executeMiniAppAction: { success: boolean; error: { code: string } | null }
  }>(
    'mutation ($ns: String!, $input: JSON) { executeMiniAppAction(appNs: $ns, actionName: "callHome", formInput: $input) }',
    { ns: NS, input: { path: 'home' } },
  )
  return executeMiniAppAction
}

/** Begins something, waits until the provider holds the request, and kills the server. */
async function killAt(
  begin: () => Promise<unknown>,
  point: { path: RegExp; when: 'before' | 'after' | 'answered' },
): Promise<void> {
  const hold = proxy.only(point.path).hold(point.when === 'before' ? 'before' : 'after')
  const begun = begin().then(
    () => 'answered',
    () => 'cut',
  )
  await hold.reached
  if (point.when === 'answered') hold.release()
  await server.kill9()
  expect(['cut', 'answered']).toContain(await begun)
  proxy.passThrough()
}

async function fresh(): Promise<void> {
  proxy.passThrough()
  await disconnect()
  ledger.hooks.standing.clear()
  ledger.hooks.done.length = 0
}

const CONNECTED = { state: 'connected', errorCode: null, isAuthenticated: true, pendingRegistrations: 0 }
const INSTALLED = { state: 'installed', errorCode: null, isAuthenticated: false, pendingRegistrations: 0 }
const AUTH_REQUESTS = [
  { name: 'get_token', path: /^\/oauth\/token$/ },
  { name: 'test_token', path: /^\/ping$/ },
  { name: 'userDetails', path: /^\/me$/ },
]
const REGISTRATION = [
  { name: 'POST /hooks', path: /^\/hooks$/ },
  { name: 'POST /hooks/{id}/events', path: /\/events$/ },
  { name: 'POST /hooks/{id}/activate', path: /\/activate$/ },
]
const STEPS = REGISTRATION.map(({ name }) => name)

describe('killed while the account is tried', () => {
  it.each(killPoints(AUTH_REQUESTS, ['before', 'after']))(
    '$when $name: nothing is connected, and connecting works',
    async (point) => {
      await fresh()
      await killAt(connect, point)
      await restart()
      expect(await state()).toEqual(INSTALLED)
      expect(await connect()).toMatchObject({ saveMiniAppCredentials: { status: 'connected' } })
      expect(await state()).toEqual(CONNECTED)
    },
  )
})

describe('killed while it is registered', () => {
  it.each(killPoints(REGISTRATION, ['before', 'after', 'answered']))(
    '$when $name: connected, what is left is known, and the next start goes on with it',
    async ({ name, path, when, index }) => {
      await fresh()
      await killAt(connect, { path, when })
      const remaining = proxy.only(/^\/hooks/).hold('before')
      await restart()
      const found = await state()
      const left = REGISTRATION.length - index
      // Whoever is killed right after an answer may have stored it.
      expect(when === 'answered' ? [left, left - 1] : [left]).toContain(found.pendingRegistrations)
      expect(found).toMatchObject({ state: 'connected', isAuthenticated: true, errorCode: null })
      if (found.pendingRegistrations > 0) {
        expect((await remaining.reached).url).toMatch(
          REGISTRATION[REGISTRATION.length - found.pendingRegistrations]?.path ?? /^$/,
        )
        remaining.release()
      }
      await untilRegistered()
      const counts = STEPS.map((step) => ledger.hooks.done.filter((done) => done === step).length)
      const repeated = when !== 'before' && found.pendingRegistrations === left
      expect(counts).toEqual(STEPS.map((step) => (repeated && step === name ? 2 : 1)))
      expect([...ledger.hooks.standing.values()].at(-1)).toMatchObject({ active: true })
    },
  )
})

describe('killed while it is reconnected', () => {
  it.each(killPoints([{ path: /^\/hooks\/[^/]+$/ }], ['after', 'before']))(
    '$when the old registration is undone: the old connection registers anew by itself',
    async (point) => {
      await fresh()
      await connect()
      ledger.hooks.done.length = 0
      await killAt(connect, point)
      await restart()
      await untilRegistered()
      const undone = Array(point.when === 'after' ? 2 : 1).fill('DELETE /hooks/{id}')
      expect(ledger.hooks.done).toEqual([...undone, ...STEPS])
      expect([...ledger.hooks.standing.values()]).toMatchObject([{ active: true }])
      expect(await act()).toMatchObject({ success: true })
    },
  )
})

describe('killed while it is disconnected', () => {
  it('the credentials are gone already', async () => {
    await fresh()
    await connect()
    await killAt(disconnect, { path: /^\/hooks/, when: 'before' })
    await restart()
    expect(await state()).toEqual(INSTALLED)
    await connect()
    expect(await state()).toEqual(CONNECTED)
  })
})

describe('killed while it is refreshed', () => {
  it('before the exchange: the next call refreshes', async () => {
    await fresh()
    await connect()
    ledger.grants.expireTokens()
    await killAt(act, { path: /^\/oauth\/token$/, when: 'before' })
    await restart()
    expect(await state()).toEqual(CONNECTED)
    expect(await act()).toMatchObject({ success: true })
  })

  it('before its answer is stored: the rotated token is lost, and the connection says so', async () => {
    await fresh()
    await connect()
    ledger.grants.expireTokens()
    await killAt(act, { path: /^\/oauth\/token$/, when: 'after' })
    await restart()
    expect(await state()).toEqual(CONNECTED)
    expect(await act()).toMatchObject({ success: false, error: { code: 'AUTH_EXPIRED' } })
    expect(await state()).toMatchObject({ state: 'error', errorCode: 'AUTH_EXPIRED', isAuthenticated: false })
    await connect()
    expect(await state()).toEqual(CONNECTED)
    expect(await act()).toMatchObject({ success: true })
  })
})
