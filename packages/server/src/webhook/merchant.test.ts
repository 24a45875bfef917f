import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type LocalServer, startLocalServer } from '../../test/local-server.ts'
import { marketDefinition } from '../../test/market-app.ts'
import { type Sent, type WebhookPlatform, webhookPlatform } from '../../test/webhook-platform.ts'
import { connectWithForm } from '../install/connect.ts'
import { installApp } from '../install/install-app.ts'
import { disconnect } from '../install/remove.ts'
import { findInstall, type StoredInstall } from '../install/store.ts'
import { undoBeside, undone } from '../install/undo-beside.ts'
import { silentLog } from '../log.ts'
import { processDue } from './process.ts'
import { replayEvents } from './replay.ts'

const ORIGIN = 'https://plaza.example'
const SECRET = 'the-secret-of-the-platform'

/** An app whose provider calls one address for all workspaces; an account is whoever the key belongs to. */
function plaza(ns: string, webhook: object = {}) {
  const market = marketDefinition()
  return marketDefinition({
    ns,
    name: ns,
    type: ns,
    auth: {
      type: 'apikey',
      sensitiveKeys: ['apiKey', 'webhookSecret'],
      config: { webhookSecret: SECRET },
      form: {
        apiKey: { type: 'password', label: 'Key', required: true },
        webhookSecret: { type: 'password', label: 'Secret' },
      },
      userDetails: {
        url: `${ORIGIN}/me`,
        method: 'GET',
        headers: { Authorization: 'Bearer [[apiKey]]' },
        mapping: { uid: '$.uid' },
      },
      unregistrationRequests: [
        { url: `${ORIGIN}/hooks`, method: 'DELETE', headers: { Authorization: 'Bearer [[apiKey]]' } },
      ],
    },
    webhook: {
      ...(market['webhook'] as object),
      merchantExtraction: { path: '$.merchant' },
      uninstallEvents: ['app.uninstalled'],
      ...webhook,
    },
  })
}

let provider: LocalServer
let platform: WebhookPlatform
const logged: Record<string, unknown>[] = []

beforeAll(async () => {
  provider = await startLocalServer(({ headers, url }, response) => {
    if (url === '/hooks' && headers.authorization === 'Bearer gone') response.statusCode = 410
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ uid: headers.authorization?.replace('Bearer ', '') }))
  })
  platform = await webhookPlatform([plaza('plaza'), plaza('twice'), marketDefinition()], {
    [ORIGIN]: provider.origin,
  })
  platform.context.log = {
    ...silentLog,
    info: (event, { ns, status, workspaceId } = {}) => logged.push({ event, ns, status, workspaceId }),
    warn: (event, { ns, status, workspaceId } = {}) => logged.push({ event, ns, status, workspaceId }),
  }
})

afterAll(async () => {
  await platform.close()
  await provider.close()
})

async function connect(subdomain: string, workspaceId: string, credentials: object): Promise<void> {
  const key = { workspaceId, ns: 'plaza' }
  await installApp(platform.context, key)
  await connectWithForm(platform.context, { ...key, subdomain, requestId: 'connect', credentials })
}

async function merchant(subdomain: string, credentials: object = {}): Promise<string> {
  const { workspaceId } = await platform.newActor(subdomain)
  await connect(subdomain, workspaceId, { apiKey: subdomain, ...credentials })
  return workspaceId
}

let delivered = 0
const send = (merchantId: unknown, sent: Sent & { event?: string } = {}) =>
  platform.send({
    subdomain: null,
    ns: 'plaza',
    secret: SECRET,
    body: { merchant: merchantId, delivery_id: `${++delivered}` },
    headers: { 'x-market-topic': sent.event ?? 'order.created' },
    ...sent,
  })

const count = async (workspaceId: string) => (await platform.events(workspaceId)).length

