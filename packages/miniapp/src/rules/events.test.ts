import { describe, expect, test } from 'vitest'
import { told } from '../../test/told.ts'

/** Events, their icons, ids and signatures: where the line runs. `findings/` shows the plain cases. */
describe('icons', () => {
  const icon = (name: string) => told({ '/triggers/0/icon': name })

  test.each([
    'shopping-cart',
    'ShoppingCart',
    'bell',
    'heading-1',
    'Heading1',
    'alert-circle',
    'arrow-down-0-1',
  ])('%s is one, also by an older name', (name) => {
    expect(icon(name)).toEqual([])
  })

  test.each(['shopping-carts', 'fa-bell', 'comment-1', 'bell.svg'])('%s is none', (name) => {
    expect(icon(name)).toEqual(['unknown-icon /triggers/0/icon'])
  })

  test.each([
    ['shoping-cart', '`shopping-cart`'],
    ['fa-bell', '`bell`'],
    ['heart-1', '`heart`'],
    ['UserIcon', '`user`'],
  ])('for %s the message names %s first', async (name, suggested) => {
    const { validate } = await import('../validate.ts')
    const trigger = {
      type: 'miniapps:a',
      event: 'a',
      img: 'a',
      label: 'a',
      description: 'a',
      isCustom: false,
    }
    const [found] = validate({ triggers: [{ ...trigger, icon: name }] }).filter(
      ({ code }) => code === 'unknown-icon',
    )
    expect(found?.message).toContain(`did you mean ${suggested}`)
  })
})

describe('updates of one record', () => {
  const trigger = (event: string) => ({
    type: 'miniapps:acme-shop',
    event,
    img: 'order.svg',
    icon: 'bell',
    label: 'Changed',
    description: 'An order changes.',
    isCustom: false,
  })
  const updates = (transactionId: object, change: object = {}, event = 'order.updated') =>
    told({ '/triggers/1': trigger(event), '/webhook/transactionId': transactionId, ...change })
  const found = ['transaction-id-without-time /webhook/transactionId']
  const byHeader = { '/webhook/eventExtraction': { source: 'header', path: 'X-Topic' } }

  test.each([
    ['the id of the record', { paths: ['$.order.id'] }],
    ['the same, in the older spelling', { path: '$.data.order_id' }],
    ['a time that is never reached', { paths: ['$.data.id', '$.data.updated_at'] }],
    ['two ids', { paths: ['$.data.id', '$.data.shop_id'], separator: '_' }],
    [
      'an override without time',
      { paths: ['$.event_id'], overrides: { 'order.updated': { paths: ['$.data.id'] } } },
    ],
  ])('%s stays the same', (_, transactionId) => {
    expect(updates(transactionId)).toEqual(found)
  })

  test.each([
    ['an id of the delivery', { paths: ['$.delivery.id'] }],
    ['an id of the event', { paths: ['$.event.id'] }],
    ['a header', { paths: [{ source: 'header', path: 'X-Id' }] }],
    ['a time', { paths: ['$.data.updated_at'] }],
    ['a time beside the id', { paths: ['$.data.id', '$.data.updated_at'], separator: '_' }],
    ['a version', { paths: ['$.data.id', '$.data.version'], separator: '_' }],
    [
      'an override with a time',
      { paths: ['$.data.id'], overrides: { 'order.updated': { paths: ['$.data.id', '$.at'] } } },
    ],
    ['an envelope that has an id of its own', { paths: ['$.id'] }],
  ])('%s does not', (_, transactionId) => {
    expect(updates(transactionId)).toEqual([])
  })

  test('without an envelope `$.id` is the id of the record', () => {
    expect(updates({ paths: ['$.id'] }, byHeader)).toEqual(found)
  })

  test.each(['ORDER_UPDATED', 'order.status', 'inventory.changed', 'statusChanged'])(
    '%s repeats',
    (event) => {
      expect(updates({ paths: ['$.order.id'] }, {}, event)).toEqual(found)
    },
  )

  test.each(['order.paid', 'order.cancelled'])('%s does not', (event) => {
    expect(updates({ paths: ['$.order.id'] }, {}, event)).toEqual([])
  })
})

