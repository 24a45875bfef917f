import { gzipSync } from 'node:zlib'
import { fastify } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { marketDefinition } from '../../test/market-app.ts'
import { requestOf, type WebhookPlatform, webhookPlatform } from '../../test/webhook-platform.ts'
import { webhookServer } from '../../test/webhook-server.ts'
import { readConfig } from '../config.ts'
import { uninstall } from '../install/remove.ts'
import { liftSuspension, suspend } from '../install/suspend.ts'
import { pruneWebhooks } from './prune.ts'
import { webhookRoutes } from './route.ts'

const MIB = 1024 * 1024

let platform: WebhookPlatform
let workspaceId: string

beforeAll(async () => {
  platform = await webhookPlatform([
    marketDefinition(),
    marketDefinition({ ns: 'silent', name: 'silent', type: 'silent', webhook: null }),
  ])
  workspaceId = await platform.newShop('acme')
})

afterAll(() => platform.close())

/** Those with this transaction id. */
const eventsWith = async (transactionId: string) =>
  (await platform.events(workspaceId)).filter((event) => event.transactionId === transactionId)

describe('a delivery that verifies', () => {
  it('is kept as it came, without what proves it, and answered as the definition says', async () => {
    const raw = Buffer.from('{ "delivery_id": "kept-1",\r\n "amount": 12345678901234567890 }')
    const answer = await platform.send({ raw, headers: { authorization: 'Basic c2VjcmV0', cookie: 'a=b' } })
    expect({ status: answer.status, body: answer.body }).toEqual({ status: 202, body: '{"got":"it"}' })
    expect(answer.headers).toMatchObject({
      'x-market-seen': 'yes',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'",
    })
    const [event] = await eventsWith('kept-1')
    expect(event).toMatchObject({ ns: 'market', event: 'order.created', status: 'received', body: raw })
    const headers = JSON.parse(event?.headers ?? '')
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-market-topic': 'order.created' })
    expect(Object.keys(headers)).not.toContain('authorization')
    expect(Object.keys(headers)).not.toContain('cookie')
    expect(Object.keys(headers)).not.toContain('x-market-signature')
  })

  it('without an event is kept as unknown, and nothing is due', async () => {
    const answer = await platform.send({
      body: { delivery_id: 'nameless' },
      headers: { 'x-market-topic': ' ' },
    })
    expect(answer.status).toBe(202)
    expect(await eventsWith('nameless')).toMatchObject([{ event: null, status: 'unknown', dueAt: null }])
  })

  it.each([
    ['no text', Buffer.from([0xff, 0x00, 0x80])],
    ['nothing', Buffer.alloc(0)],
    ['text with NUL and half a surrogate', Buffer.from('{"delivery_id":"a\\u0000b\\ud800"}')],
  ])('may hold %s', async (_what, raw) => {
    expect((await platform.send({ raw })).status).toBe(202)
    const events = await platform.events(workspaceId)
    expect(events.at(-1)?.body.equals(raw)).toBe(true)
  })

  it.each(['', 'rubbish', 'text/;;', 'application/json; charset', 'a/b/c'])(
    'may carry the Content-Type "%s"',
    async (contentType) => {
      const body = { delivery_id: `type ${contentType}` }
      expect((await platform.send({ body, headers: { 'content-type': contentType } })).status).toBe(202)
    },
  )

  it('is signed over the encoded bytes, and read from the decoded ones', async () => {
    const raw = gzipSync('{"delivery_id":"zipped"}')
    expect((await platform.send({ raw, headers: { 'content-encoding': 'gzip' } })).status).toBe(202)
    expect(await eventsWith('zipped')).toMatchObject([{ body: raw }])
  })
})

