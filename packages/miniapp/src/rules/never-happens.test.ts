import { getCountries } from 'libphonenumber-js/min'
import { describe, expect, test } from 'vitest'
import { told } from '../../test/told.ts'
import { PHONE_COUNTRIES } from './phone-countries.ts'

/** What can never happen as it is written, and what only looks so. `findings/` shows the plain cases. */
const step = '/actions/0/requests/1'
const parameter = (schema: object, name = 'extra') => ({
  [`/actions/0/parameters/properties/${name}`]: { title: 'Extra', ...schema },
})

describe('steps', () => {
  const when = (schema: object, condition: object) =>
    told({ ...parameter(schema), [`${step}/when`]: { key: 'extra', ...condition } })
  const found = [`unreachable-step ${step}/when`]

  test.each([
    ['a toggle that equals a text', { type: 'boolean' }, { equals: 'true' }],
    ['a number that equals a text', { type: 'integer' }, { equals: '5' }],
    ['a text that equals a number', { type: 'string' }, { equals: 5 }],
    ['none of the choices', { type: 'string', enum: ['a', 'b'] }, { equals: 'c' }],
    ['each of a list that is none of the choices', { enum: ['a', 'b'] }, { in: ['c', 'd'] }],
  ])('never run for %s', (_, schema, condition) => {
    expect(when(schema, condition)).toEqual(found)
  })

  test.each([
    ['a toggle', { type: 'boolean' }, { equals: true }],
    ['a whole number for a number', { type: 'number' }, { equals: 5 }],
    ['one of several types', { type: ['string', 'null'] }, { equals: null }],
    ['one of the choices among others', { enum: ['a', 'b'] }, { in: ['b', 'z'] }],
    ['the opposite', { type: 'boolean' }, { notEquals: 'true' }],
    ['anything without a type', {}, { equals: 'c' }],
    ['an object of the same members', { enum: [{ a: 1, b: 2 }] }, { equals: { b: 2, a: 1 } }],
    ['absence of what is optional', { type: 'string' }, { exists: false }],
  ])('may run for %s', (_, schema, condition) => {
    expect(when(schema, condition)).toEqual([])
  })

  test('never run where what is required must be absent', () => {
    expect(told({ [`${step}/when`]: { key: 'note', exists: false } })).toEqual(found)
  })

  test('may run for what an earlier step yields', () => {
    expect(told({ [`${step}/when`]: { key: 'short', equals: 5 } })).toEqual([])
  })
})

describe('lists of a loop', () => {
  const loop = (items: string, schema: object = { type: 'array' }) =>
    told({ ...parameter(schema), [`${step}/forEach`]: { items, as: 'item' }, [`${step}/body`]: '{{item}}' })
  const found = [`items-not-a-list ${step}/forEach/items`]

  test.each(['extra', '{{extra}} ', ', {{extra}}', '{{extra}}{{extra}}'])('%j is a text', (items) => {
    expect(loop(items)).toEqual(found)
  })

  test.each([['{{extra}}'], ['{{ extra }}'], ['{{extra.items}}'], ['[[apiKey]]']])(
    '%j may be a list',
    (items) => {
      expect(loop(items)).toEqual([])
    },
  )

  test('a text parameter is none, one without type may be', () => {
    expect(loop('{{extra}}', { type: 'string' })).toEqual(found)
    expect(loop('{{extra}}', {})).toEqual([])
  })
})

describe('bodies', () => {
  const source = (change: object) => told({ '/source/rpc_orders': { ...orders, ...change } })
  const orders = {
    url: 'https://api.acme.example/orders',
    method: 'GET',
    valueField: 'id',
    labelField: 'name',
  }

  test.each([{}, [], '', null])('%j of a GET request says that there is none', (body) => {
    expect(source({ body })).toEqual([])
  })

  test('of a HEAD request is never sent, of a POST request it is', () => {
    expect(told({ [`${step}/method`]: 'HEAD' })).toEqual([`body-never-sent ${step}/body`])
    expect(source({ method: 'POST', body: { a: 1 } })).toEqual([])
  })

  test('a cursor in one is never sent either', () => {
    const pagination = { type: 'cursor', cursorParam: 'after', cursorPath: '$.next', in: 'body' }
    expect(source({ pagination })).toEqual(['body-never-sent /source/rpc_orders/pagination/in'])
    expect(source({ pagination, method: 'POST' })).toEqual([])
    expect(told({ '/sync/resources/orders/pagination': pagination })).toEqual([
      'body-never-sent /sync/resources/orders/pagination/in',
    ])
  })
})

