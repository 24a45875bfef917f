import { createHmac } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answers, type EventReceiver, hangs, resets, startEventReceiver } from '../../test/event-receiver.ts'
import { type TestPlatform, testPlatform } from '../../test/platform.ts'
import { addOutboxEvents } from '../outbox/event.ts'
import { CLAIM_MS, claimDue } from './claim.ts'
import { ATTEMPTS_PER_SUBSCRIPTION, attemptsEnded, deliverDue } from './deliver.ts'
import { editSubscription, resetCircuit, toggleSubscription } from './edit-subscription.ts'
import { fanOut } from './fan-out.ts'
import { freeLeftAttempts } from './left-attempts.ts'
import { ping } from './ping.ts'
import { pruneToldEvents } from './prune.ts'
import { removeSubscription } from './remove-subscription.ts'
import { retryDelivery } from './retry-delivery.ts'
import { PREVIOUS_SECRET_MS, rotateSecret } from './rotate-secret.ts'
import { CIRCUIT_OPEN_MS, circuitState, FAILURES_TO_OPEN } from './state.ts'
import { findSubscription, listDeliveries, type SubscriptionKey } from './store.ts'
import { subscribe } from './subscribe.ts'
import type { Wanted } from './wanted.ts'

const ORIGIN = 'https://receiver.example'
const CREATED = [{ type: 'core:customer', action: 'create' }]

let platform: TestPlatform
let receiver: EventReceiver
let workspaces = 0

beforeAll(async () => {
  receiver = await startEventReceiver()
  platform = await testPlatform({ [ORIGIN]: receiver.origin })
})

afterAll(async () => {
  await platform.close()
  await receiver.close()
})

const caller = (workspaceId: string) =>
  ({ workspaceId, name: 'test', can: () => true }) as unknown as Parameters<typeof subscribe>[1]

/** A workspace of its own with one subscription whose ping was answered. */
async function subscribed(wanted: Wanted = {}) {
  const path = `/hook-${++workspaces}`
  const { workspaceId } = await platform.newActor(`workspace-${workspaces}`)
  const { subscription, secrets } = await subscribe(platform.context, caller(workspaceId), {
    actions: CREATED,
    ...wanted,
    url: `${ORIGIN}${path}`,
  })
  const key: SubscriptionKey = { workspaceId, id: subscription.id }
  await deliverAll()
  return { workspaceId, key, secrets, path }
}

/** Everything that is due by the platform's clock. */
async function deliverAll(context = platform.context): Promise<void> {
  await attemptsEnded(context)
  let done: number
  do {
    done = await deliverDue(context)
    await attemptsEnded(context)
  } while (done > 0)
}

/** As a change of customers does it. @returns the ids of the events */
function happen(workspaceId: string, count = 1): Promise<string[]> {
  const { context } = platform
  const events = Array.from({ length: count }, (_, index) => ({
    workspaceId,
    type: 'core:customer' as const,
    action: 'create' as const,
    object: { _id: `customer-${index}`, firstName: 'Ada' },
  }))
  return context.db.transaction((trx) => addOutboxEvents(context, trx, events))
}

const ofCustomers = (path: string) =>
  receiver.to(path).filter(({ envelope }) => envelope.event === 'core:customer.create')

async function logOf({ workspaceId, id }: SubscriptionKey) {
  const filter = { workspaceId, subscriptionId: id }
  const rows = await listDeliveries(platform.context.db.sql, filter, { limit: 500, offset: 0 })
  return rows.filter(({ event }) => event !== 'system.ping').reverse()
}

async function stateOf(key: SubscriptionKey) {
  const subscription = await findSubscription(platform.context.db.sql, key)
  if (subscription === undefined) throw new Error('It is gone.')
  return circuitState(subscription, platform.clock.now)
}

const hmac = (body: string, secret: string) =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