describe('a delivery that is not taken', () => {
  const count = async () => (await platform.events(workspaceId)).length

  it.each([
    ['a wrong signature', { secret: 'another' }, 'signature-differs'],
    ['no signature', { headers: { 'x-market-signature': '' } }, 'signature-malformed'],
  ])('with %s is 401, stored nowhere, counted and listed', async (_what, change, code) => {
    const before = await count()
    const body = { delivery_id: 'forged', password: 'hunter2' }
    const answers = await Promise.all([1, 2, 3].map(() => platform.send({ body, ...change })))
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401])
    expect(await count()).toBe(before)
    const rows = await allWorkspaces(platform.context.db.sql)
      .selectFrom('webhookRejection')
      .selectAll()
      .where('workspaceId', '=', workspaceId)
      .where('code', '=', code)
      .execute()
    // A minute may end between them.
    expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(3)
    expect(rows[0]?.headerNames).toContain('x-market-topic')
    expect(JSON.stringify(rows)).not.toContain('hunter2')
  })

  it('nested too deeply is 400', async () => {
    const raw = Buffer.from('['.repeat(101) + ']'.repeat(101))
    expect((await platform.send({ raw })).status).toBe(400)
  })

  it('is 413 from one byte above the limit, as it comes and decoded', async () => {
    const limit = 5 * MIB
    const fill = (bytes: number) =>
      Buffer.from(`{"delivery_id":"big ${bytes}","x":"`.padEnd(bytes - 2, 'x').concat('"}'))
    expect((await platform.send({ raw: fill(limit) })).status).toBe(202)
    expect((await platform.send({ raw: fill(limit + 1) })).status).toBe(413)
    const zipped = (bytes: number) =>
      platform.send({ raw: gzipSync(fill(bytes)), headers: { 'content-encoding': 'gzip' } })
    expect((await zipped(limit + 1)).status).toBe(413)
    expect(await eventsWith(`big ${limit}`)).toHaveLength(1)
  })

  it('is answered the same, whatever is missing', async () => {
    const others = await Promise.all([
      platform.send({ subdomain: 'nobody' }),
      platform.send({ subdomain: 'NOT A LABEL' }),
      platform.send({ ns: 'unheard_of' }),
      platform.newActor('empty').then(() => platform.send({ subdomain: 'empty' })),
      platform.newShop('quiet', 'silent').then(() => platform.send({ subdomain: 'quiet', ns: 'silent' })),
      platform.server
        .inject({ method: 'GET', url: '/w/acme/miniapps/market/webhooks' })
        .then(({ statusCode, headers, body }) => ({ status: statusCode, headers, body })),
    ])
    for (const answer of others) expect(answer).toMatchObject({ status: 404, body: others[0]?.body })
  })

  it('is 404 while the app is suspended, and after it was uninstalled', async () => {
    const key = { workspaceId: await platform.newShop('leaving'), ns: 'market' }
    const status = async () => (await platform.send({ subdomain: 'leaving' })).status
    expect(await status()).toBe(202)
    await suspend(platform.context, key)
    expect(await status()).toBe(404)
    await liftSuspension(platform.context, key)
    await platform.connect('leaving', key)
    expect(await status()).toBe(202)
    await uninstall(platform.context, key)
    expect(await status()).toBe(404)
  })
})

