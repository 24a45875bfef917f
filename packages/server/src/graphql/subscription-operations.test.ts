import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, testApi } from '../../test/api.ts'
import { fanOut } from '../notify/fan-out.ts'
import { CIRCUIT_OPEN_MS } from '../notify/state.ts'
import { lockSubscription, updateSubscription } from '../notify/store.ts'
import { MAX_SUBSCRIPTIONS } from '../notify/subscribe.ts'
import {
  MAX_ATTEMPTS,
  MAX_BACKOFF_MS,
  MAX_RATE_LIMIT_PER_MINUTE,
  MAX_URL_CHARACTERS,
} from '../notify/wanted.ts'
import { addOutboxEvents } from '../outbox/event.ts'

let api: TestApi

beforeAll(async () => {
  api = await testApi()
})

afterAll(() => api.close())

const FIELDS =
  '_id url name token secret actions { type action label } retryPolicy { maxAttempts backoffMs } rateLimitPerMinute isActive status circuitState consecutiveFailures previousSecretExpiresAt'
const ADD = `mutation ($url: String!, $name: String, $actions: [WebhookActionInput!], $policy: WebhookRetryPolicyInput, $rate: Int) {
  webhooksAdd(url: $url, name: $name, actions: $actions, retryPolicy: $policy, rateLimitPerMinute: $rate) { ${FIELDS} }
}`
const CUSTOMERS = [{ type: 'core:customer', action: 'create' }]
const REFUSED = { extensions: { code: 'BAD_USER_INPUT' } }

const add = (variables: object, options = {}) =>
  api.call(ADD, { variables: { url: 'https://hooks.example/a', ...variables }, ...options })

async function added(variables: object = {}): Promise<string> {
  // Ids that are made meanwhile with the time of the machine do not come before this one.
  api.clock.now = Date.now()
  const { data, errors } = await add(variables)
  expect(errors).toEqual([])
  return data.webhooksAdd._id
}

const remove = (id: string) =>
  api.call('mutation ($id: String!) { webhooksRemove(_id: $id) }', { variables: { id } })

const detail = async (id: string) =>
  (await api.call(`query ($id: String!) { webhookDetail(_id: $id) { ${FIELDS} } }`, { variables: { id } }))
    .data.webhookDetail

const logs = async (webhookId: string, status?: string, token?: string) =>
  (
    await api.call(
      'query ($webhookId: String!, $status: String) { webhookDeliveryLogs(webhookId: $webhookId, status: $status) { data { _id deliveryId event status attemptNumber requestBody } pagination { totalCount } } }',
      { variables: { webhookId, status }, ...(token && { token }) },
    )
  ).data.webhookDeliveryLogs