describe('at the address of the platform', () => {
  it('each workspace gets the deliveries of the account that it has connected', async () => {
    const [one, other] = [await merchant('one'), await merchant('17')]
    expect((await send('one')).status).toBe(202)
    // An account is a text; providers send its number.
    expect((await send(17)).status).toBe(202)
    expect((await send('one')).status).toBe(202)
    expect([await count(one), await count(other)]).toEqual([2, 1])
  })

  it('a duplicate is told within its workspace', async () => {
    const workspaceId = await merchant('double')
    const body = { merchant: 'double', delivery_id: 'the same' }
    await Promise.all([send('double', { body }), send('double', { body }), send('one', { body })])
    expect(await count(workspaceId)).toBe(1)
  })

  it.each([
    ['of nobody', 'nobody', 'unknown-merchant'],
    ['without an account', undefined, 'no-merchant'],
    ['with what is no account', { id: 'one' }, 'no-merchant'],
  ])('a delivery %s gets the configured answer, is kept nowhere and counted', async (_what, id, status) => {
    logged.length = 0
    const answer = await send(id)
    expect({ status: answer.status, body: answer.body }).toEqual({ status: 202, body: '{"got":"it"}' })
    expect(logged).toEqual([{ event: 'webhook.unclaimed', ns: 'plaza', status, workspaceId: undefined }])
    const kept = await allWorkspaces(platform.context.db.sql)
      .selectFrom('webhookEvent')
      .select('id')
      .where('transactionId', '=', String(delivered))
      .execute()
    expect(kept).toEqual([])
  })

  it('only secrets of the app verify, never what a workspace has filled in', async () => {
    const workspaceId = await merchant('sly', { webhookSecret: 'chosen by a workspace' })
    logged.length = 0
    expect((await send('one', { secret: 'chosen by a workspace' })).status).toBe(401)
    expect((await send('sly', { secret: 'chosen by a workspace' })).status).toBe(401)
    const refusal = { event: 'webhook.refused', ns: 'plaza', status: 'signature-differs' }
    expect(logged).toEqual([refusal, refusal].map((line) => ({ ...line, workspaceId: undefined })))
    expect(await count(workspaceId)).toBe(0)
    expect((await send('sly')).status).toBe(202)
    expect(await count(workspaceId)).toBe(1)
    const rejections = await allWorkspaces(platform.context.db.sql)
      .selectFrom('webhookRejection')
      .selectAll()
      .execute()
    expect(rejections).toEqual([])
  })

  it('an account that moves to another workspace takes its deliveries along', async () => {
    const before = await merchant('moving')
    await send('moving')
    await disconnect(platform.context, { workspaceId: before, ns: 'plaza' })
    await send('moving')
    const { workspaceId: after } = await platform.newActor('moved')
    await connect('moved', after, { apiKey: 'moving' })
    await send('moving')
    expect([await count(before), await count(after)]).toEqual([1, 1])
  })

  it('an app that does not share one address is not there, nor one without the duplicate check', async () => {
    await platform.newShop('ordinary')
    const { body: nothing } = await send('one', { ns: 'unheard_of' })
    expect(await platform.send({ subdomain: null, ns: 'market' })).toMatchObject({
      status: 404,
      body: nothing,
    })
    const { sql } = platform.context.db
    await sql.updateTable('app').set({ duplicateCheck: false }).where('ns', '=', 'twice').execute()
    expect(await send('one', { ns: 'twice' })).toMatchObject({ status: 404, body: nothing })
  })

  it('the challenge is answered, with the secret of the app', async () => {
    const body = { type: 'ping', token: 'echo' }
    expect(await send('one', { body })).toMatchObject({ status: 200, body: 'echo' })
    expect((await send('one', { body, secret: 'another' })).status).toBe(401)
  })
})

