import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { marketDefinition, marketTrigger } from '../../test/market-app.ts'
import { type WebhookPlatform, webhookPlatform } from '../../test/webhook-platform.ts'
import { uninstall } from '../install/remove.ts'
import { CLAIM_MS, processDue } from './process.ts'
import { MAX_ATTEMPTS, processEvent, RETRY_AFTER_MS } from './process-event.ts'
import { processEvents } from './process-together.ts'
import { replayEvents } from './replay.ts'
import { claimEvents } from './store.ts'
import { sleeperOf, watchDue } from './wake.ts'

const order = {
  recordType: 'order',
  operation: 'upsert',
  mapping: {
    code: '$.order.id',
    orderNumber: '$.order.number',
    status: '$.order.status',
    updatedAt: '$.order.at',
  },
}

function definition() {
  const { webhook, ...rest } = marketDefinition()
  return {
    ...rest,
    triggers: [marketTrigger('order.created'), marketTrigger('order.paid')],
    functions: { nameOf: { params: ['order'], code: 'return { value: "Buyer of " + order }' } },
    webhook: {
      ...(webhook as object),
      customerExtraction: {
        basePath: '$.buyer',
        mapping: { code: 'id', primaryEmail: 'email', firstName: 'name' },
        overrides: {
          computed: {
            mapping: {
              code: 'id',
              firstName: { transform: 'compute', fn: 'nameOf', args: { order: '$.order.id' } },
            },
          },
        },
      },
    },
    sync: { webhooks: { handlers: { 'order.created': order, 'order.paid': order } } },
  }
}

/** Of a process that has ended. */
const HOLDER = '1'

let platform: WebhookPlatform

beforeAll(async () => {
  platform = await webhookPlatform([definition()])
})

afterAll(() => platform.close())

let delivered = 0
/** Delivers an event. */
const send = (subdomain: string, event: string, body: object) =>
  platform.send({
    subdomain,
    headers: { 'x-market-topic': event },
    body: { delivery_id: String(++delivered), ...body },
  })

const rowsOf = async (table: 'customer' | 'record' | 'triggerFiring', workspaceId: string) =>
  (await allWorkspaces(platform.context.db.sql)
    .selectFrom(table)
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .execute()) as Record<string, unknown>[]

const stagesOf = (event: { stages: string } | undefined) =>
  JSON.parse(event?.stages ?? '[]').map(({ stage, status }: Record<string, string>) => `${stage} ${status}`)

/** Breaks what the triggers stage writes, as a database does that lacks room for it. */
async function breakTriggers(workspaceId: string, isBroken: boolean): Promise<void> {
  const name = sql.ref(`no_room_${workspaceId.replaceAll('-', '')}`)
  await (isBroken
    ? sql`alter table trigger_firing add constraint ${name} check (workspace_id <> ${sql.lit(workspaceId)}::uuid)`
    : sql`alter table trigger_firing drop constraint ${name}`
  ).execute(allWorkspaces(platform.context.db.sql))
}

it('makes the customer, the record and the triggers of an event, once', async () => {
  const workspaceId = await platform.newShop('all-stages')
  await send('all-stages', 'order.created', {
    order: { id: 7, number: '#7', status: 'open' },
    buyer: { id: 'c1', email: 'Ada@Example.com', name: 'Ada' },
  })
  await processDue(platform.context)
  const [event] = await platform.events(workspaceId)
  expect(event).toMatchObject({ status: 'processed', dueAt: null, error: null, attempts: 1 })
  expect(stagesOf(event)).toEqual(['customer done', 'record done', 'triggers done'])
  const [customer] = await rowsOf('customer', workspaceId)
  expect(customer).toMatchObject({ firstName: 'Ada', primaryEmail: 'ada@example.com' })
  expect(event?.customerId).toBe(customer?.['id'])
  expect(await rowsOf('record', workspaceId)).toMatchObject([
    {
      code: '7',
      contentType: 'ecommerce:orders',
      customerId: customer?.['id'],
      source: { event: event?.id },
    },
  ])
  expect(await rowsOf('triggerFiring', workspaceId)).toMatchObject([
    { type: 'miniapps:market', event: 'order.created', eventId: event?.id, round: 0 },
  ])
  expect(await processDue(platform.context)).toBe(0)
})

