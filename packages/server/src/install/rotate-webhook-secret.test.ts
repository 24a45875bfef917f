import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
import { signatureOf } from '../../test/market-app.ts'
import { type TestPlatform, testPlatform } from '../../test/platform.ts'
import { webhookServer } from '../../test/webhook-server.ts'
import { registerDefinition } from '../registry/register.ts'
import { FORMER_SECRET_MS } from '../webhook/receiver.ts'
import { connectWithForm } from './connect.ts'
import { installApp } from './install-app.ts'
import { retryRegistration } from './registration.ts'
import { rotateWebhookSecret } from './rotate-webhook-secret.ts'
import { findInstall } from './store.ts'

const WEBHOOK = {
  verification: { type: 'hmac-sha256', headerName: 'X-Signature', secretKey: 'webhookSecret' },
  eventExtraction: { source: 'body', path: 'event' },
}
/** Makes its secret here. */
const MADE = 'made-here'
/** Lets the workspace fill in the secret, and the one before it. */
const FILLED = 'filled-in'

let ledger: Ledger
let proxy: FaultProxy
let platform: TestPlatform
let server: FastifyInstance
let number = 0

beforeAll(async () => {
  ledger = await startLedger()
  proxy = await startFaultProxy({ target: ledger.origin })
  platform = await testPlatform({ [LEDGER_ORIGIN]: proxy.origin })
  server = webhookServer(platform.context)
  const registrationRequests = LEDGER_REGISTRATION
  const unregistrationRequests = LEDGER_UNREGISTRATION
  const made = refreshingLedgerDefinition(MADE, { registrationRequests, unregistrationRequests })
  const filled = refreshingLedgerDefinition(FILLED)
  const auth = filled['auth'] as { form: object }
  const secret = { type: 'password', label: 'Secret' }
  const form = { ...auth.form, webhookSecret: secret, webhookSecretPrevious: secret }
  await registerDefinition(platform.context, { ...made, webhook: WEBHOOK })
  await registerDefinition(platform.context, { ...filled, auth: { ...auth, form }, webhook: WEBHOOK })
})

afterAll(async () => {
  await server.close()
  await platform.close()
  await proxy.close()
  await ledger.close()
})

async function connected(ns: string, credentials: object = {}) {
  proxy.passThrough()
  ledger.hooks.standing.clear()
  const account = `r${++number}`
  const { workspaceId, subdomain } = await platform.newActor(account)
  const run = { workspaceId, ns, subdomain }
  await installApp(platform.context, { workspaceId, ns })
  const connect = (reregister = false) => {
    platform.clock.now += 1_000
    return connectWithForm(platform.context, {
      ...run,
      requestId: 'r',
      credentials: { apiKey: `key-${account}`, region: 'eu', ...credentials },
      reregister,
    })
  }
  await connect()
  const deliver = async (secret: string) => {
    const payload = Buffer.from(JSON.stringify({ event: 'made', number: Math.random() }))
    const headers = { 'content-type': 'application/json', 'x-signature': signatureOf(payload, secret) }
    const url = `/w/${subdomain}/miniapps/${ns}/webhooks`
    return (await server.inject({ method: 'POST', url, headers, payload })).statusCode
  }
  return { run, connect, deliver }
}

/** With which the provider signs at the moment. */
const secretAtProvider = () => [...ledger.hooks.standing.values()].map(({ secret }) => secret)

describe('rotateWebhookSecret', () => {
  it('registers again with a new secret; the former one counts for 24 hours more and no longer', async () => {
    const { run, deliver } = await connected(MADE)
    const [former = ''] = secretAtProvider()
    const { install } = await rotateWebhookSecret(platform.context, run)
    expect(install).toMatchObject({ state: 'connected', pendingRegistrations: 0 })
    const [secret = '', ...others] = secretAtProvider()
    expect(others).toEqual([])
    expect(secret).not.toBe(former)
    expect([await deliver(secret), await deliver(former), await deliver('guessed')]).toEqual([200, 200, 401])
    platform.clock.now = (install.webhookSecretRotatedAt?.getTime() ?? 0) + FORMER_SECRET_MS - 1
    expect([await deliver(secret), await deliver(former)]).toEqual([200, 200])
    platform.clock.now += 1
    expect([await deliver(secret), await deliver(former)]).toEqual([200, 401])
    const acts = await allWorkspaces(platform.context.db.sql)
      .selectFrom('audit')
      .select('kind')
      .where('workspaceId', '=', run.workspaceId)
      .where('kind', '=', 'secret.rotated')
      .execute()
    expect(acts).toHaveLength(1)
  })

  it('twice leaves the last two', async () => {
    const { run, deliver } = await connected(MADE)
    const [first = ''] = secretAtProvider()
    await rotateWebhookSecret(platform.context, run)
    const [second = ''] = secretAtProvider()
    await rotateWebhookSecret(platform.context, run)
    const [third = ''] = secretAtProvider()
    expect(await Promise.all([first, second, third].map(deliver))).toEqual([401, 200, 200])
  })

  it('stays in force when the same account is connected again', async () => {
    const { run, connect, deliver } = await connected(MADE)
    const [former = ''] = secretAtProvider()
    const { install } = await rotateWebhookSecret(platform.context, run)
    await connect(true)
    expect(await deliver(former)).toBe(200)
    platform.clock.now = (install.webhookSecretRotatedAt?.getTime() ?? 0) + FORMER_SECRET_MS
    expect(await deliver(former)).toBe(401)
  })

  it('is finished by a retry where the provider was away', async () => {
    const { run, deliver } = await connected(MADE)
    const [former = ''] = secretAtProvider()
    proxy.only(/^\/hooks$/).answer(422)
    const { install } = await rotateWebhookSecret(platform.context, run)
    expect(install).toMatchObject({ state: 'error', errorCode: 'REGISTRATION_FAILED' })
    await expect(rotateWebhookSecret(platform.context, run)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    proxy.passThrough()
    await retryRegistration(platform.context, run)
    const [secret = ''] = secretAtProvider()
    expect(secret).not.toBe(former)
    expect([await deliver(secret), await deliver(former)]).toEqual([200, 200])
  })

  it('leaves alone what somebody filled in, now and as the former one', async () => {
    const filled = { webhookSecret: 'now', webhookSecretPrevious: 'before' }
    const { run, deliver } = await connected(FILLED, filled)
    await expect(rotateWebhookSecret(platform.context, run)).rejects.toThrow('was not made here')
    platform.clock.now += 2 * FORMER_SECRET_MS
    expect([await deliver('now'), await deliver('before')]).toEqual([200, 200])
    const install = await findInstall(platform.context.db.sql, run)
    expect(install?.webhookSecretRotatedAt).toBeNull()
  })
})