describe('encodings', () => {
  const sends = (contentType: string, change: object = {}) =>
    told({ [`${step}/headers/content-type`]: contentType, ...change })
  const found = [`content-type-mismatch ${step}/headers/content-type`]

  test.each(['application/x-www-form-urlencoded', 'Multipart/Form-Data; boundary=x'])(
    '%s is no JSON',
    (type) => {
      expect(sends(type)).toEqual(found)
    },
  )

  test.each([
    'application/json; charset=utf-8',
    'application/vnd.api+json',
    'application/graphql',
    'text/plain',
    '{{extra}}',
  ])('%s may be JSON', (type) => {
    expect(sends(type, parameter({ type: 'string' }))).toEqual([])
  })

  test('a form that is announced as JSON', () => {
    expect(sends('application/json', { [`${step}/bodyType`]: 'x-www-form-urlencoded' })).toEqual(found)
  })

  test('a raw text is what its header says', () => {
    const raw = { [`${step}/bodyType`]: 'raw', [`${step}/body`]: 'a=1' }
    expect(sends('application/x-www-form-urlencoded', raw)).toEqual([])
  })

  test('a form is made of names and values', () => {
    const form = (body: unknown) => told({ [`${step}/bodyType`]: 'formData', [`${step}/body`]: body })
    expect(form(['a'])).toEqual([`body-without-names ${step}/body`])
    expect(form('{{note}}')).toEqual([])
    expect(form({ a: 1 })).toEqual([])
  })
})

describe('headers', () => {
  test.each(['a\nb', 'a\r', '\0'])('%j would end the header', (value) => {
    expect(told({ '/sync/headers/X-A': value })).toEqual(['header-line-break /sync/headers/X-A'])
  })

  test('a tab and a body are no matter', () => {
    expect(told({ '/sync/headers/X-A': 'a\tb', [`${step}/body`]: { headers: { a: 'b\n' } } })).toEqual([])
  })
})

describe('functions', () => {
  const code = (text: string, params = ['text']) =>
    told({ '/functions/shorten': { params, code: text, returns: ['short'] } })
  const found = ['function-does-not-parse /functions/shorten/code']

  test.each([
    'return {',
    'return { short: text ',
    'const a = 1\nconst a = 2\nreturn { a }',
    '}; return {}; {',
  ])('%j does not parse', (text) => {
    expect(code(text)).toEqual(found)
  })

  test('a parameter that is a word of the language', () => {
    expect(code('return { short: text }', ['text', 'class'])).toEqual(found)
  })

  test('code is compiled and never run, however it is written', () => {
    const global = globalThis as Record<string, unknown>
    expect(code("globalThis.ran = true\nreturn { short: 'x' }")).toEqual([])
    expect(code('return {} }), (globalThis.ran = true), (function () {')).toEqual(found)
    expect(code('return { short: 1 }', ['text', 'more = (globalThis.ran = true)'])).not.toEqual([])
    expect(global['ran']).toBeUndefined()
  })

  test('code may throw and return nothing', () => {
    expect(code("throw new Error('Not for this plan.')")).toEqual([])
  })
})

describe('defaults', () => {
  const start = (schema: object) => told(parameter(schema))
  const found = ['default-not-allowed /actions/0/parameters/properties/extra/default']

  test.each([
    ['a choice that is none', { type: 'string', enum: ['a'], default: 'b' }],
    ['a number for a text', { type: 'string', default: 5 }],
    ['a toggle for a list', { type: 'array', default: true }],
  ])('%s is refused', (_, schema) => {
    expect(start(schema)).toEqual(found)
  })

  test.each([
    ['a choice', { type: 'string', enum: ['a'], default: 'a' }],
    ['a text that becomes a number', { type: 'integer', default: '5' }],
    ['nothing', { type: 'string', enum: ['a'], default: '' }],
  ])('%s is accepted', (_, schema) => {
    expect(start(schema)).toEqual([])
  })

  test('of the connect form', () => {
    const region = (value: string) =>
      told({
        '/auth/form/region': {
          type: 'select',
          options: ['eu', { value: 'us', label: 'America' }],
          default: value,
        },
      })
    expect(region('asia')).toEqual(['default-not-allowed /auth/form/region/default'])
    expect(region('us')).toEqual([])
  })
})