describe('webhooksAdd', () => {
  it('answers with what was left out, and with token and secret, this once', async () => {
    const { data } = await add({ name: 'Shop', actions: CUSTOMERS })
    expect(data.webhooksAdd).toMatchObject({
      url: 'https://hooks.example/a',
      name: 'Shop',
      actions: [{ type: 'core:customer', action: 'create', label: 'Customer created' }],
      retryPolicy: { maxAttempts: 3, backoffMs: [5_000, 30_000, 120_000] },
      rateLimitPerMinute: 100,
      isActive: true,
      status: 'active',
      circuitState: 'closed',
      token: expect.stringMatching(/^[\w-]{43}$/),
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
    })
    const { _id, token, secret } = data.webhooksAdd
    expect(await detail(_id)).toMatchObject({ name: 'Shop', token: null, secret: null })
    const rows = await api.context.db.sql
      .selectFrom('subscription')
      .selectAll()
      .where('workspaceId', '=', api.workspace.id)
      .execute()
    const stored = rows.map((row) => `${JSON.stringify(row)} ${row.secrets.toString('latin1')}`).join()
    expect(stored).not.toContain(token)
    expect(stored).not.toContain(secret)
    expect(await logs(_id)).toMatchObject({ data: [{ event: 'system.ping', status: 'pending' }] })
    await remove(_id)
  })

  it.each<[string, object, string]>([
    ['http', { url: 'http://hooks.example/' }, 'https://'],
    ['no address', { url: 'hooks' }, 'absolute'],
    ['user info', { url: 'https://a:b@hooks.example/' }, 'user name'],
    ['a port of mail', { url: 'https://hooks.example:25/' }, 'port 25'],
    ['this machine by name', { url: 'https://localhost/' }, 'this machine'],
    ['this machine', { url: 'https://127.0.0.1/' }, 'a loopback address'],
    ['this machine in another spelling', { url: 'https://[::ffff:7f00:1]/' }, 'a loopback address'],
    ['a private address', { url: 'https://10.0.0.1/' }, 'a private address'],
    ['metadata', { url: 'https://169.254.169.254/' }, 'a link-local address'],
    ['a long address', { url: `https://hooks.example/${'a'.repeat(MAX_URL_CHARACTERS)}` }, '2048'],
    [
      'an unknown event',
      { actions: [{ type: 'core:customer', action: 'creat' }] },
      'Did you mean core:customer.create?',
    ],
    ['no attempt', { policy: { maxAttempts: 0 } }, 'from 1 to 10'],
    ['too many attempts', { policy: { maxAttempts: MAX_ATTEMPTS + 1 } }, 'from 1 to 10'],
    ['a long pause', { policy: { backoffMs: [MAX_BACKOFF_MS + 1] } }, '86400000'],
    ['no pauses', { policy: { backoffMs: [] } }, '1 to 10'],
    ['no rate', { rate: 0 }, 'from 1 to 6000'],
    ['a high rate', { rate: MAX_RATE_LIMIT_PER_MINUTE + 1 }, 'from 1 to 6000'],
  ])('refuses %s', async (_what, variables, words) => {
    const { errors } = await add(variables)
    expect(errors).toMatchObject([{ ...REFUSED, message: expect.stringContaining(words) }])
  })

  it('takes values at their limits', async () => {
    const url = `https://hooks.example/${'a'.repeat(MAX_URL_CHARACTERS - 'https://hooks.example/'.length)}`
    const policy = { maxAttempts: MAX_ATTEMPTS, backoffMs: Array(MAX_ATTEMPTS).fill(MAX_BACKOFF_MS) }
    const id = await added({ url, policy, rate: MAX_RATE_LIMIT_PER_MINUTE })
    expect(await detail(id)).toMatchObject({ url, retryPolicy: policy, rateLimitPerMinute: 6_000 })
    await remove(id)
  })

  it(`refuses more than ${MAX_SUBSCRIPTIONS}`, async () => {
    const ids: string[] = []
    for (let count = 0; count < MAX_SUBSCRIPTIONS; count++) ids.push(await added())
    expect((await add({})).errors).toMatchObject([REFUSED])
    for (const id of ids) await remove(id)
  })
})

it('nobody is told what their token may not read, and nobody reads it in the log', async () => {
  const token = await api.tokenWith('showDeveloper', 'manageDeveloper', 'showOrders')
  const orders = [{ type: 'ecommerce:order', action: 'create' }]
  const refused = [{ message: expect.stringContaining('showCustomers'), extensions: { code: 'FORBIDDEN' } }]
  expect((await add({ actions: [...orders, ...CUSTOMERS] }, { token })).errors).toMatchObject(refused)
  const id = await added({ actions: CUSTOMERS })
  const edit = await api.call(
    'mutation ($id: String!) { webhooksEdit(_id: $id, url: "https://mine.example") { _id } }',
    {
      variables: { id },
      token,
    },
  )
  expect(edit.errors).toMatchObject(refused)
  const { context, workspace } = api
  await context.db.transaction((trx) =>
    addOutboxEvents(context, trx, [
      { workspaceId: workspace.id, type: 'core:customer', action: 'create', object: { _id: 'ada' } },
    ]),
  )
  await fanOut(context)
  await context.db.sql
    .updateTable('delivery')
    .set({ requestBody: '{"ada":1}' })
    .where('workspaceId', '=', workspace.id)
    .execute()
  const bodies = async (as?: string) =>
    (await logs(id, undefined, as)).data.map(({ event, requestBody }: Record<string, string>) => [
      event,
      requestBody,
    ])
  expect(await bodies()).toEqual([
    ['core:customer.create', '{"ada":1}'],
    ['system.ping', '{"ada":1}'],
  ])
  expect(await bodies(token)).toEqual([
    ['core:customer.create', null],
    ['system.ping', '{"ada":1}'],
  ])
  await remove(id)
})

it('webhooks lists the newest first, by status and by words', async () => {
  const shop = await added({ name: 'Shop', url: 'https://shop.example/x' })
  const other = await added({ name: 'Other' })
  await api.call('mutation ($id: String!) { webhooksToggle(_id: $id) { status } }', {
    variables: { id: other },
  })
  const idsOf = async (args: string) =>
    (await api.call(`{ webhooks${args} { data { _id } pagination { totalCount } } }`)).data.webhooks.data.map(
      ({ _id }: { _id: string }) => _id,
    )
  expect(await idsOf('')).toEqual([other, shop])
  expect(await idsOf('(status: "active")')).toEqual([shop])
  expect(await idsOf('(status: "inactive")')).toEqual([other])
  expect(await idsOf('(searchValue: "SHOP.example")')).toEqual([shop])
  const { data } = await api.call('{ webhooks(first: 1) { pagination { endCursor } } }')
  expect(await idsOf(`(after: "${data.webhooks.pagination.endCursor}")`)).toEqual([shop])
  expect((await api.call('{ webhooks(status: "lost") { data { _id } } }')).errors).toMatchObject([REFUSED])
  for (const id of [shop, other]) await remove(id)
})