describe('an event that says that the app was removed at the provider', () => {
  const stateOf = async (workspaceId: string) => {
    const install = await findInstall(platform.context.db.sql, { workspaceId, ns: 'plaza' })
    return { state: install?.state, uid: install?.uid, hasCredentials: install?.credentials !== null }
  }

  /** With whose key the provider was asked to undo what registration made. */
  const undoneFor = async () => {
    await undone(platform.context)
    const asked = provider.requests.filter(({ method }) => method === 'DELETE')
    provider.requests.splice(0)
    return asked.map(({ headers }) => headers.authorization?.replace('Bearer ', ''))
  }

  it('undoes what registration made, with the credentials that there were, and once', async () => {
    const workspaceId = await merchant('registered')
    await undoneFor()
    for (let again = 0; again < 2; again++) await send('registered', { event: 'app.uninstalled' })
    await processDue(platform.context)
    await processDue(platform.context)
    expect(await stateOf(workspaceId)).toMatchObject({ hasCredentials: false })
    expect(await undoneFor()).toEqual(['registered'])
    await replayEvents(platform.context, { workspaceId })
    await processDue(platform.context)
    expect(await undoneFor()).toEqual([])
  })

  it('has its effect also where the provider undoes nothing any more; that is logged', async () => {
    const workspaceId = await merchant('gone')
    await send('gone', { event: 'app.uninstalled' })
    logged.length = 0
    await processDue(platform.context)
    expect(await undoneFor()).toEqual(['gone'])
    expect(await platform.events(workspaceId)).toMatchObject([{ status: 'processed', error: null }])
    expect(await stateOf(workspaceId)).toMatchObject({ state: 'installed', hasCredentials: false })
    expect(logged.filter(({ event }) => event === 'install.unregistered')).toMatchObject([
      { workspaceId, ns: 'plaza', status: expect.not.stringMatching(/^ok$/) },
    ])
  })

  it('is settled, and others go on, while the provider lets us wait', async () => {
    const workspaceId = await merchant('waiting')
    const held = Promise.withResolvers<void>()
    const { send: sendOut } = platform.context
    platform.context.send = async (request, options) => {
      if (request.method === 'DELETE') await held.promise
      return sendOut(request, options)
    }
    await send('waiting', { event: 'app.uninstalled' })
    await processDue(platform.context)
    expect(await platform.events(workspaceId)).toMatchObject([{ status: 'processed' }])
    held.resolve()
    expect(await undoneFor()).toEqual(['waiting'])
    platform.context.send = sendOut
  })

  it("disconnects the install after its other stages; what comes then is nobody's", async () => {
    const workspaceId = await merchant('leaver')
    await send('leaver', { event: 'app.uninstalled' })
    await processDue(platform.context)
    expect(await stateOf(workspaceId)).toEqual({ state: 'installed', uid: null, hasCredentials: false })
    const [event] = await platform.events(workspaceId)
    expect(event?.status).toBe('processed')
    expect(JSON.parse(event?.stages ?? '')).toMatchObject([
      { stage: 'customer' },
      { stage: 'record' },
      { stage: 'triggers' },
      { stage: 'disconnect', status: 'done', detail: { effect: 'disconnected' } },
    ])
    const acts = await allWorkspaces(platform.context.db.sql)
      .selectFrom('audit')
      .select(['kind', 'accountId'])
      .where('workspaceId', '=', workspaceId)
      .where('kind', '=', 'app.disconnected')
      .execute()
    expect(acts).toEqual([{ kind: 'app.disconnected', accountId: null }])
    expect(await undoneFor()).toEqual(['leaver'])
    await send('leaver')
    expect(await count(workspaceId)).toBe(1)
  })

  it('leaves an account alone that was connected since, also when it is replayed', async () => {
    const workspaceId = await merchant('returner')
    await send('returner', { event: 'app.uninstalled' })
    await processDue(platform.context)
    expect(await undoneFor()).toEqual(['returner'])
    platform.clock.now += 1_000
    await connect('returner', workspaceId, { apiKey: 'returner' })
    expect(await replayEvents(platform.context, { workspaceId })).toBe(1)
    await processDue(platform.context)
    const [event] = await platform.events(workspaceId)
    expect(JSON.parse(event?.stages ?? '').at(-1)).toMatchObject({ detail: { effect: 'none' } })
    expect(await stateOf(workspaceId)).toEqual({ state: 'connected', uid: 'returner', hasCredentials: true })
    expect(await undoneFor()).toEqual([])
    const connected = await findInstall(platform.context.db.sql, { workspaceId, ns: 'plaza' })
    undoBeside(platform.context, connected as StoredInstall)
    expect(await undoneFor()).toEqual([])
  })
})
