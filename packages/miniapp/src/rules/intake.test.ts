import { describe, expect, test } from 'vitest'
import { told, toldAtSubmission } from '../../test/told.ts'

/** What the intake of submissions asks for besides secrets: where the line runs. `findings/` shows the plain cases. */
describe('what the operator decides', () => {
  const firstParty = {
    '/status': 'public',
    '/provisioning': { plan: 'basic' },
    '/webhook/merchantExtraction': { path: '$.merchant' },
    '/webhook/uninstallEvents': ['app.removed'],
  }

  test('is an error in the submission of a partner, the default', () => {
    const found = [
      'public-submission /status',
      'first-party-only /webhook/merchantExtraction',
      'first-party-only /webhook/uninstallEvents',
      'first-party-only /provisioning',
    ]
    expect(toldAtSubmission(firstParty)).toEqual(found)
    expect(toldAtSubmission(firstParty, 'partner')).toEqual(found)
  })

  test('is fine where the operator hands it in, and in a draft', () => {
    expect(toldAtSubmission(firstParty, 'operator')).toEqual([])
    expect(told(firstParty)).toEqual([])
  })
})

describe('the description', () => {
  const table = '\n\n| event | when |\n| --- | --- |\n| `order.created` | always |\n'
  const described = (description: string, change: object = {}) =>
    toldAtSubmission({ '/description': description, ...change })

  test.each([
    ['a numbered list', '1. Open.\n2. Copy.'],
    ['another mark', '1) Open.\n2) Copy.'],
    ['headings', '### 1. Open\n\nThere.\n\n### 2. Copy'],
    ['words', 'Step 1: open it.'],
    ['bold numbers', '**1.** Open.'],
    ['Arabic digits', '١. افتح الإعدادات\n٢. انسخ المفتاح'],
    ['a list inside a quotation', '> 1. Open.'],
  ])('numbers its steps with %s', (_, steps) => {
    expect(described(steps + table)).toEqual([])
  })

  test.each([['2026 was a good year.'], ['- Open\n- Copy'], ['Costs 10.50 a month']])(
    '%s has no numbered steps',
    (text) => {
      expect(described(text + table)).toEqual(['description-without-steps /description'])
    },
  )

  test('of an app that needs no connection needs no steps', () => {
    expect(
      described(`Nothing to set up.${table}`, {
        '/auth': {
          type: 'none',
          config: { apiKey: '', signingSecret: '', region: '' },
          sensitiveKeys: ['apiKey'],
        },
      }),
    ).not.toContain('description-without-steps /description')
  })

  test('has a table only where there are triggers', () => {
    expect(described('1. Open.')).toEqual(['description-without-events /description'])
    expect(described('1. Open.', { '/triggers': [] })).not.toContain(
      'description-without-events /description',
    )
    expect(described('1. Open.\n\nevent | when\n:--- | ---:\n`order.created` | always')).toEqual([])
  })
})

describe('text parameters inside the path of a URL', () => {
  const at = (url: string, order: object = {}) =>
    toldAtSubmission({
      '/actions/0/parameters/properties/order': { type: 'string', title: 'Order', ...order },
      '/actions/0/requests/1/url': url,
      '/source': {},
    })
  const inner = 'https://api.acme.example/orders/{{order}}/notes'
  const found = ['open-path-parameter /actions/0/parameters/properties/order']

  test.each([
    ['followed by a segment', inner],
    ['followed by a segment of its own', 'https://api.acme.example/orders/{{order}}/{{note}}'],
    ['with a text behind it', 'https://api.acme.example/{{order}}.json/notes'],
  ])('%s may hold a slash', (_, url) => {
    expect(at(url)).toContain(found[0])
  })

  test.each([
    ['at the end', 'https://api.acme.example/orders/{{order}}'],
    ['before a slash at the end', 'https://api.acme.example/orders/{{order}}/'],
    ['before an extension', 'https://api.acme.example/orders/{{order}}.json'],
    ['in the query', 'https://api.acme.example/orders?path=/{{order}}/notes'],
  ])('%s is no matter', (_, url) => {
    expect(at(url)).toEqual([])
  })

  test.each([
    ['a pattern', { pattern: '^[0-9]+$' }],
    ['choices', { enum: ['a', 'b'] }],
    ['a format without slash', { format: 'uuid' }],
    ['one segment', { 'x-path': 'segment' }],
    ['a number', { type: 'integer' }],
  ])('%s cannot', (_, schema) => {
    expect(at(inner, schema)).toEqual([])
  })

  test('a loop item of the same name hides the parameter', () => {
    expect(
      toldAtSubmission({
        '/actions/0/parameters/properties/order': { type: 'string', title: 'Order' },
        '/actions/0/parameters/properties/list': { type: 'array', title: 'List' },
        '/actions/0/requests/1/url': inner,
        '/actions/0/requests/1/forEach': { items: '{{list}}', as: 'order' },
        '/source': {},
      }),
    ).toEqual([])
  })
})