it('what waits is called circuit-open while the circuit is, and can be asked for by that name', async () => {
  const id = await added()
  const { context, workspace, clock } = api
  await context.db.transaction(async (trx) => {
    const key = { workspaceId: workspace.id, id }
    await lockSubscription(trx, key)
    const circuitOpenUntil = new Date(clock.now + CIRCUIT_OPEN_MS)
    await updateSubscription(trx, key, { consecutiveFailures: 5, circuitOpenUntil })
  })
  expect(await detail(id)).toMatchObject({ circuitState: 'open', consecutiveFailures: 5 })
  expect(await logs(id, 'circuit-open')).toMatchObject({ data: [{ status: 'circuit-open' }] })
  expect(await logs(id, 'pending')).toEqual({ data: [], pagination: { totalCount: 0 } })
  const { data } = await api.call(
    'mutation ($id: String!) { webhooksReset(_id: $id) { circuitState consecutiveFailures } }',
    { variables: { id } },
  )
  expect(data.webhooksReset).toEqual({ circuitState: 'closed', consecutiveFailures: 0 })
  expect(await logs(id, 'circuit-open')).toEqual({ data: [], pagination: { totalCount: 0 } })
  expect(await logs(id, 'pending')).toMatchObject({ data: [{ status: 'pending' }] })
  await remove(id)
})

it('every change is in the audit log, without secrets', async () => {
  const { data } = await add({ url: 'https://hooks.example/a?key=hidden', actions: CUSTOMERS })
  const { _id: id, secret } = data.webhooksAdd
  const call = (query: string) => api.call(query, { variables: { id } })
  await call('mutation ($id: String!) { webhooksEdit(_id: $id, name: "New", rateLimitPerMinute: 7) { _id } }')
  await call('mutation ($id: String!) { webhooksToggle(_id: $id, isActive: false) { _id } }')
  await call('mutation ($id: String!) { webhooksToggle(_id: $id, isActive: false) { _id } }')
  const rotated = await call(
    'mutation ($id: String!) { webhooksRotateSecret(_id: $id) { secret previousSecretExpiresAt } }',
  )
  expect(rotated.data.webhooksRotateSecret).toMatchObject({
    secret: expect.stringMatching(/^whsec_/),
    previousSecretExpiresAt: new Date(api.clock.now + 86_400_000).toISOString(),
  })
  expect(rotated.data.webhooksRotateSecret.secret).not.toBe(secret)
  await remove(id)
  const { data: log } = await api.call('{ auditLog(first: 100) { data { kind subjectId details } } }')
  const entries = log.auditLog.data.filter(({ subjectId }: { subjectId: string }) => subjectId === id)
  expect(entries).toHaveLength(5)
  expect(entries.map(({ kind, details }: { kind: string; details: object }) => ({ kind, details }))).toEqual(
    expect.arrayContaining([
      { kind: 'webhook.removed', details: { url: 'https://hooks.example/a' } },
      { kind: 'webhook.rotated', details: {} },
      { kind: 'webhook.changed', details: { isActive: false } },
      { kind: 'webhook.changed', details: { name: 'New', rateLimitPerMinute: 7 } },
      {
        kind: 'webhook.added',
        details: { url: 'https://hooks.example/a', actions: ['core:customer.create'] },
      },
    ]),
  )
})

it.each([
  'webhookDetail(_id: $id) { _id }',
  'webhookDeliveryLogs(webhookId: $id) { data { _id } }',
  'webhooksEdit(_id: $id) { _id }',
  'webhooksToggle(_id: $id) { _id }',
  'webhooksRotateSecret(_id: $id) { _id }',
  'webhooksPing(_id: $id) { _id }',
  'webhooksRetryDelivery(logId: $id) { _id }',
  'webhooksReset(_id: $id) { _id }',
  'webhooksRemove(_id: $id)',
])('%s of what is not there is not found', async (operation) => {
  const kind = operation.startsWith('webhookD') ? 'query' : 'mutation'
  for (const id of ['nonsense', crypto.randomUUID()]) {
    const { errors } = await api.call(`${kind} ($id: String!) { ${operation} }`, { variables: { id } })
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }])
  }
})
