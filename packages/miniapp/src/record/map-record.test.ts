import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FieldRule, SyncDefinition } from '../document.ts'
import { DefinitionError } from '../expression/definition-error.ts'
import { compileHandler, compileRecord } from './map-record.ts'
import { MAX_CODE_CHARACTERS } from './read-field.ts'
import { MAX_ITEMS } from './read-record.ts'

type Rules = Record<string, FieldRule>

function map(rules: Rules, payload: unknown, contentType = 'ecommerce:orders') {
  return compileRecord(rules, { contentType, pointer: '/mapping' }).map(payload)
}

/** The data of a record that must be one. */
function dataOf(rules: Rules, payload: unknown, contentType?: string) {
  const outcome = map(rules, payload, contentType)
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.errors))
  return outcome.record.data
}

const messages = (rules: Rules, payload: unknown) => {
  const outcome = map(rules, payload)
  return outcome.ok ? [] : outcome.errors.map(({ field, message }) => [field, message])
}

describe('a record', () => {
  it('keeps money exactly, ids as text, times in one form, and what it does not know apart', () => {
    const rules = {
      code: 'id',
      customerCode: 'customer',
      totalAmount: 'total',
      tax: 'tax',
      discount: 'discount',
      placedAt: 'at',
      channel: 'source',
    }
    const payload = {
      id: 9007199254740991,
      customer: ' 7 ',
      total: '19.90',
      tax: 0.1,
      discount: 1e-7,
      at: 1767225600,
      source: 'app',
    }
    expect(map(rules, payload)).toEqual({
      ok: true,
      notes: [],
      record: {
        contentType: 'ecommerce:orders',
        code: '9007199254740991',
        data: {
          code: '9007199254740991',
          customerCode: '7',
          totalAmount: '19.90',
          tax: '0.1',
          discount: '0.0000001',
          placedAt: '2026-01-01T00:00:00.000Z',
        },
        extra: { channel: 'app' },
      },
    })
  })

  it('of a type of its own keeps all fields as they are, ids as text', () => {
    expect(dataOf({ code: 'id', total: 'total' }, { id: 1, total: 2 }, 'shop:ticket')).toEqual({
      code: '1',
      total: 2,
    })
  })

  it.each<[string, Rules, unknown, string]>([
    ['no value for its code', { code: 'id' }, {}, 'the payload has no value for it'],
    ['an empty code', { code: 'id' }, { id: ' ' }, 'the payload has no value for it'],
    ['null for its code', { code: 'id' }, { id: null }, 'the payload has no value for it'],
  ])('with %s is an error', (_name, rules, payload, reason) =>
    expect(messages(rules, payload)).toEqual([['code', `There is no record without "code": ${reason}`]]),
  )

  it('is an error where a field that matters is nothing of the kind: which one, and the type of what came', () => {
    const rules = {
      code: 'id',
      totalAmount: 'total',
      updatedAt: 'at',
      items: 'lines',
      tax: { path: 'tax', transform: 'toNumber' },
    } as const
    const payload = { id: {}, total: '1,200.00', at: 'soon', lines: {}, tax: 'free' }
    expect(messages(rules, payload)).toEqual([
      ['tax', '"tax" is left out: the transform "toNumber" takes a number or text of that form, not text'],
      ['code', '"code" is left out: it takes text or a number, not an object'],
      ['totalAmount', '"totalAmount" is left out: it takes a number or a decimal text, not text'],
      ['updatedAt', '"updatedAt" is left out: it takes a date in ISO 8601 or an epoch time, not text'],
      ['items', `"items" is left out: it takes an array of at most ${MAX_ITEMS} line items, not an object`],
    ])
  })

  it(`has a code of at most ${MAX_CODE_CHARACTERS} characters`, () => {
    const code = 'x'.repeat(MAX_CODE_CHARACTERS)
    expect(map({ code: 'id' }, { id: code })).toMatchObject({ ok: true })
    expect(messages({ code: 'id' }, { id: `${code}x` })).toMatchObject([
      ['code', expect.stringContaining('255')],
    ])
  })

  it(`has at most ${MAX_ITEMS} line items`, () => {
    const lines = (count: number) => ({ id: 1, lines: Array.from({ length: count }, () => ({})) })
    const rules = { code: 'id', items: 'lines' }
    expect(map(rules, lines(MAX_ITEMS))).toMatchObject({ ok: true })
    expect(map(rules, lines(MAX_ITEMS + 1))).toMatchObject({ ok: false })
  })

  it('goes without a field that does not matter so much, with a note', () => {
    const outcome = map({ code: 'id', primaryEmail: 'email' }, { id: 1, email: 'none' }, 'core:customer')
    expect(outcome).toMatchObject({ ok: true, record: { data: { code: '1' } } })
    expect(outcome.ok && outcome.notes).toMatchObject([
      { field: 'primaryEmail', pointer: '/mapping/primaryEmail' },
    ])
  })
})