describe('duplicates', () => {
  it('of 40 identical deliveries at once one is kept, the others are counted and answered alike', async () => {
    const body = { delivery_id: 'forty' }
    const answers = await Promise.all(Array.from({ length: 40 }, () => platform.send({ body })))
    expect(new Set(answers.map(({ status, body: text }) => `${status} ${text}`))).toEqual(
      new Set(['202 {"got":"it"}']),
    )
    const [event, ...others] = await eventsWith('forty')
    expect(others).toEqual([])
    const transactions = await allWorkspaces(platform.context.db.sql)
      .selectFrom('webhookTransaction')
      .selectAll()
      .where('transactionId', '=', 'forty')
      .execute()
    expect(transactions).toMatchObject([{ eventId: event?.id, duplicates: 39 }])
  })

  it('of two servers at once one is kept', async () => {
    const other = await platform.secondServer()
    if (other === undefined) return
    const second = webhookServer(other.context)
    const request = requestOf({ body: { delivery_id: 'two servers' } })
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => (index % 2 ? second : platform.server).inject(request)),
    )
    expect(await eventsWith('two servers')).toHaveLength(1)
    await second.close()
    await other.close()
  })

  it('are those of one event: an id that two events share drops neither', async () => {
    const body = { delivery_id: 'shared' }
    await platform.send({ body })
    await platform.send({ body, headers: { 'x-market-topic': 'order.paid' } })
    expect((await eventsWith('shared')).map(({ event }) => event).sort()).toEqual([
      'order.created',
      'order.paid',
    ])
  })

  it('are those of one workspace', async () => {
    const other = await platform.newShop('other')
    const body = { delivery_id: 'everybody' }
    await platform.send({ body })
    await platform.send({ body, subdomain: 'other' })
    expect(await eventsWith('everybody')).toHaveLength(1)
    expect(await platform.events(other)).toHaveLength(1)
  })

  it('are no duplicates after the window', async () => {
    const body = { delivery_id: 'weekly' }
    await platform.send({ body })
    platform.clock.now += 7 * 86_400_000 - 1
    await platform.send({ body })
    expect(await eventsWith('weekly')).toHaveLength(1)
    platform.clock.now += 1
    await platform.send({ body })
    expect(await eventsWith('weekly')).toHaveLength(2)
    const idsLeft = async () => {
      const rows = await allWorkspaces(platform.context.db.sql)
        .selectFrom('webhookTransaction')
        .select('transactionId')
        .where('workspaceId', '=', workspaceId)
        .execute()
      return rows.map(({ transactionId }) => transactionId)
    }
    expect((await idsLeft()).length).toBeGreaterThan(1)
    expect(await pruneWebhooks(platform.context)).toBeGreaterThan(0)
    expect(await idsLeft()).toEqual(['weekly'])
  })
})

it('a handshake is answered and not stored; a forged one is refused', async () => {
  const before = (await platform.events(workspaceId)).length
  const body = { type: 'ping', token: 'echo me' }
  const answer = await platform.send({ body })
  expect(answer).toMatchObject({ status: 200, body: 'echo me' })
  expect(answer.headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  })
  expect((await platform.send({ body, secret: 'another' })).status).toBe(401)
  expect((await platform.events(workspaceId)).length).toBe(before)
})

it('503 with Retry-After where the store cannot keep it', async () => {
  const own = await webhookPlatform()
  await own.newShop('acme')
  expect((await own.send({ body: { delivery_id: 'before the loss' } })).status).toBe(202)
  await own.context.db.close()
  const answer = await own.send({ body: { delivery_id: 'during the loss' } })
  expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '10' } })
  await own.close()
})

describe('addresses', () => {
  const serverAt = (saasApiUrl: string) => {
    const settings = { SAAS_API_URL: saasApiUrl, OAUTH_BASE_URL: 'https://connect.example.com' }
    const config = readConfig(settings, { terminal: false, workingDirectory: '/' })
    const server = fastify()
    webhookRoutes(server, { ...platform.context, config })
    return server
  }

  it.each([
    ['path', 'https://api.example.com/w/{subdomain}', '/w/acme/miniapps/market/webhooks', 'api.example.com'],
    [
      'path below another',
      'https://example.com/api/w/{subdomain}',
      '/api/w/acme/miniapps/market/webhooks',
      'example.com',
    ],
    ['subdomain', 'https://{subdomain}.api.example.com', '/miniapps/market/webhooks', 'acme.api.example.com'],
    ['single', 'https://api.example.com', '/miniapps/market/webhooks', 'api.example.com'],
  ])('%s: %s', async (mode, template, url, host) => {
    const server = serverAt(template)
    const request = requestOf({ body: { delivery_id: `at ${template}` } })
    const answer = await server.inject({ ...request, url, headers: { ...request.headers, host } })
    expect(answer.statusCode).toBe(202)
    expect(await eventsWith(`at ${template}`), mode).toHaveLength(1)
    await server.close()
  })
})
