import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PUBLISHED_SIGNATURES } from '../../miniapp/test/catalog-events.ts'
import { connectWithForm } from '../src/install/connect.ts'
import { installApp } from '../src/install/install-app.ts'
import { disconnect } from '../src/install/remove.ts'
import { registerDefinition } from '../src/registry/register.ts'
import { processDue } from '../src/webhook/process.ts'
import { allWorkspaces } from './all-workspaces.ts'
import { type LocalServer, startLocalServer } from './local-server.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { webhookServer } from './webhook-server.ts'

const CATALOG = new URL('../../../catalog/woocommerce/', import.meta.url)

const readJson = (name: string) => JSON.parse(readFileSync(new URL(name, CATALOG), 'utf8'))
const samples: { headers: Record<string, string>; body: unknown; event: string }[] = readdirSync(
  new URL('samples/', CATALOG),
).map((name) => readJson(`samples/${name}`))

/** What the store answers, from the recordings of the app; what it says to a deletion is not read. */
const ANSWERS = Object.fromEntries(
  ['auth.test_token', 'auth.userDetails', 'auth.registrationRequests'].map((name) => {
    const [{ request, response }] = readJson(`fixtures/${name}.json`).exchanges
    return [new URL(request.url).pathname, response.body]
  }),
)

let store: LocalServer
let platform: TestPlatform

beforeAll(async () => {
  store = await startLocalServer(({ url = '' }, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(ANSWERS[new URL(url, 'https://shop.example.com').pathname]))
  })
  platform = await testPlatform({ 'https://shop.example.com': store.origin })
})

afterAll(async () => {
  await platform.close()
  await store.close()
})

const batches = () =>
  store.requests.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body))

it('what a store sends to the webhooks that connecting made is kept once, and disconnecting deletes them all', async () => {
  const { context } = platform
  await registerDefinition(context, readJson('miniapp.json'))
  const { workspaceId, subdomain } = await platform.newActor('acme')
  const key = { workspaceId, ns: 'woocommerce' }
  await installApp(context, key)
  const credentials = {
    storeUrl: 'https://shop.example.com',
    consumerKey: 'ck_x',
    consumerSecret: 'cs_x',
  }
  await connectWithForm(context, { ...key, subdomain, requestId: 'connect', credentials })
  const hooks: { topic: string; delivery_url: string; secret: string }[] = batches()[0].create
  expect(hooks.map(({ topic }) => topic).sort()).toEqual(samples.map(({ event }) => event).sort())

  const server = webhookServer(context)
  const deliver = ({ headers, body, event }: (typeof samples)[number], secret?: string) => {
    const hook = hooks.find(({ topic }) => topic === event)
    const payload = Buffer.from(JSON.stringify(body))
    const signed = PUBLISHED_SIGNATURES['woocommerce']?.(payload, secret ?? hook?.secret ?? '', 0)
    const url = new URL(hook?.delivery_url ?? '').pathname
    return server.inject({ method: 'POST', url, payload, headers: { ...headers, ...signed } })
  }
  for (const sample of samples) {
    const answers = await Promise.all([deliver(sample), deliver(sample)])
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200])
    expect((await deliver(sample, 'guessed')).statusCode).toBe(401)
  }
  // The store announces a webhook without a signature; it needs no answer to that.
  const ping = { 'content-type': 'application/x-www-form-urlencoded' }
  const url = new URL(hooks[0]?.delivery_url ?? '').pathname
  const announced = await server.inject({ method: 'POST', url, payload: 'webhook_id=142', headers: ping })
  expect(announced.statusCode).toBe(401)
  while ((await processDue(context)) > 0);

  const kept = await allWorkspaces(context.db.sql)
    .selectFrom('webhookEvent')
    .select(['event', 'status'])
    .where('workspaceId', '=', workspaceId)
    .orderBy('id')
    .execute()
  expect(kept).toEqual(samples.map(({ event }) => ({ event, status: 'processed' })))

  await disconnect(context, key)
  expect(batches()[1]).toEqual({ delete: hooks.map((_, index) => 142 + index) })
  await server.close()
})