describe('a delivery', () => {
  it('says what happened, in the envelope of the specification', async () => {
    const { workspaceId, key, path } = await subscribed({ description: 'Ours' })
    const [eventId] = await happen(workspaceId)
    await deliverAll()
    const [delivery] = ofCustomers(path)
    const [entry] = await logOf(key)
    expect(delivery).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } })
    expect(delivery?.envelope).toEqual({
      id: eventId,
      version: '1',
      timestamp: new Date(platform.clock.now).toISOString(),
      event: 'core:customer.create',
      data: { type: 'core:customer', object: { _id: 'customer-0', firstName: 'Ada' } },
      metadata: {
        webhookId: key.id,
        deliveryId: entry?.id,
        attemptNumber: 1,
        description: 'Customer created',
        resourceUrl: null,
      },
    })
    expect(entry).toMatchObject({
      status: 'success',
      eventId,
      responseStatus: 200,
      responseBody: 'ok',
      requestBody: delivery?.body,
      error: null,
      dueAt: null,
    })
  })

  it('is signed in both ways, and in the log without the token', async () => {
    const { workspaceId, key, secrets, path } = await subscribed()
    await happen(workspaceId)
    await deliverAll()
    const [delivery] = ofCustomers(path)
    const { body = '', headers = {} } = delivery ?? {}
    expect(headers).toMatchObject({
      'miniapps-token': secrets.token,
      'x-miniapps-signature-256': hmac(body, secrets.secret),
    })
    const verifier = new Webhook(secrets.secret)
    expect(verifier.verify(body, headers as Record<string, string>)).toMatchObject({ version: '1' })
    expect(() => verifier.verify(`${body} `, headers as Record<string, string>)).toThrow()
    const [entry] = await logOf(key)
    expect(entry?.requestHeaders).not.toContain(secrets.token)
    expect(JSON.parse(entry?.requestHeaders ?? '{}')).toMatchObject({
      'MiniApps-token': '***',
      'X-MiniApps-Signature-256': headers['x-miniapps-signature-256'],
    })
  })

  it('has the original header names where the setting asks for them', async () => {
    const { workspaceId, secrets, path } = await subscribed()
    await happen(workspaceId)
    const { context } = platform
    await deliverAll({ ...context, config: { ...context.config, webhookHeaderPrefix: 'Karzoun' } })
    const [delivery] = ofCustomers(path)
    expect(delivery?.headers).toMatchObject({
      'karzoun-token': secrets.token,
      'x-karzoun-signature-256': hmac(delivery?.body ?? '', secrets.secret),
    })
  })

  it('is signed with the secret before too, for a day after a rotation', async () => {
    const { workspaceId, key, secrets, path } = await subscribed()
    const { secrets: next } = await rotateSecret(platform.context, key)
    expect(next.secret).not.toBe(secrets.secret)
    const deliver = async () => {
      await happen(workspaceId)
      await deliverAll()
      const { body = '', headers = {} } = ofCustomers(path).at(-1) ?? {}
      return { body, headers: headers as Record<string, string> }
    }
    const during = await deliver()
    expect(during.headers['x-miniapps-signature-256']).toBe(hmac(during.body, next.secret))
    expect(during.headers['x-miniapps-signature-256-previous']).toBe(hmac(during.body, secrets.secret))
    for (const { secret } of [secrets, next]) {
      expect(new Webhook(secret).verify(during.body, during.headers)).toBeTruthy()
    }
    platform.clock.now += PREVIOUS_SECRET_MS - 1
    expect((await deliver()).headers).toHaveProperty('x-miniapps-signature-256-previous')
    platform.clock.now += 1
    const later = await deliver()
    expect(later.headers).not.toHaveProperty('x-miniapps-signature-256-previous')
    expect(later.headers['webhook-signature']?.split(' ')).toHaveLength(1)
  })

  it('keeps 4 KiB of the answer, and no secret that it repeats', async () => {
    const { workspaceId, key, secrets, path } = await subscribed()
    const body = `you sent ${secrets.token} ${'é'.repeat(100_000)}`
    receiver.behave(path, answers(200, body))
    await happen(workspaceId)
    await deliverAll()
    const [entry] = await logOf(key)
    expect(entry?.status).toBe('success')
    expect(entry?.responseBody).toHaveLength(4096)
    expect(entry?.responseBody).toMatch(/^you sent \*\*\* é+$/)
  })

  it('is not sent where a redirect leads', async () => {
    const { workspaceId, key, path } = await subscribed()
    receiver.behave(path, answers(307, '', { location: `${ORIGIN}/elsewhere` }))
    await happen(workspaceId)
    await deliverAll()
    expect(receiver.to('/elsewhere')).toEqual([])
    expect((await logOf(key))[0]).toMatchObject({ status: 'failed', responseStatus: 307 })
  })
})

