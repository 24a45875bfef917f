import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import payloads from '@octokit/webhooks-examples' with { type: 'json' }
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectWithForm } from '../src/install/connect.ts'
import { installApp } from '../src/install/install-app.ts'
import { registerDefinition } from '../src/registry/register.ts'
import { processDue } from '../src/webhook/process.ts'
import { allWorkspaces } from './all-workspaces.ts'
import { type LocalServer, startLocalServer } from './local-server.ts'
import { signatureOf } from './market-app.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { webhookServer } from './webhook-server.ts'

const CATALOG = new URL('../../../catalog/github/', import.meta.url)

interface Sample {
  headers: Record<string, string>
  body: unknown
  event: string
}

const samples = readdirSync(new URL('samples/', CATALOG)).map(
  (name) => JSON.parse(readFileSync(new URL(`samples/${name}`, CATALOG), 'utf8')) as Sample,
)

interface Delivered {
  name: string
  examples: Record<string, unknown>[]
}

/** Every payload that GitHub's own library has on record, as GitHub sends it. */
const published = (payloads as unknown as Delivered[]).flatMap(({ name, examples }) =>
  examples.map((body) => ({
    name,
    event: typeof body['action'] === 'string' ? `${name}.${body['action']}` : name,
    id: randomUUID(),
    payload: Buffer.from(JSON.stringify(body)),
  })),
)

let github: LocalServer
let platform: TestPlatform
let server: FastifyInstance
let workspaceId: string
/** What connecting registered at GitHub. */
let hook: { events: string[]; config: { url: string; secret: string } }

/** What GitHub answers a token, its owner, and a new webhook. */
const ANSWERS: Record<string, unknown> = {
  'GET /user/repos?per_page=1': [{ full_name: 'octocat/hello-world' }],
  'GET /user': { id: 583231, login: 'octocat', type: 'User' },
  'POST /repos/octocat/hello-world/hooks': { id: 12345678 },
}

beforeAll(async () => {
  github = await startLocalServer(({ method, url }, response) => {
    const answer = ANSWERS[`${method} ${url}`]
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer ?? {}))
  })
  platform = await testPlatform({ 'https://api.github.com': github.origin })
  const { context } = platform
  await registerDefinition(context, JSON.parse(readFileSync(new URL('miniapp.json', CATALOG), 'utf8')))
  const actor = await platform.newActor('acme')
  workspaceId = actor.workspaceId
  const key = { workspaceId, ns: 'github' }
  await installApp(context, key)
  const credentials = { accessToken: 'github_pat_x', webhookRepository: 'octocat/hello-world' }
  await connectWithForm(context, { ...key, subdomain: actor.subdomain, requestId: 'connect', credentials })
  hook = JSON.parse(github.requests.find(({ method }) => method === 'POST')?.body ?? '{}')
  server = webhookServer(context)
  await server.listen({ host: '127.0.0.1', port: 0 })
})

afterAll(async () => {
  await server.close()
  await platform.close()
  await github.close()
})

/** Over HTTP, as GitHub signs: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
async function deliver(
  payload: Buffer,
  headers: Record<string, string>,
  signed: { as?: Buffer; with?: string } = {},
): Promise<number> {
  const signature = signatureOf(signed.as ?? payload, signed.with ?? hook.config.secret)
  const { port } = server.server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}${new URL(hook.config.url).pathname}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers, 'X-Hub-Signature-256': `sha256=${signature}` },
    body: new Uint8Array(payload),
  })
  await response.arrayBuffer()
  return response.status
}

async function keptEvents() {
  return allWorkspaces(platform.context.db.sql)
    .selectFrom('webhookEvent')
    .select(['event', 'status', 'transactionId'])
    .where('workspaceId', '=', workspaceId)
    .orderBy('id')
    .execute()
}

/** Deliveries under way at a time. */
const AT_ONCE = 16

async function deliverAll(send: (one: (typeof published)[number]) => Promise<number>): Promise<Set<number>> {
  const left = [...published]
  const statuses = new Set<number>()
  const sender = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) statuses.add(await send(one))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, sender))
  return statuses
}

const headersOf = ({ name, id }: (typeof published)[number]) => ({
  'X-GitHub-Event': name,
  'X-GitHub-Delivery': id,
})

it('what GitHub sends to the webhook that connecting registered is kept once and fires its trigger', async () => {
  for (const { headers, body } of samples) {
    const payload = Buffer.from(JSON.stringify(body))
    expect(hook.events).toContain(headers['X-GitHub-Event'])
    expect(await Promise.all([deliver(payload, headers), deliver(payload, headers)])).toEqual([200, 200])
    expect(await deliver(payload, headers, { with: 'guessed' })).toBe(401)
  }
  while ((await processDue(platform.context)) > 0);

  const kept = await keptEvents()
  expect(kept.map(({ event, status }) => ({ event, status }))).toEqual(
    samples.map(({ event }) => ({ event, status: 'processed' })),
  )
  const fired = await allWorkspaces(platform.context.db.sql)
    .selectFrom('triggerFiring')
    .select(['type', 'event'])
    .where('workspaceId', '=', workspaceId)
    .orderBy('eventId')
    .execute()
  expect(fired).toEqual(samples.map(({ event }) => ({ type: 'miniapps:github', event })))
})

it('every payload that GitHub published is kept under its name, once, and refused where one byte is another', async () => {
  const before = (await keptEvents()).length
  expect(published.length).toBeGreaterThan(300)
  expect(await deliverAll((one) => deliver(one.payload, headersOf(one)))).toEqual(new Set([200]))
  const kept = (await keptEvents()).slice(before)
  const nameOf = new Map(kept.map(({ transactionId, event }) => [transactionId, event]))
  expect(kept).toHaveLength(published.length)
  expect(published.filter(({ id, event }) => nameOf.get(id) !== event)).toEqual([])

  expect(await deliverAll((one) => deliver(one.payload, headersOf(one)))).toEqual(new Set([200]))
  const forged = deliverAll((one) => {
    const changed = Buffer.from(one.payload)
    // The first letter of the first name: what is forged is JSON too.
    changed[2] = (changed[2] ?? 0) ^ 1
    return deliver(changed, { ...headersOf(one), 'X-GitHub-Delivery': randomUUID() }, { as: one.payload })
  })
  expect(await forged).toEqual(new Set([401]))
  expect(await keptEvents()).toHaveLength(before + published.length)
  const again = await allWorkspaces(platform.context.db.sql)
    .selectFrom('webhookTransaction')
    .select('duplicates')
    .where('workspaceId', '=', workspaceId)
    .where(
      'transactionId',
      'in',
      published.map(({ id }) => id),
    )
    .execute()
  expect(again).toEqual(published.map(() => ({ duplicates: 1 })))
})