describe('events that are meant to be the same', () => {
  const map = (event: string) => told({ '/webhook/eventExtraction/map': { 'orders/create': event } })
  const found = ['misspelt-event /webhook/eventExtraction/map/orders~1create']

  test.each(['order_created', 'Order.Created', 'order:created', 'orderCreated'])('%s', (event) => {
    expect(map(event)).toEqual(found)
  })

  test.each(['order.created', 'order.updated', 'orders.created'])('%s is meant as it is', (event) => {
    expect(map(event)).toEqual([])
  })

  test('in overrides and uninstall events too', () => {
    expect(
      told({
        '/webhook/transactionId/overrides': { order_created: { paths: ['$.id'] } },
        '/webhook/customerExtraction': { mapping: { code: '$.id' }, overrides: { 'Order.created': {} } },
      }),
    ).toEqual([
      'misspelt-event /webhook/transactionId/overrides/order_created',
      'misspelt-event /webhook/customerExtraction/overrides/Order.created',
    ])
  })
})

test('a webhook that only answers a handshake names no event', () => {
  const { webhook } = { webhook: { response: { statusCode: 200 } } }
  expect(told({ '/webhook': webhook, '/triggers': [], '/sync': {} })).toEqual([])
  expect(told({ '/webhook': webhook, '/triggers': [] })).toContain('webhook-without-event /webhook')
})

describe('signatures', () => {
  const signed = (signedPayload: string, change: object = {}) =>
    told({ webhook: { verification: { signedPayload, ...change } } })
  const place = '/webhook/verification'

  test.each(['{body}', 'v0:{timestamp}:{body}', '{header:X-Id}.{url}', 'no part at all'])(
    '%s',
    (template) => {
      expect(signed(template, { timestampHeader: 'X-Time' })).not.toContain(
        `unknown-signed-part ${place}/signedPayload`,
      )
    },
  )

  test.each(['{Body}', '{ts}.{body}', '{header:}', '{}'])('%s names no part of a delivery', (template) => {
    expect(signed(template)).toEqual([`unknown-signed-part ${place}/signedPayload`])
  })

  test('the id of a delivery has a header', () => {
    expect(signed('{id}.{body}')).toEqual([`unknown-signed-part ${place}`])
    expect(signed('{id}.{body}', { idHeader: 'X-Id' })).toEqual([])
  })

  test('each algorithm of a token has its key', () => {
    const jwt = (change: object) => told({ '/webhook/verification': { type: 'jwt', jwt: change } })
    const jwksUrl = 'https://acme.example/keys'
    expect(jwt({ algorithms: ['RS256', 'HS256'], jwksUrl })).toEqual([
      `algorithm-without-key ${place}/jwt/algorithms/1`,
    ])
    expect(jwt({ algorithms: ['EdDSA'], secretKey: 'signingSecret' })).toEqual([
      `algorithm-without-key ${place}/jwt/algorithms/0`,
    ])
    expect(jwt({ algorithms: ['RS256', 'HS256'], jwksUrl, secretKey: 'signingSecret' })).toEqual([])
  })
})

test('a merchant is told apart by what the provider itself says', () => {
  const merchant = { '/webhook/merchantExtraction': { path: '$.merchant' } }
  const found = ['merchant-not-identified /webhook/merchantExtraction']
  const details = '/auth/userDetails'
  expect(told(merchant)).toEqual([])
  expect(told({ ...merchant, [`${details}/url`]: 'https://{{region}}.acme.example/me' })).toEqual(found)
  expect(told({ ...merchant, [`${details}/mapping`]: { name: '$.name' } })).toEqual(found)
})
