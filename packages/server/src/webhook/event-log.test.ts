import { afterAll, beforeAll, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { marketDefinition, marketTrigger } from '../../test/market-app.ts'
import { type WebhookPlatform, webhookPlatform } from '../../test/webhook-platform.ts'
import { ensurePartitions } from '../db/partition.ts'
import { followPublishedVersion } from '../install/follow-version.ts'
import { registerDefinition } from '../registry/register.ts'
import { hintOf } from './event-hint.ts'
import { countDeliveries, listEvents, listRejections } from './event-log.ts'
import { processDue } from './process.ts'
import { pruneWebhooks } from './prune.ts'
import { replayEvents } from './replay.ts'

const DAY_MS = 86_400_000

/** @param fallback another path of the name in the body */
function definition(version: string, fallback?: string) {
  const { webhook } = marketDefinition()
  const eventExtraction = {
    source: 'body',
    path: '$.kind',
    ...(fallback && { fallback: { source: 'body', path: fallback } }),
  }
  return marketDefinition({
    version,
    triggers: [marketTrigger('order.created')],
    webhook: { ...(webhook as object), eventExtraction },
  })
}

let platform: WebhookPlatform

beforeAll(async () => {
  platform = await webhookPlatform([definition('1.0.0')])
})

afterAll(() => platform.close())

let delivered = 0
const send = (subdomain: string, body: object, more: object = {}) =>
  platform.send({ subdomain, body: { delivery_id: `${++delivered}`, ...body }, ...more })

const page = { limit: 100, offset: 0 }
const hint = (workspaceId: string, event: string | null) =>
  hintOf(platform.context, { workspaceId, ns: 'market', event })
const list = (filter: Parameters<typeof listEvents>[1]) => listEvents(platform.context.db, filter, page)

it('hints at the nearest event of the app, and at where a name was looked for', async () => {
  const workspaceId = await platform.newShop('hints')
  expect(await hint(workspaceId, 'order.created')).toBeUndefined()
  expect(await hint(workspaceId, 'order.creatd')).toBe(
    'No trigger and no handler of "market" is about `order.creatd`. Did you mean `order.created`?',
  )
  expect(await hint(workspaceId, 'something else')).toBe(
    'No trigger and no handler of "market" is about `something else`.',
  )
  expect(await hint(workspaceId, null)).toBe(
    'No name of an event was found: it was looked for at `$.kind` (body).',
  )
})

it('filters by transaction, by customer, and by what came again, and counts all of it', async () => {
  const workspaceId = await platform.newShop('filters')
  const from = new Date(platform.clock.now)
  for (const delivery_id of ['once', 'thrice', 'thrice', 'thrice']) {
    await send('filters', { delivery_id, kind: 'order.created' })
  }
  await send('filters', {})
  await send('filters', {}, { secret: 'another' })
  await processDue(platform.context)
  const idsOf = async (filter: object) =>
    (await list({ workspaceId, ...filter })).map(({ transactionId }) => transactionId)
  expect(await idsOf({ transactionId: 'once' })).toEqual(['once'])
  expect(await idsOf({ duplicated: true })).toEqual(['thrice'])
  expect(await idsOf({ customerId: workspaceId })).toEqual([])
  const counts = {
    received: 0,
    processing: 0,
    processed: 2,
    failed: 0,
    unknown: 1,
    duplicate: 2,
    rejected: 1,
  }
  const { db } = platform.context
  expect(await countDeliveries(db, { workspaceId })).toEqual(counts)
  const nothing = {
    received: 0,
    processing: 0,
    processed: 0,
    failed: 0,
    unknown: 0,
    duplicate: 0,
    rejected: 0,
  }
  expect(await countDeliveries(db, { workspaceId, until: new Date(from.getTime() - DAY_MS) })).toEqual(
    nothing,
  )
  expect(await countDeliveries(db, { workspaceId, ns: 'other' })).toEqual(nothing)
  const rejectionsOf = async (filter: object) =>
    (await listRejections(db, { workspaceId, limit: 10, ...filter })).map(({ code }) => code)
  expect(await rejectionsOf({ code: 'signature-differs', from })).toEqual(['signature-differs'])
  expect(await rejectionsOf({ code: 'timestamp-missing' })).toEqual([])
  expect(await rejectionsOf({ until: new Date(from.getTime() - DAY_MS) })).toEqual([])
})

it('an event without a name is replayed once a later version finds one, and others stay as they are', async () => {
  const workspaceId = await platform.newShop('unknown')
  await send('unknown', { topic: 'order.created' })
  await send('unknown', { nothing: 'at all' })
  const key = { workspaceId, ids: (await list({ workspaceId })).map(({ id }) => id) }
  expect(await replayEvents(platform.context, { workspaceId })).toBe(0)
  await registerDefinition(platform.context, definition('1.1.0', '$.topic'))
  await followPublishedVersion(platform.context, 'market')
  expect(await replayEvents(platform.context, { ...key, event: 'order.paid' })).toBe(0)
  expect(await replayEvents(platform.context, { ...key, status: 'failed' })).toBe(0)
  expect(await replayEvents(platform.context, { ...key, status: 'unknown' })).toBe(1)
  await processDue(platform.context)
  const events = await platform.events(workspaceId)
  expect(events).toMatchObject([
    { event: 'order.created', status: 'processed', round: 1 },
    { event: null, status: 'unknown', round: 0 },
  ])
  const fired = await allWorkspaces(platform.context.db.sql)
    .selectFrom('triggerFiring')
    .select(['event', 'round', 'eventId'])
    .where('workspaceId', '=', workspaceId)
    .execute()
  expect(fired).toEqual([{ event: 'order.created', round: 1, eventId: events[0]?.id }])
})

it('whole days are forgotten after 30, with what fired; what tells duplicates goes when its window is over', async () => {
  const workspaceId = await platform.newShop('retention')
  const today = platform.clock.now
  const old = today - 40 * DAY_MS
  platform.clock.now = old
  await send('retention', { delivery_id: 'old', kind: 'order.created', topic: 'order.created' })
  await processDue(platform.context)
  platform.clock.now = today
  await send('retention', { delivery_id: 'young', kind: 'order.created', topic: 'order.created' })
  await processDue(platform.context)
  const count = async (table: 'webhookEvent' | 'triggerFiring' | 'webhookTransaction') =>
    (
      await allWorkspaces(platform.context.db.sql)
        .selectFrom(table)
        .select('workspaceId')
        .where('workspaceId', '=', workspaceId)
        .execute()
    ).length
  const counts = async () => [
    await count('webhookEvent'),
    await count('triggerFiring'),
    await count('webhookTransaction'),
  ]
  expect(await counts()).toEqual([2, 2, 2])
  const { db, log } = platform.context
  // One day of each table at a time.
  while ((await ensurePartitions(db, { now: today, log })).dropped.length > 0);
  expect(await counts()).toEqual([1, 1, 2])
  expect((await platform.events(workspaceId)).map(({ transactionId }) => transactionId)).toEqual(['young'])
  await pruneWebhooks(platform.context)
  expect(await counts()).toEqual([1, 1, 1])
})
