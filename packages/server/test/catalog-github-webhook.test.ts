import { readdirSync, readFileSync } from 'node:fs'
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

let github: LocalServer
let platform: TestPlatform

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
})

afterAll(async () => {
  await platform.close()
  await github.close()
})

it('what GitHub sends to the webhook that connecting registered is kept once and fires its trigger', async () => {
  const { context } = platform
  await registerDefinition(context, JSON.parse(readFileSync(new URL('miniapp.json', CATALOG), 'utf8')))
  const { workspaceId, subdomain } = await platform.newActor('acme')
  const key = { workspaceId, ns: 'github' }
  await installApp(context, key)
  const credentials = { accessToken: 'github_pat_x', webhookRepository: 'octocat/hello-world' }
  await connectWithForm(context, { ...key, subdomain, requestId: 'connect', credentials })
  const hook = github.requests.find(({ method }) => method === 'POST')
  const { config, events } = JSON.parse(hook?.body ?? '{}')

  const server = webhookServer(context)
  const deliver = ({ headers, body }: Sample, secret: string) => {
    const payload = Buffer.from(JSON.stringify(body))
    const signature = `sha256=${signatureOf(payload, secret)}`
    const url = new URL(config.url).pathname
    return server.inject({
      method: 'POST',
      url,
      payload,
      headers: { ...headers, 'X-Hub-Signature-256': signature },
    })
  }
  for (const sample of samples) {
    expect(events).toContain(sample.headers['X-GitHub-Event'])
    const answers = await Promise.all([deliver(sample, config.secret), deliver(sample, config.secret)])
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200])
    expect((await deliver(sample, 'guessed')).statusCode).toBe(401)
  }
  while ((await processDue(context)) > 0);

  const kept = await allWorkspaces(context.db.sql)
    .selectFrom('webhookEvent')
    .select(['event', 'status'])
    .where('workspaceId', '=', workspaceId)
    .orderBy('id')
    .execute()
  expect(kept).toEqual(samples.map(({ event }) => ({ event, status: 'processed' })))
  const fired = await allWorkspaces(context.db.sql)
    .selectFrom('triggerFiring')
    .select(['type', 'event'])
    .where('workspaceId', '=', workspaceId)
    .orderBy('eventId')
    .execute()
  expect(fired).toEqual(samples.map(({ event }) => ({ type: 'miniapps:github', event })))
  await server.close()
})