it('leaves stages out that have nothing to do', async () => {
  const workspaceId = await platform.newShop('nothing')
  await send('nothing', 'cart.touched', {})
  await processDue(platform.context)
  const [event] = await platform.events(workspaceId)
  expect(event?.status).toBe('processed')
  expect(stagesOf(event)).toEqual(['customer skipped', 'record skipped', 'triggers skipped'])
})

it('runs the functions that a mapping computes with', async () => {
  const workspaceId = await platform.newShop('computing')
  await send('computing', 'computed', { order: { id: 9 }, buyer: { id: 'c9' } })
  await processDue(platform.context)
  expect(await rowsOf('customer', workspaceId)).toMatchObject([{ firstName: 'Buyer of 9' }])
})

it('a record that cannot be made is final: the triggers still fire, and the event has failed with the reason', async () => {
  const workspaceId = await platform.newShop('unmappable')
  await send('unmappable', 'order.created', { order: { number: '#8' } })
  await processDue(platform.context)
  const [event] = await platform.events(workspaceId)
  expect(event).toMatchObject({ status: 'failed', dueAt: null, attempts: 1 })
  expect(stagesOf(event)).toEqual(['customer skipped', 'record failed', 'triggers done'])
  expect(JSON.parse(event?.error ?? '')).toMatchObject({
    code: 'MAPPING_FAILED',
    message: expect.stringContaining('code'),
  })
})

describe('what fails for a passing reason', () => {
  it('is tried again later from the stage that failed, five times in about an hour, and then has failed', async () => {
    const workspaceId = await platform.newShop('passing')
    await breakTriggers(workspaceId, true)
    await send('passing', 'order.created', { order: { id: 1 }, buyer: { id: 'p1' } })
    const began = platform.clock.now
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      await processDue(platform.context)
      const [event] = await platform.events(workspaceId)
      expect(event?.attempts).toBe(attempt)
      expect(stagesOf(event)).toEqual(['customer done', 'record done'])
      const delay = RETRY_AFTER_MS[attempt - 1]
      if (delay === undefined) break
      expect(event).toMatchObject({ status: 'received', dueAt: new Date(platform.clock.now + delay) })
      platform.clock.now += delay - 1
      expect(await processDue(platform.context)).toBe(0)
      platform.clock.now += 1
    }
    expect(platform.clock.now - began).toBe(60 * 60_000)
    const [event] = await platform.events(workspaceId)
    expect(event).toMatchObject({ status: 'failed', dueAt: null })
    expect(event?.error).not.toContain('constraint')
    await breakTriggers(workspaceId, false)
    expect(await replayEvents(platform.context, { workspaceId, status: 'failed' })).toBe(1)
    await processDue(platform.context)
    expect(await platform.events(workspaceId)).toMatchObject([{ status: 'processed', round: 1, error: null }])
    expect(await rowsOf('triggerFiring', workspaceId)).toMatchObject([{ round: 1 }])
    expect(await rowsOf('record', workspaceId)).toHaveLength(1)
  })

  it('holds up later events of its record and no others; they go on once it has failed', async () => {
    const workspaceId = await platform.newShop('ordered')
    await breakTriggers(workspaceId, true)
    await send('ordered', 'order.created', { order: { id: 1, status: 'open' } })
    await send('ordered', 'order.paid', { order: { id: 1, status: 'paid' } })
    await send('ordered', 'cart.touched', {})
    await processDue(platform.context)
    await processDue(platform.context)
    const statuses = async () => (await platform.events(workspaceId)).map(({ status }) => status)
    expect(await statuses()).toEqual(['received', 'received', 'processed'])
    for (const delay of RETRY_AFTER_MS) {
      platform.clock.now += delay
      await processDue(platform.context)
    }
    await breakTriggers(workspaceId, false)
    expect(await statuses()).toEqual(['failed', 'received', 'processed'])
    // The later one may have begun, and failed, as soon as the first had.
    platform.clock.now += RETRY_AFTER_MS[0]
    await processDue(platform.context)
    expect(await statuses()).toEqual(['failed', 'processed', 'processed'])
    expect(await rowsOf('record', workspaceId)).toMatchObject([{ status: 'paid' }])
  })
})

