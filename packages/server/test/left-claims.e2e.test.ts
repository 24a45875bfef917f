/**
 * A server is killed while it is at events of a provider and tells a workspace's server: the next one goes on with both
 * although no claim has run out, because the killed one lived a day ahead.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type ApiClient, apiClient, signIn } from './api-client.ts'
import { clockAhead } from './clock-ahead.ts'
import { type EmptyDatabase, emptyDatabase } from './empty-database.ts'
import { type EventReceiver, hangs, startEventReceiver } from './event-receiver.ts'
import { marketDefinition, signatureOf, WEBHOOK_SECRET } from './market-app.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

/** Only a hang takes longer. */
const PATIENCE = { timeout: 120_000, interval: 50 }
const DAY_MS = 86_400_000
/** Fewer than a turn takes, and together at it for seconds: each calls a function that ends at its limit. */
const EVENTS = 10

let directory: string
let database: EmptyDatabase
let receiver: EventReceiver
let server: ServerProcess

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'miniapps-left-'))
  database = await emptyDatabase()
  receiver = await startEventReceiver()
  server = await start(await clockAhead({ ms: DAY_MS, directory }))
}, PATIENCE.timeout)

afterAll(async () => {
  await server?.stop()
  await receiver?.close()
  await database?.drop()
  await rm(directory, { recursive: true, force: true })
}, PATIENCE.timeout)

function start(more: Record<string, string> = {}): Promise<ServerProcess> {
  const env = {
    DATA_DIR: join(directory, 'data'),
    ALLOW_PRIVATE_NETWORKS: '127.0.0.1',
    ...database.env,
    ...more,
  }
  return startServerProcess({ env, cwd: directory })
}

const slowApp = () => {
  const { webhook } = marketDefinition()
  const firstName = { transform: 'compute', fn: 'slow', args: { id: '$.id' } }
  return marketDefinition({
    functions: { slow: { params: ['id'], code: 'for (;;) if (!id) return { value: id }' } },
    webhook: {
      ...(webhook as object),
      customerExtraction: { basePath: '$', mapping: { code: 'id', firstName } },
    },
  })
}

async function deliver(id: number): Promise<void> {
  const body = Buffer.from(JSON.stringify({ delivery_id: `${id}`, id: `${id}` }))
  const headers = {
    'content-type': 'application/json',
    'x-market-topic': 'order.created',
    'x-market-signature': signatureOf(body),
  }
  const answer = await fetch(`${server.url}/miniapps/market/webhooks`, { method: 'POST', headers, body })
  expect(answer.status).toBe(202)
}

async function prepare(api: ApiClient): Promise<void> {
  await api.call('mutation ($definition: JSON!) { registerMiniApp(definition: $definition) }', {
    definition: slowApp(),
  })
  await api.call('mutation { installMiniApp(ns: "market") }')
  await api.call('mutation ($c: JSON!) { saveMiniAppCredentials(ns: "market", credentials: $c) }', {
    c: { webhookSecret: WEBHOOK_SECRET },
  })
}

/** Those that a process has taken; the others are not due before tomorrow. */
async function takenEvents(api: ApiClient) {
  const { webhookEvents } = await api.call<{
    webhookEvents: { data: { status: string; attempts: number }[] }
  }>('{ webhookEvents(first: 100) { data { status attempts } } }')
  return webhookEvents.data.filter(({ attempts }) => attempts > 0)
}

it(
  'what a killed process was at goes on before any claim has run out',
  async () => {
    const told = () => receiver.to('/hook').map(({ body }) => body)
    const api = await signIn(server.url, server.ownerLink)
    receiver.behave('/hook', hangs)
    await api.call(
      'mutation ($url: String!) { webhooksAdd(url: $url, actions: [{ type: "miniapps:install", action: "connected" }]) { _id } }',
      { url: `${receiver.origin}/hook` },
    )
    await prepare(api)
    for (let id = 1; id <= EVENTS; id++) await deliver(id)
    await vi.waitFor(async () => {
      expect(told()).toHaveLength(2)
      expect(await takenEvents(api)).toContainEqual({ status: 'processing', attempts: 1 })
    }, PATIENCE)
    const before = told()
    await server.kill9()

    receiver.behave('/hook', (response) => void response.end())
    server = await start()
    const again = apiClient(server.url, api.token)
    await vi.waitFor(async () => {
      const taken = await takenEvents(again)
      expect(taken).toContainEqual({ status: 'processed', attempts: 2 })
      expect(taken.filter(({ status }) => status !== 'processed')).toEqual([])
    }, PATIENCE)
    await vi.waitFor(() => expect(told().slice(before.length).sort()).toEqual(before.sort()), PATIENCE)
  },
  PATIENCE.timeout,
)