describe('events', () => {
  it('become one delivery for each active subscription that wants them, in however many processes', async () => {
    const { workspaceId, key, path } = await subscribed()
    const other = await subscribe(platform.context, caller(workspaceId), {
      url: `${ORIGIN}${path}-other`,
      actions: [{ type: 'ecommerce:order', action: 'create' }],
    })
    const paused = await subscribe(platform.context, caller(workspaceId), {
      url: `${ORIGIN}${path}-paused`,
      actions: CREATED,
    })
    await toggleSubscription(platform.context, { workspaceId, id: paused.subscription.id })
    const stranger = await subscribed()
    const ids = await happen(workspaceId, 450)
    const second = await platform.secondServer()
    const contexts = [platform.context, second?.context ?? platform.context]
    const counts = await Promise.all([...contexts, ...contexts].map((context) => fanOut(context)))
    expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThan(0)
    while ((await fanOut(platform.context)) > 0) {
      // The rest.
    }
    await second?.close()
    expect((await logOf(key)).map(({ eventId }) => eventId).sort()).toEqual(ids.sort())
    for (const id of [other.subscription.id, paused.subscription.id]) {
      expect(await logOf({ workspaceId, id })).toEqual([])
    }
    expect(await logOf(stranger.key)).toEqual([])
    await removeSubscription(platform.context, key)
  })

  it('of a transaction that failed are not told', async () => {
    const { workspaceId, path } = await subscribed()
    const { context } = platform
    const failing = context.db.transaction(async (trx) => {
      const object = { _id: 'never' }
      await addOutboxEvents(context, trx, [{ workspaceId, type: 'core:customer', action: 'create', object }])
      throw new Error('rolled back')
    })
    await expect(failing).rejects.toThrow('rolled back')
    await deliverAll()
    expect(ofCustomers(path)).toEqual([])
  })
})

describe('an attempt that fails', () => {
  it('is made again after each pause of the policy, with the same id, until the last', async () => {
    const { workspaceId, key, path } = await subscribed({
      retryPolicy: { maxAttempts: 4, backoffMs: [1_000, 60_000] },
    })
    receiver.behave(path, (response, attempt) =>
      attempt % 2 ? resets(response, attempt) : response.writeHead(500).end('no'),
    )
    const [eventId] = await happen(workspaceId)
    for (const [index, pause] of [1_000, 60_000, 60_000, 0].entries()) {
      await deliverAll()
      expect(ofCustomers(path)).toHaveLength(index + 1)
      platform.clock.now += pause - 1
      await deliverAll()
      expect(ofCustomers(path)).toHaveLength(index + 1)
      platform.clock.now += 1
    }
    platform.clock.now += 86_400_000
    await deliverAll()
    const log = await logOf(key)
    expect(log.map(({ attemptNumber, status }) => `${attemptNumber} ${status}`)).toEqual([
      '1 failed',
      '2 failed',
      '3 failed',
      '4 failed',
    ])
    const seen = ofCustomers(path).map(({ envelope }) => envelope)
    expect(new Set(seen.map(({ id }) => id))).toEqual(new Set([eventId]))
    expect(new Set(seen.map(({ metadata }) => metadata.deliveryId)).size).toBe(4)
    expect(log.map(({ error }) => error)).toContain('The server answered 500; only 2xx counts as delivered.')
    expect(log.map(({ error }) => error).join()).toContain('the connection')
  })

  it('is made again by hand, as another attempt', async () => {
    const { workspaceId, key, path } = await subscribed({ retryPolicy: { maxAttempts: 1 } })
    receiver.behave(path, answers(503))
    const [eventId] = await happen(workspaceId)
    await deliverAll()
    const [failed] = await logOf(key)
    receiver.behave(path, answers(204))
    await retryDelivery(platform.context, { workspaceId, id: String(failed?.id) })
    await deliverAll()
    expect(await logOf(key)).toMatchObject([
      { attemptNumber: 1, status: 'failed' },
      { attemptNumber: 2, status: 'success', eventId, responseStatus: 204 },
    ])
    const delivered = (await logOf(key))[1]
    await expect(retryDelivery(platform.context, { workspaceId, id: String(delivered?.id) })).rejects.toThrow(
      'has not failed',
    )
  })

  it('by hand goes ahead with the attempt that waits for its time', async () => {
    const { workspaceId, key, path } = await subscribed()
    receiver.behave(path, answers(503))
    await happen(workspaceId)
    await deliverAll()
    receiver.behave(path, answers(200))
    const [failed] = await logOf(key)
    const retry = await retryDelivery(platform.context, { workspaceId, id: String(failed?.id) })
    await deliverAll()
    expect(await logOf(key)).toMatchObject([{ status: 'failed' }, { id: retry.id, status: 'success' }])
  })

  it('whose process ended is made again with the same id, once its claim is over', async () => {
    const { workspaceId, key, path } = await subscribed()
    const [eventId] = await happen(workspaceId)
    await fanOut(platform.context)
    const taken = await claimDue(platform.context, key, { free: 4, underWay: 0 })
    expect(taken.map(({ claim }) => claim.eventId)).toEqual([eventId])
    platform.clock.now += CLAIM_MS - 1
    await deliverAll()
    expect(ofCustomers(path)).toEqual([])
    platform.clock.now += 1
    await deliverAll()
    expect(ofCustomers(path).map(({ envelope }) => envelope.id)).toEqual([eventId])
    expect(await logOf(key)).toMatchObject([{ attemptNumber: 1, status: 'success', claims: 2 }])
  })

  it('whose process is known to have ended is made again at once', async () => {
    const { workspaceId, key, path } = await subscribed()
    const [eventId] = await happen(workspaceId)
    await fanOut(platform.context)
    await claimDue(platform.context, key, { free: 4, underWay: 0 })
    await freeLeftAttempts(platform.context)
    await deliverAll()
    expect(ofCustomers(path)).toEqual([])
    await endHolder(key)
    await freeLeftAttempts(platform.context)
    await deliverAll()
    expect(ofCustomers(path).map(({ envelope }) => envelope.id)).toEqual([eventId])
    expect(await logOf(key)).toMatchObject([{ status: 'success', claims: 2, claimedBy: null }])
  })
})