describe('a field without a value', () => {
  const rules = {
    code: 'id',
    note: 'note',
    status: { path: 'status', transform: 'upper' },
    subtotal: { path: 'subtotal', transform: 'toNumberOrNull' },
    tax: { path: 'tax', transform: 'toNumberOrNull' },
    shipping: { paths: ['a', 'b'], transform: ['coalesce', 'toNumberOrNull'] },
  } as const satisfies Rules

  it('is left as it is where its path is missing, also where a transform makes it null', () => {
    expect(dataOf(rules, { id: 1 })).toEqual({ code: '1' })
  })

  it('is cleared by an explicit null, and by what a transform makes of a value', () => {
    const payload = { id: 1, note: null, status: null, subtotal: null, tax: 'free', b: null }
    expect(dataOf(rules, payload)).toEqual({
      code: '1',
      note: null,
      status: null,
      subtotal: null,
      tax: null,
      shipping: null,
    })
  })

  it('is left as it is where an amount or a time is an empty text', () => {
    expect(dataOf({ code: 'id', tax: 'tax', placedAt: 'at' }, { id: 1, tax: '', at: '' })).toEqual({
      code: '1',
    })
  })
})

describe('a line item', () => {
  const items = (...lines: unknown[]) => dataOf({ code: 'id', items: 'lines' }, { id: 1, lines })['items']

  it('of a provider takes its fields from where providers have them, and the rest is kept', () => {
    const line = {
      id: 5,
      product_id: 6,
      title: 'Mug',
      qty: '2',
      price: { amount: '4.50', currency: 'SAR' },
      total: { amount: 9 },
      sku: 'M',
      gift: true,
    }
    expect(items(line)).toEqual([
      {
        code: '5',
        sku: 'M',
        name: 'Mug',
        quantity: 2,
        unitPrice: '4.50',
        total: '9',
        extra: {
          product_id: 6,
          price: { amount: '4.50', currency: 'SAR' },
          total: { amount: 9 },
          gift: true,
        },
      },
    ])
  })

  it('that the mapping made keeps what it made', () => {
    expect(items({ code: 'c', id: 9, name: 'n', title: 't', unitPrice: 1.5, price: 2 })).toEqual([
      { code: 'c', name: 'n', unitPrice: '1.5', extra: { id: 9, title: 't', price: 2 } },
    ])
  })

  it('takes the first place that is filled', () => {
    expect(items({ id: '', product_id: null, variant_id: 3, unit_price: '7' })).toMatchObject([
      { code: '3', unitPrice: '7' },
    ])
  })

  it('that cannot be read makes the record an error that names it', () => {
    const rules = { code: 'id', items: 'lines' }
    expect(messages(rules, { id: 1, lines: [{}, { price: 'free' }, 'text'] })).toEqual([
      [
        'items[1].unitPrice',
        '"items[1].unitPrice" is left out: it takes a number or a decimal text, not text',
      ],
      ['items[2]', '"items[2]" is left out: it takes an object, not text'],
    ])
  })

  it('leaves what the mapping gave as it is', () => {
    const payload = { id: 1, lines: [{ id: 5, price: 2 }] }
    const before = structuredClone(payload)
    map({ code: 'id', items: 'lines' }, payload)
    expect(payload).toEqual(before)
  })
})

