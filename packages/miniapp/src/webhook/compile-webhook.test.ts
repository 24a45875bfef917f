import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Definition } from '../document.ts'
import { compileWebhook } from './compile-webhook.ts'
import { parseBody } from './parse-body.ts'

const BASE: Definition = {
  ns: 'shop',
  name: 'Shop',
  version: '1.0.0',
  webhook: {
    verification: { type: 'hmac-sha256', headerName: 'X-Shop-Signature', secretKey: 'webhookSecret' },
    eventExtraction: { source: 'body', path: 'event' },
    transactionId: { paths: ['$.id'] },
    customerExtraction: { basePath: 'data.customer', mapping: { code: 'id', primaryEmail: 'email' } },
    merchantExtraction: { path: 'merchant' },
    uninstallEvents: ['app.uninstalled'],
  },
  sync: {
    webhooks: {
      handlers: {
        'order.created': { recordType: 'order', operation: 'create', mapping: { code: '$.data.id' } },
      },
    },
  },
} as unknown as Definition

const compile = (webhook: object = {}) =>
  compileWebhook({ ...BASE, webhook: { ...BASE.webhook, ...webhook } } as Definition)

describe('a compiled webhook', () => {
  it('is none where the definition has none', () => {
    expect(compileWebhook({ ...BASE, webhook: null })).toBeUndefined()
    const { webhook: _, ...without } = BASE
    expect(compileWebhook(without as Definition)).toBeUndefined()
  })

  it('finds what belongs to an event', () => {
    const compiled = compile()
    expect(compiled?.handlerOf('order.created')?.operation).toBe('create')
    for (const event of ['order.updated', 'constructor', undefined])
      expect(compiled?.handlerOf(event)).toBeUndefined()
    expect(compiled?.merchantOf?.({ merchant: 1305146709 })).toBe('1305146709')
    expect(compiled?.uninstallEvents.has('app.uninstalled')).toBe(true)
  })

  it('orders events by record, else by customer, else not at all', () => {
    const key = (data: unknown, event: string) => compile()?.orderingKeyOf({ data }, event)
    const customer = { id: 7, email: 'a@b.co' }
    expect(key({ id: 1, customer }, 'order.created')).toBe('ecommerce:orders/1')
    expect(key({ customer }, 'order.created')).toBe('core:customer/7')
    expect(key({ id: 1, customer: { email: 'A@b.co' } }, 'other')).toBe('core:customer/a@b.co')
    expect(key({ id: 1 }, 'other')).toBeUndefined()
  })

  it('stores no header that carries a proof or a session', () => {
    const headers = { 'X-Shop-Signature': 's', Authorization: 'a', COOKIE: 'c', 'x-shop-topic': 't' }
    expect(compile()?.storedHeaders(headers)).toEqual({ 'x-shop-topic': 't' })
  })

  it.each<[string, object | undefined, object]>([
    [
      'as usual',
      undefined,
      { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body: '{"ok":true}' },
    ],
    [
      'as the definition says',
      { statusCode: 202, body: 'received', headers: { 'X-Shop': '1' } },
      {
        status: 202,
        headers: { 'content-type': 'text/plain; charset=utf-8', 'X-Shop': '1' },
        body: 'received',
      },
    ],
    ['with null', { body: null }, { status: 200, body: 'null' }],
    ['with nothing', { statusCode: 204 }, { status: 204, headers: {}, body: '' }],
  ])('answers %s', (_name, response, expected) =>
    expect(compile({ response })?.response).toMatchObject(expected),
  )

  it('never throws on the way of a delivery, whatever comes', () => {
    const compiled = compile()
    if (compiled === undefined) throw new Error('there is one')
    const json = fc.jsonValue().map((value) => new TextEncoder().encode(JSON.stringify(value)))
    const header = fc.constantFrom('content-type', 'x-shop-signature', 'x-github-delivery', '__proto__')
    const headers = fc.dictionary(
      header,
      fc.oneof(fc.string(), fc.constantFrom('application/json', 'text/xml')),
    )
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array(), json),
        headers,
        fc.dictionary(fc.string(), fc.string()),
        (rawBody, named, query) => {
          const parsed = parseBody({ headers: named, rawBody })
          const body = parsed.ok ? parsed.body : null
          const delivery = { headers: named, query, body, rawBody, url: '', now: 0 }
          expect(compiled.verification.verify(delivery, {})).toMatchObject({ ok: false })
          const event = compiled.eventOf(delivery)
          expect(compiled.transactionId?.idOf(delivery, event)).toBeDefined()
          expect(compiled.matchChallenge({ ...delivery, method: 'POST' }, {})).toBeUndefined()
          compiled.customerOf(event)?.extract(body)
          compiled.handlerOf('order.created')?.map(body)
          compiled.orderingKeyOf(body, 'order.created')
          expect(compiled.storedHeaders(named)).not.toHaveProperty('x-shop-signature')
        },
      ),
      { numRuns: 300 },
    )
  })
})
