/** A started server tells two servers of a workspace: one that is asked in the moment of a `kill -9`, and the one of the guide. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type ApiClient, apiClient, signIn } from './api-client.ts'
import { type EmptyDatabase, emptyDatabase } from './empty-database.ts'
import { type EventReceiver, hangs, startEventReceiver } from './event-receiver.ts'
import { freePort } from './free-port.ts'
import { marketDefinition, WEBHOOK_SECRET } from './market-app.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

const GUIDE = resolve(import.meta.dirname, '../../../docs/guides/workspace-webhooks.md')
const CONNECTED = 'miniapps:install.connected'
/** Only a hang takes longer. */
const PATIENCE = { timeout: 240_000, interval: 100 }

let directory: string
let database: EmptyDatabase
let receiver: EventReceiver
let server: ServerProcess
let api: ApiClient
let guide: ChildProcess | undefined

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'miniapps-tell-'))
  database = await emptyDatabase()
  receiver = await startEventReceiver()
  server = await start()
  api = await signIn(server.url, server.ownerLink)
}, PATIENCE.timeout)

afterAll(async () => {
  guide?.kill('SIGKILL')
  await server?.stop()
  await receiver?.close()
  await database?.drop()
  await rm(directory, { recursive: true, force: true })
}, PATIENCE.timeout)

function start(): Promise<ServerProcess> {
  const env = { DATA_DIR: join(directory, 'data'), ALLOW_PRIVATE_NETWORKS: '127.0.0.1', ...database.env }
  return startServerProcess({ env, cwd: directory })
}

async function subscribe(url: string) {
  const { webhooksAdd } = await api.call<{ webhooksAdd: { _id: string; secret: string } }>(
    'mutation ($url: String!) { webhooksAdd(url: $url, actions: [{ type: "miniapps:install", action: "connected" }]) { _id secret } }',
    { url },
  )
  return webhooksAdd
}

/** The receiver that the guide shows. @returns what it has written */
async function startGuide(port: number, secret: string): Promise<() => string> {
  const [, source = ''] = /```js receiver\n([\s\S]*?)```/.exec(readFileSync(GUIDE, 'utf8')) ?? []
  const file = join(directory, 'receiver.mjs')
  writeFileSync(file, source)
  guide = spawn(process.execPath, [file], {
    env: { PORT: String(port), SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let written = ''
  guide.stdout?.on('data', (chunk: Buffer) => {
    written += chunk.toString()
  })
  return () => written
}

it(
  'an event that was being told when the process was killed is told again with the same id, and no other is lost',
  async () => {
    const killed = await subscribe(`${receiver.origin}/hook`)
    const port = await freePort()
    const shown = await subscribe(`http://127.0.0.1:${port}/`)
    const written = await startGuide(port, shown.secret)
    const told = () => receiver.to('/hook')
    await vi.waitFor(() => expect(told()).toHaveLength(1), PATIENCE)
    expect(told()[0]?.envelope).toMatchObject({ event: 'system.ping', data: { object: { _id: killed._id } } })

    receiver.behave('/hook', hangs)
    await api.call('mutation ($definition: JSON!) { registerMiniApp(definition: $definition) }', {
      definition: marketDefinition(),
    })
    await api.call('mutation { installMiniApp(ns: "market") }')
    await api.call('mutation ($c: JSON!) { saveMiniAppCredentials(ns: "market", credentials: $c) }', {
      c: { webhookSecret: WEBHOOK_SECRET },
    })
    await vi.waitFor(() => expect(told()).toHaveLength(2), PATIENCE)
    await server.kill9()
    receiver.behave('/hook', (response) => void response.end())
    server = await start()
    await vi.waitFor(() => expect(told().length).toBeGreaterThan(2), PATIENCE)
    const [, first, second] = told().map(({ envelope }) => envelope)
    expect(first).toMatchObject({ event: CONNECTED, data: { object: { ns: 'market', state: 'connected' } } })
    expect(second).toEqual(first)

    await vi.waitFor(() => expect(written()).toContain(CONNECTED), PATIENCE)
    const log = () =>
      apiClient(server.url, api.token).call<{ webhookDeliveryLogs: { data: object[] } }>(
        'query ($id: String!) { webhookDeliveryLogs(webhookId: $id) { data { event status attemptNumber } } }',
        { id: killed._id },
      )
    await vi.waitFor(async () => {
      expect((await log()).webhookDeliveryLogs.data).toEqual([
        { event: CONNECTED, status: 'success', attemptNumber: 1 },
        { event: 'system.ping', status: 'success', attemptNumber: 1 },
      ])
    }, PATIENCE)
  },
  PATIENCE.timeout,
)