describe('a handler', () => {
  const sync: SyncDefinition = {
    resources: {
      orders: {
        contentType: 'ecommerce:orders',
        endpoints: { list: { url: '/orders', method: 'GET' } },
        apiMapping: { code: '$.id', totalAmount: 'total' },
      },
      tickets: {
        contentType: 'shop:tickets',
        endpoints: { list: { url: '/tickets', method: 'GET' } },
        apiMapping: { code: 'id' },
      },
    },
  }
  const compile = (handler: Parameters<typeof compileHandler>[0]) => compileHandler(handler, sync, '/handler')

  it('maps the payload from its root', () => {
    const handler = compile({
      recordType: 'order',
      operation: 'create',
      mapping: { code: '$.data.id', totalAmount: 'data.total' },
    })
    expect(handler).toMatchObject({ contentType: 'ecommerce:orders', operation: 'create' })
    expect(handler.map({ data: { id: 1, total: 2 } })).toMatchObject({
      record: { data: { code: '1', totalAmount: '2' } },
    })
  })

  it('maps an object of the payload by a resource: there both spellings of a path start at the object', () => {
    const handler = compile({ resource: 'orders', operation: 'upsert', dataPath: '$.data' })
    expect(handler).toMatchObject({ contentType: 'ecommerce:orders', operation: 'upsert' })
    const payload = { id: 'wrong', data: { id: 1, total: 2 } }
    expect(handler.map(payload)).toMatchObject({ record: { code: '1', data: { totalAmount: '2' } } })
    expect(handler.codeOf(payload)).toBe('1')
    expect(handler.map({ id: 1 })).toMatchObject({
      ok: false,
      errors: [{ message: 'There is no record without "code": there is no object at $.data' }],
    })
    expect(compile({ resource: 'tickets', operation: 'delete' }).map({ id: 1 })).toMatchObject({
      record: { contentType: 'shop:tickets', code: '1' },
    })
  })

  it('cannot be compiled where the resource does not exist', () => {
    const wrong = () => compile({ resource: 'constructor', operation: 'upsert' })
    expect(wrong).toThrow(DefinitionError)
    expect(wrong).toThrow(expect.objectContaining({ pointer: '/handler/resource' }))
  })

  it('takes the results of functions, and knows no code before they ran', () => {
    const mapping = { code: { transform: 'compute', fn: 'f', args: { id: 'id' } }, note: 'note' } as const
    const handler = compile({ recordType: 'order', operation: 'create', mapping })
    const [call] = handler.computeCalls({ id: 1 })
    expect(handler.codeOf({ id: 1 })).toBeUndefined()
    expect(handler.map({ id: 1 }, new Map([[call?.id ?? '', { value: 'c1' }]]))).toMatchObject({
      record: { code: 'c1' },
    })
    expect(handler.map({ id: 1 })).toMatchObject({ ok: false })
  })
})

it('never throws, whatever comes', () => {
  const names = [
    'code',
    'totalAmount',
    'updatedAt',
    'items',
    'customerCode',
    '__proto__',
    'primaryEmail',
    'primaryPhone',
    'birthDate',
    'quantity',
  ]
  const rules = Object.fromEntries(names.map((name) => [name, `$['${name}']`]))
  const types = fc.constantFrom('core:customer', 'core:product', 'ecommerce:orders', 'other', '__proto__')
  fc.assert(
    fc.property(types, fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), (type, payload) => {
      const outcome = map(rules, payload, type)
      expect(outcome.ok ? typeof outcome.record.code : outcome.errors.length > 0).toBeTruthy()
    }),
    { numRuns: 300 },
  )
})