/** The process that has attempts of a subscription has ended. */
async function endHolder({ workspaceId, id }: SubscriptionKey): Promise<void> {
  await platform.context.db.sql
    .updateTable('delivery')
    .set({ claimedBy: '1' })
    .where('workspaceId', '=', workspaceId)
    .where('subscriptionId', '=', id)
    .where('claimedBy', 'is not', null)
    .execute()
}

describe('the circuit', () => {
  it('is decided by another attempt where the process of the first one ended', async () => {
    const { workspaceId, key, path } = await subscribed({ retryPolicy: { maxAttempts: 1 } })
    receiver.behave(path, answers(500))
    await happen(workspaceId, FAILURES_TO_OPEN + 1)
    await deliverAll()
    platform.clock.now += CIRCUIT_OPEN_MS
    expect(await claimDue(platform.context, key, { free: 4, underWay: 0 })).toHaveLength(1)
    expect(await stateOf(key)).toBe('open')
    receiver.behave(path, answers(200))
    await endHolder(key)
    await freeLeftAttempts(platform.context)
    await deliverAll()
    expect(await stateOf(key)).toBe('closed')
    expect((await logOf(key)).at(-1)).toMatchObject({ status: 'success', claims: 2 })
  })

  it('opens at the fifth failure in a row, lets one attempt through after five minutes, and closes with it', async () => {
    const { workspaceId, key, path } = await subscribed({ retryPolicy: { maxAttempts: 1 } })
    receiver.behave(path, answers(500))
    await happen(workspaceId, FAILURES_TO_OPEN - 1)
    await deliverAll()
    expect(await stateOf(key)).toBe('closed')
    await happen(workspaceId, 10)
    await deliverAll()
    expect(ofCustomers(path)).toHaveLength(FAILURES_TO_OPEN)
    expect(await stateOf(key)).toBe('open')
    platform.clock.now += CIRCUIT_OPEN_MS - 1
    await deliverAll()
    expect(ofCustomers(path)).toHaveLength(FAILURES_TO_OPEN)
    platform.clock.now += 1
    expect(await stateOf(key)).toBe('half-open')
    await deliverAll()
    expect(ofCustomers(path)).toHaveLength(FAILURES_TO_OPEN + 1)
    expect(await stateOf(key)).toBe('open')
    receiver.behave(path, answers(200))
    platform.clock.now += CIRCUIT_OPEN_MS
    await deliverAll()
    expect(await stateOf(key)).toBe('closed')
    // Nine waited: one failed half-open, the others are delivered, none is lost.
    expect((await logOf(key)).filter(({ status }) => status === 'success')).toHaveLength(8)
  })

  it('is closed by hand, and by a ping that is answered', async () => {
    const { workspaceId, key, path } = await subscribed({ retryPolicy: { maxAttempts: 1 } })
    const open = async () => {
      receiver.behave(path, answers(500))
      await happen(workspaceId, FAILURES_TO_OPEN)
      await deliverAll()
      expect(await stateOf(key)).toBe('open')
      receiver.behave(path, answers(200))
    }
    await open()
    await resetCircuit(platform.context, key)
    expect(await stateOf(key)).toBe('closed')
    await open()
    expect(await ping(platform.context, key)).toMatchObject({ event: 'system.ping', status: 'success' })
    expect(await stateOf(key)).toBe('closed')
  })
})