it('what an ended process had taken is taken over, and what it does afterwards counts no more', async () => {
  const workspaceId = await platform.newShop('taken')
  await send('taken', 'order.created', { order: { id: 1 } })
  const now = platform.clock.now
  const claim = { workspaceId, now: new Date(now), until: new Date(now + CLAIM_MS), holder: HOLDER, limit: 1 }
  const [lost] = await claimEvents(platform.context.db, claim)
  expect(await processDue(platform.context)).toBe(0)
  platform.clock.now += CLAIM_MS
  await processDue(platform.context)
  expect(await platform.events(workspaceId)).toMatchObject([{ status: 'processed', attempts: 2 }])
  if (lost) await processEvent(platform.context, lost)
  expect(await platform.events(workspaceId)).toMatchObject([{ status: 'processed', attempts: 2 }])
  expect(await rowsOf('triggerFiring', workspaceId)).toHaveLength(1)
})

it('what waits for an older event of its ordering key does not hide what does not', async () => {
  const { context } = platform
  const workspaceId = await platform.newShop('hidden')
  const claim = (limit: number) => {
    const now = context.now()
    return claimEvents(context.db, {
      workspaceId,
      now: new Date(now),
      until: new Date(now + CLAIM_MS),
      holder: HOLDER,
      limit,
    })
  }
  const limit = 3
  await send('hidden', 'order.created', { order: { id: 1 } })
  expect(await claim(limit)).toHaveLength(1)
  for (let index = 0; index <= limit; index++) await send('hidden', 'order.paid', { order: { id: 1 } })
  for (const id of [2, 3]) await send('hidden', 'order.created', { order: { id } })
  const bodies = (await claim(limit)).map(({ body }) => JSON.parse(body.toString()).order.id)
  expect(bodies).toEqual([2, 3])
  expect(await claim(limit)).toEqual([])
})

it('a round counts what turns at the same time have attempted', async () => {
  for (const shop of ['counted-1', 'counted-2']) {
    await platform.newShop(shop)
    await send(shop, 'cart.touched', {})
  }
  const other = Promise.withResolvers<void>()
  let begun = 0
  const attempted = await processDue(platform.context, {
    async take(_workspaceId, turn) {
      begun += 1
      if (begun === 1) await other.promise
      const count = await turn()
      other.resolve()
      return count
    },
  })
  expect(attempted).toBe(2)
})

it('two processes at once process each event once, in the order of its record', async () => {
  const workspaceId = await platform.newShop('two')
  for (let index = 1; index <= 20; index++) {
    await send('two', 'order.created', { order: { id: index % 2, status: `s${index}` } })
  }
  const other = await platform.secondServer()
  const contexts = [platform.context, other?.context ?? platform.context]
  for (let left = 1; left > 0; ) {
    const attempted = await Promise.all(contexts.map((context) => processDue(context)))
    left = Math.max(...attempted)
  }
  const events = await platform.events(workspaceId)
  expect(events.every(({ status, attempts }) => status === 'processed' && attempts === 1)).toBe(true)
  expect(
    (await rowsOf('record', workspaceId)).map((row) => `${row['code']} ${row['status']}`).sort(),
  ).toEqual(['0 s20', '1 s19'])
  expect(await rowsOf('triggerFiring', workspaceId)).toHaveLength(20)
  await other?.close()
})

it('a process that accepts nothing itself is woken', async () => {
  await platform.newShop('elsewhere')
  const other = await platform.secondServer()
  const { context } = other ?? platform
  const stop = await watchDue(context)
  const sleeper = sleeperOf(context)
  const { signal } = new AbortController()
  // Whatever woke it before counts no more.
  await sleeper.sleep(0, signal)
  const woken = sleeper.sleep(3_600_000, signal)
  await send('elsewhere', 'cart.touched', {})
  await woken
  await stop()
  await other?.close()
  await processDue(platform.context)
})