test('what a way of connecting does not use', () => {
  expect(told({ '/auth/pkce': true })).toEqual(['unused-auth-property /auth/pkce'])
  expect(told({ '/auth/pkce': false })).toEqual([])
  const none = { type: 'none', form: {}, config: { apiKey: '', signingSecret: '', region: '' } }
  expect(told({ '/auth': none })).toContain('unused-auth-property /auth/form')
})

test('details are asked for and said', () => {
  const details = { url: '/orders/{id}', method: 'GET' }
  const orders = '/sync/resources/orders'
  expect(told({ [`${orders}/expandDetails`]: true })).toEqual([`details-incomplete ${orders}/expandDetails`])
  expect(told({ [`${orders}/endpoints/details`]: details, [`${orders}/expandDetails`]: false })).toEqual([])
})

describe('references inside parameters', () => {
  const refers = ($ref: string, change: object = {}) =>
    told({ '/actions/0/parameters/properties/extra': { $ref }, ...change })
  const found = ['unresolved-reference /actions/0/parameters/properties/extra/$ref']
  const defs = { '/actions/0/parameters/$defs': { 'a/b': { type: 'string', $anchor: 'text' } } }

  test.each(['#/$defs/a~1b', '#/$defs/a~1b/type', '#text', '#', '#/properties/note'])(
    '%s leads somewhere',
    ($ref) => {
      expect(refers($ref, defs)).toEqual([])
    },
  )

  test.each(['#/$defs/a', '#/nope', '#nope', '#/%E0%A4%A', 'other.json', 'https://acme.example/schema'])(
    '%s leads nowhere',
    ($ref) => {
      expect(refers($ref, defs)).toEqual(found)
    },
  )
})

describe('schedules', () => {
  const cron = (expression: string) => told({ '/sync/syncConfiguration': { schedule: { cron: expression } } })

  test.each(['0 3 * * *', '*/15 0-6,12 1,15 jan-MAR mon', '59 23 31 12 7', '0  3 *  * *'])(
    '%s can be read',
    (one) => {
      expect(cron(one)).toEqual([])
    },
  )

  test.each([
    '60 3 * * *',
    '0 24 * * *',
    '0 3 0 * *',
    '0 3 * 13 *',
    '0 3 * * 8',
    '@daily',
    '* * * *',
    '0 0 3 * * *',
    '5-1 * * * *',
    '*/0 * * * *',
    '1,,2 * * * *',
  ])('%s cannot', (one) => {
    expect(cron(one)).toEqual(['malformed-schedule /sync/syncConfiguration/schedule/cron'])
  })

  test('in a time zone that exists', () => {
    const zone = (timezone: string) =>
      told({ '/sync/syncConfiguration': { schedule: { cron: '0 3 * * *', timezone } } })
    expect(zone('Asia/Riyadh')).toEqual([])
    expect(zone('Asia/Riyad')).toEqual(['unknown-time-zone /sync/syncConfiguration/schedule/timezone'])
  })
})

test('countries are those that the transform knows', () => {
  expect(PHONE_COUNTRIES.split(' ')).toEqual([...getCountries()].sort())
})

describe('fields of records', () => {
  const customer = (mapping: object) => told({ '/webhook/customerExtraction': { mapping } })
  const at = '/webhook/customerExtraction/mapping'

  test.each(['first_name', 'FirstName', 'email', 'phone_number'])('%s is one in another spelling', (name) => {
    expect(customer({ code: '$.id', [name]: '$.a' })).toEqual([`misspelt-field ${at}/${name}`])
  })

  test('what is mapped beside the field itself, or is none, is kept aside on purpose', () => {
    expect(customer({ code: '$.id', email: '$.a', primaryEmail: '$.a', loyaltyPoints: '$.b' })).toEqual([])
  })

  test('records of a type of its own have fields of their own', () => {
    expect(
      told({
        '/sync/resources/orders/contentType': 'acme:tickets',
        '/sync/resources/orders/apiMapping': { code: 'id', Total_Amount: 'a', email: 'b' },
      }),
    ).toEqual([])
  })
})

test('the pattern of a form field is checked as a whole', () => {
  expect(told({ '/auth/form/region/pattern': '[a-z' })).toEqual([
    'unusable-pattern /auth/form/region/pattern',
  ])
  expect(told({ '/auth/form/region/pattern': '[a-z]+' })).toEqual([])
})
