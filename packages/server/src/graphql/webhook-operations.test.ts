import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, testApi } from '../../test/api.ts'
import { uuidTime, uuidv7 } from '../db/uuid.ts'
import { acceptEvent } from '../webhook/accept.ts'
import { countRejection } from '../webhook/reject.ts'
import { claimEvents, saveProgress } from '../webhook/store.ts'

let api: TestApi
const ids: string[] = []

/** Of the default workspace where nothing else is said. */
async function accept(
  event: string | undefined,
  body: Buffer,
  workspaceId = api.workspace.id,
): Promise<string> {
  const id = uuidv7(api.clock.now)
  await acceptEvent(api.context, {
    workspaceId,
    id,
    createdAt: uuidTime(id),
    ns: event === 'other' ? 'other' : 'market',
    event,
    transactionId: createHash('sha256').update(body).digest('hex'),
    windowMs: 86_400_000,
    orderingKey: undefined,
    headers: { 'x-topic': 'order.created' },
    body,
    note: undefined,
    again: 0,
  })
  return id
}

beforeAll(async () => {
  api = await testApi()
  for (const event of ['order.created', undefined, 'other']) {
    ids.push(await accept(event, Buffer.from(`{"of":"${event}"}`)))
    // Beyond what the file may have taken by now: ids that the machine's clock made do not come after these.
    api.clock.now += 60_000
  }
  ids.push(await accept('order.created', Buffer.from([0xff, 0x00])))
  await accept('order.created', Buffer.from('{"of":"order.created"}'))
  await accept('order.created', Buffer.from('{"of":"somebody else"}'), crypto.randomUUID())
})

afterAll(() => api.close())

const LIST =
  'query ($ns: String, $event: String, $status: String, $first: Int, $after: String, $from: Date, $until: Date) { webhookEvents(ns: $ns, event: $event, status: $status, first: $first, after: $after, from: $from, until: $until) { data { _id event status duplicates bodyBytes body } pagination { totalCount hasNextPage endCursor } } }'

const idsOf = async (variables: Record<string, unknown>) =>
  (await api.call(LIST, { variables })).data.webhookEvents.data.map(({ _id }: { _id: string }) => _id)

describe('webhookEvents', () => {
  it('lists what came to this workspace, newest first, without bodies, and counts duplicates', async () => {
    const { data } = await api.call(LIST)
    expect(data.webhookEvents.data).toMatchObject([
      { _id: ids[3], status: 'received', duplicates: 0, bodyBytes: 2, body: null },
      { _id: ids[2], event: 'other' },
      { _id: ids[1], event: null, status: 'unknown' },
      { _id: ids[0], event: 'order.created', duplicates: 1 },
    ])
    expect(data.webhookEvents.pagination.totalCount).toBe(4)
  })

  it.each([
    [{ ns: 'other' }, [2]],
    [{ event: 'order.created' }, [3, 0]],
    [{ status: 'unknown' }, [1]],
    [{ ns: 'market', status: 'received' }, [3, 0]],
  ])('filters by %o', async (filter, places) => {
    expect(await idsOf(filter)).toEqual(places.map((place) => ids[place]))
  })

  it('filters by time, from the first instant on and before the last', async () => {
    const at = (place: number) => uuidTime(ids[place] ?? '').toISOString()
    expect(await idsOf({ from: at(1), until: at(3) })).toEqual([ids[2], ids[1]])
  })

  it('goes on where a page ended', async () => {
    const { data } = await api.call(LIST, { variables: { first: 3 } })
    expect(data.webhookEvents.pagination.hasNextPage).toBe(true)
    expect(await idsOf({ first: 3, after: data.webhookEvents.pagination.endCursor })).toEqual([ids[0]])
  })

  it('says which statuses there are', async () => {
    const { errors } = await api.call(LIST, { variables: { status: 'lost' } })
    expect(errors[0]?.message).toContain('received, processing, processed, failed, unknown')
  })
})

it('webhookCounts tell how many there are of each status, and how many came again', async () => {
  const counts =
    'query ($until: Date) { webhookCounts(until: $until) { received unknown duplicate rejected } }'
  const { data } = await api.call(counts)
  expect(data.webhookCounts).toMatchObject({ received: 3, unknown: 1 })
  const until = '2020-01-01T00:00:00Z'
  const { data: before } = await api.call(counts, { variables: { until } })
  expect(before.webhookCounts).toEqual({ received: 0, unknown: 0, duplicate: 0, rejected: 0 })
})

describe('webhookEvent', () => {
  const ONE = 'query ($id: String!) { webhookEvent(_id: $id) { _id headers body bodyBase64 stages error } }'
  const one = async (id: string | undefined) => api.call(ONE, { variables: { id } })

  it('has headers and body', async () => {
    expect((await one(ids[0])).data.webhookEvent).toMatchObject({
      headers: { 'x-topic': 'order.created' },
      body: '{"of":"order.created"}',
      stages: [],
      error: null,
    })
  })

  it('shows bytes that are no text as they are', async () => {
    expect((await one(ids[3])).data.webhookEvent).toMatchObject({ body: null, bodyBase64: '/wA=' })
  })

  it.each(['nonsense', uuidv7()])('of the id %s is not found', async (id) => {
    expect((await one(id)).errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }])
  })
})

it('webhookRejections tell how many were refused, and why', async () => {
  const rejection = {
    workspaceId: api.workspace.id,
    ns: 'market',
    code: 'signature-differs',
    reason: 'It differs.',
  }
  await Promise.all([1, 2].map(() => countRejection(api.context, { ...rejection, headerNames: ['x-topic'] })))
  const { data } = await api.call('{ webhookRejections(ns: "market") { code count reason headerNames } }')
  expect(data.webhookRejections).toEqual([
    { code: 'signature-differs', count: 2, reason: 'It differs.', headerNames: ['x-topic'] },
  ])
  expect((await api.call('{ webhookRejections(ns: "other") { count } }')).data.webhookRejections).toEqual([])
})

describe('webhookEventsReplay', () => {
  const REPLAY =
    'mutation ($ids: [String!], $ns: String, $status: String) { webhookEventsReplay(ids: $ids, ns: $ns, status: $status) }'

  it('wants to know which', async () => {
    expect((await api.call(REPLAY)).errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
  })

  it('starts another round for those that were settled, and for no others', async () => {
    const { db } = api.context
    const { id: workspaceId } = api.workspace
    const now = new Date(api.clock.now)
    const claimed = await claimEvents(db, {
      workspaceId,
      now,
      until: new Date(api.clock.now + 1000),
      holder: '1',
      limit: 2,
    })
    expect(claimed.map(({ id }) => id)).toEqual([ids[0], ids[2]])
    for (const claim of claimed) {
      await saveProgress(db.sql, claim, {
        stages: '[]',
        status: 'failed',
        error: '{"code":"X"}',
        dueAt: null,
      })
    }
    const replay = async (variables: object) => (await api.call(REPLAY, { variables: { ...variables } })).data
    expect(await replay({ ids: ['nonsense'] })).toEqual({ webhookEventsReplay: 0 })
    expect(await replay({ ids: [ids[0], ids[1], ids[3]] })).toEqual({ webhookEventsReplay: 1 })
    expect(await replay({ ns: 'other', status: 'failed' })).toEqual({ webhookEventsReplay: 1 })
    const { data } = await api.call('{ webhookEvents { data { round status error } } }')
    expect(data.webhookEvents.data).toEqual([
      { round: 0, status: 'received', error: null },
      { round: 1, status: 'received', error: null },
      { round: 0, status: 'unknown', error: null },
      { round: 1, status: 'received', error: null },
    ])
  })
})