it('a workspace with many events does not make another wait for all of them', async () => {
  const busy = await platform.newShop('busy')
  const quiet = await platform.newShop('quiet')
  for (let index = 0; index < 30; index++) await send('busy', 'cart.touched', {})
  await send('quiet', 'cart.touched', {})
  await processDue(platform.context)
  expect(await platform.events(quiet)).toMatchObject([{ status: 'processed' }])
  expect((await platform.events(busy)).filter(({ status }) => status === 'received').length).toBe(18)
  await processDue(platform.context)
  await processDue(platform.context)
})

describe('events of one turn', () => {
  /** How many transactions wrote the events last. */
  const transactionsOf = async (workspaceId: string) => {
    const { rows } = await sql<{
      count: number
    }>`select count(distinct xmin::text)::int as count from webhook_event
      where workspace_id = ${workspaceId}`.execute(allWorkspaces(platform.context.db.sql))
    return rows[0]?.count
  }

  it('share a transaction, and each has its own effects', async () => {
    const workspaceId = await platform.newShop('together')
    for (let index = 1; index <= 6; index++) {
      const buyer = { id: `c${index % 2}`, name: `Buyer ${index}` }
      await send('together', 'order.created', { order: { id: index }, buyer })
    }
    await send('together', 'order.created', { order: { number: 'without an id' } })
    await send('together', 'cart.touched', {})
    await processDue(platform.context)
    const events = await platform.events(workspaceId)
    const six = Array(6).fill('processed')
    expect(events.map(({ status }) => status)).toEqual([...six, 'failed', 'processed'])
    expect(stagesOf(events[6])).toEqual(['customer skipped', 'record failed', 'triggers done'])
    expect(await transactionsOf(workspaceId)).toBe(1)
    const records = await rowsOf('record', workspaceId)
    const customers = await rowsOf('customer', workspaceId)
    expect(customers.map(({ firstName }) => firstName).sort()).toEqual(['Buyer 5', 'Buyer 6'])
    for (const [index, event] of events.slice(0, 6).entries()) {
      const own = records.find(({ code }) => code === String(index + 1))
      expect(own).toMatchObject({ source: { ns: 'market', event: event.id }, customerId: event.customerId })
      expect(customers.map(({ id }) => id)).toContain(event.customerId)
    }
    expect(new Set(customers.map(({ source }) => (source as { event: string }).event))).toEqual(
      new Set([events[0]?.id, events[1]?.id]),
    )
    expect(await rowsOf('triggerFiring', workspaceId)).toHaveLength(7)
  })

  it('go one by one where one of them is refused', async () => {
    const workspaceId = await platform.newShop('refused')
    for (const id of ['1', 'x'.repeat(501), '2']) await send('refused', 'order.created', { order: { id } })
    await processDue(platform.context)
    const events = await platform.events(workspaceId)
    expect(events.map(({ status }) => status)).toEqual(['processed', 'failed', 'processed'])
    expect(await rowsOf('record', workspaceId)).toHaveLength(2)
    expect(await rowsOf('triggerFiring', workspaceId)).toHaveLength(3)
  })

  it('count only for those that nobody else has taken since', async () => {
    const workspaceId = await platform.newShop('slow')
    for (let id = 1; id <= 3; id++) await send('slow', 'order.created', { order: { id } })
    const claim = (limit: number) => {
      const { now } = platform.clock
      const until = new Date(now + CLAIM_MS)
      const claiming = { workspaceId, now: new Date(now), until, holder: HOLDER, limit }
      return claimEvents(platform.context.db, claiming)
    }
    const lost = await claim(3)
    platform.clock.now += CLAIM_MS
    await claim(1)
    await processEvents(platform.context, lost)
    const events = await platform.events(workspaceId)
    expect(events.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual([
      'processing 2',
      'processed 1',
      'processed 1',
    ])
    expect(await rowsOf('triggerFiring', workspaceId)).toHaveLength(2)
  })
})

it('an event of an app that was uninstalled meanwhile fails with the reason', async () => {
  const workspaceId = await platform.newShop('gone')
  await send('gone', 'order.created', { order: { id: 1 } })
  await uninstall(platform.context, { workspaceId, ns: 'market' })
  await processDue(platform.context)
  const [event] = await platform.events(workspaceId)
  expect(event?.status).toBe('failed')
  expect(JSON.parse(event?.error ?? '')).toMatchObject({ code: 'NOT_INSTALLED' })
})