describe('addresses', () => {
  test.each([
    ['sync, by its base', { '/sync/baseUrl': 'http://api.acme.example' }, '/sync/baseUrl'],
    ['user details', { '/auth/userDetails/url': 'HTTP://api.acme.example/me' }, '/auth/userDetails/url'],
    ['an icon of this machine', { '/icon': 'http://localhost:3000/icon.svg' }, '/icon'],
    [
      'a panel of this machine',
      { '/dashboardApps': [{ key: 'a', name: 'A', iframeUrl: 'http://localhost:3000/' }] },
      '/dashboardApps/0/iframeUrl',
    ],
  ])('%s is not http', (_, change, place) => {
    expect(toldAtSubmission(change)).toEqual([`url-not-https ${place}`])
    expect(told(change)).toEqual([])
  })
})

describe('webhooks', () => {
  test('without triggers may be open, and repeat themselves', () => {
    const change = { '/triggers': [], '/webhook': { eventExtraction: { source: 'body', path: '$.event' } } }
    expect(toldAtSubmission(change)).toEqual([
      'handler-without-trigger /sync/webhooks/handlers/order.created',
    ])
  })

  test('without any verification are told at the webhook itself', () => {
    expect(toldAtSubmission({ webhook: { verification: null } })).toEqual(['webhook-not-verified /webhook'])
  })

  test('the block of old documents loads and is not accepted, also for the operator', () => {
    const change = { '/webhook/ecommerce': { orders: 1 } }
    expect(told(change)).toEqual([])
    expect(toldAtSubmission(change, 'operator')).toEqual(['deprecated-ecommerce /webhook/ecommerce'])
  })
})

describe('parts that nothing uses', () => {
  const source = { url: 'https://api.acme.example/tags', method: 'GET', valueField: 'id', labelField: 'name' }

  test('a source may be for a panel', () => {
    const panel = { key: 'a', name: 'A', iframeUrl: 'https://panel.acme.example/' }
    expect(toldAtSubmission({ '/source/rpc_tags': source, '/dashboardApps': [panel] })).toEqual([])
  })

  test('a function may be called by a rule of any mapping', () => {
    const change = {
      '/functions/tidy': { params: ['name'], code: 'return { value: name.trim() }' },
      '/webhook/customerExtraction': {
        mapping: { code: '$.id', firstName: { transform: 'compute', fn: 'tidy', args: { name: '$.name' } } },
      },
    }
    expect(toldAtSubmission(change)).toEqual([])
  })

  test('are no matter in a draft', () => {
    expect(told({ '/source/rpc_tags': source })).toEqual([])
  })

  test('are not blamed where an action is broken', () => {
    expect(toldAtSubmission({ '/actions/0/parameters/properties/order': 7 })).not.toContain(
      'unused-source /source/rpc_orders',
    )
  })
})

test('fields inside lists and groups need a fallback too', () => {
  const nested = { type: 'array', title: 'Orders', items: { type: 'string', 'x-source': 'rpc_orders' } }
  expect(toldAtSubmission({ '/actions/0/parameters/properties/more': nested })).toEqual([
    'source-without-fallback /actions/0/parameters/properties/more/items',
  ])
})

test('an empty description of an action is none', () => {
  expect(toldAtSubmission({ '/actions/0/description': ' ' })).toEqual([
    'action-without-description /actions/0/description',
  ])
})