describe('the rate limit', () => {
  it('makes the delivery after the last of the minute wait, and loses none', async () => {
    const { workspaceId, key, path } = await subscribed({ rateLimitPerMinute: 6 })
    // The ping was one of them.
    await happen(workspaceId, 7)
    await deliverAll()
    expect(ofCustomers(path)).toHaveLength(5)
    platform.clock.now += 59_000
    await deliverAll()
    expect(ofCustomers(path)).toHaveLength(5)
    platform.clock.now += 1_000
    await deliverAll()
    expect(ofCustomers(path)).toHaveLength(7)
    expect((await logOf(key)).map(({ status, attemptNumber }) => `${status} ${attemptNumber}`)).toEqual(
      Array(7).fill('success 1'),
    )
  })
})

it('a server that hangs has few attempts at once, holds up no other, and is given up after ten seconds', async () => {
  const slow = await subscribed()
  const quick = await subscribed()
  receiver.behave(slow.path, hangs)
  await happen(slow.workspaceId, 20)
  await happen(quick.workspaceId, 20)
  while (ofCustomers(quick.path).length < 20) await deliverDue(platform.context)
  await attemptsEnded(platform.context)
  expect((await logOf(quick.key)).every(({ status }) => status === 'success')).toBe(true)
  expect(receiver.mostAtOnce(slow.path)).toBe(ATTEMPTS_PER_SUBSCRIPTION)
  expect(ofCustomers(slow.path).length).toBeLessThanOrEqual(FAILURES_TO_OPEN)
  const errors = (await logOf(slow.key)).flatMap(({ error }) => error ?? [])
  expect(new Set(errors)).toEqual(new Set(['receiver.example did not answer within 10000 ms.']))
})

it('two processes make each attempt once', async (test) => {
  const second = await platform.secondServer()
  if (second === undefined) return test.skip()
  const { workspaceId, key, path } = await subscribed({ rateLimitPerMinute: 6_000 })
  await happen(workspaceId, 100)
  while (ofCustomers(path).length < 100) {
    await Promise.all([platform.context, second.context].map((context) => deliverDue(context)))
  }
  await Promise.all([platform.context, second.context].map((context) => attemptsEnded(context)))
  await second.close()
  expect(ofCustomers(path)).toHaveLength(100)
  expect((await logOf(key)).map(({ claims, status }) => `${claims} ${status}`)).toEqual(
    Array(100).fill('1 success'),
  )
})

describe('a subscription', () => {
  it('that is paused keeps what waits, and is not told of what happens meanwhile', async () => {
    const { workspaceId, key, path } = await subscribed()
    const [told] = await happen(workspaceId)
    await fanOut(platform.context)
    await toggleSubscription(platform.context, key, false)
    await happen(workspaceId)
    await deliverAll()
    expect(ofCustomers(path)).toEqual([])
    await toggleSubscription(platform.context, key, true)
    await deliverAll()
    expect(ofCustomers(path).map(({ envelope }) => envelope.id)).toEqual([told])
  })

  it('that was edited is told at its new address', async () => {
    const { workspaceId, key, path } = await subscribed()
    await happen(workspaceId)
    await fanOut(platform.context)
    await editSubscription(platform.context, caller(workspaceId), {
      id: key.id,
      url: `${ORIGIN}${path}/moved`,
    })
    await deliverAll()
    expect(ofCustomers(path)).toEqual([])
    expect(ofCustomers(`${path}/moved`)).toHaveLength(1)
  })

  it('that was removed under way leaves nothing', async () => {
    const { workspaceId, key, path } = await subscribed()
    receiver.behave(
      path,
      (response) => void removeSubscription(platform.context, key).then(() => response.end()),
    )
    await happen(workspaceId)
    await deliverAll()
    expect(ofCustomers(path)).toHaveLength(1)
    expect(await logOf(key)).toEqual([])
    expect(await findSubscription(platform.context.db.sql, key)).toBeUndefined()
  })
})

it('events are kept a day longer than their deliveries, and as long as they wait', async () => {
  const { workspaceId } = await subscribed()
  const { context, clock } = platform
  await happen(workspaceId)
  await fanOut(context)
  const kept = async () =>
    (
      await context.db.sql
        .selectFrom('outbox')
        .select('pending')
        .where('workspaceId', '=', workspaceId)
        .execute()
    ).length
  expect(await kept()).toBe(2)
  clock.now += 31 * 86_400_000
  await happen(workspaceId)
  await pruneToldEvents(context)
  expect(await kept()).toBe(3)
  clock.now += 1
  await pruneToldEvents(context)
  expect(await kept()).toBe(1)
})
