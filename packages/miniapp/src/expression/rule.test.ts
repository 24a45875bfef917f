import { describe, expect, it } from 'vitest'
import type { FieldRule } from '../schema/mapping.ts'
import { DefinitionError } from './definition-error.ts'
import { compileRecordMapping, compileResponseMapping, type ResponseSource } from './mapping.ts'
import { MAX_NOTES } from './rule.ts'

const response: ResponseSource = { body: { id: 9 }, headers: {}, status: 200 }

const mapRecord = (rules: Record<string, FieldRule>, root: unknown) =>
  compileRecordMapping(rules, '/rules').apply(root)

describe('mapItems', () => {
  const items = {
    path: 'items',
    transform: 'mapItems',
    fields: { code: 'id', again: '$.id', price: { path: 'price', transform: 'toNumber' } },
  } as const

  it('starts $ and bare paths at the item', () => {
    const root = { id: 'root', items: [{ id: 'a', price: '1.5' }, { id: 'b' }] }
    expect(mapRecord({ items }, root)).toEqual({
      record: {
        items: [
          { code: 'a', again: 'a', price: 1.5 },
          { code: 'b', again: 'b' },
        ],
      },
      errors: [],
    })
  })

  it('names the item whose field could not be mapped', () => {
    const { record, errors } = mapRecord(
      { items },
      {
        items: [
          { id: 'a', price: 1 },
          { id: 'b', price: {} },
        ],
      },
    )
    expect(record).toEqual({
      items: [
        { code: 'a', again: 'a', price: 1 },
        { code: 'b', again: 'b' },
      ],
    })
    expect(errors).toEqual([
      {
        field: 'items[1].price',
        pointer: '/rules/items/fields/price',
        message:
          '"items[1].price" is left out: the transform "toNumber" takes a number or text of that form, not an object',
      },
    ])
  })

  it('nests, and follows other transforms', () => {
    const rules: Record<string, FieldRule> = {
      codes: {
        path: 'orders',
        transform: ['first', 'mapItems', 'joinCodes'],
        fields: { code: { path: 'lines', transform: 'mapItems', fields: { n: 'n' }, default: [] }, id: 'id' },
        field: 'id',
      },
    }
    expect(mapRecord(rules, { orders: [[{ id: 1 }, { id: 2 }], [{ id: 3 }]] }).record).toEqual({
      codes: '1,2',
    })
  })

  it('refuses what is no array', () => {
    for (const value of ['x', 5, { a: 1 }]) {
      expect(mapRecord({ items }, { items: value }).errors).toMatchObject([{ field: 'items' }])
    }
  })

  it('keeps a bounded number of notes', () => {
    const bad = Array.from({ length: MAX_NOTES + 50 }, () => ({ price: {} }))
    const { record, errors } = mapRecord({ items }, { items: bad })
    expect(record['items']).toHaveLength(MAX_NOTES + 50)
    expect(errors).toHaveLength(MAX_NOTES)
  })
})

describe('compute', () => {
  const total: FieldRule = {
    transform: ['compute', 'toString'],
    fn: 'total',
    args: { net: 'net', rate: { value: 0.15 }, none: 'nope' },
  }

  it('collects calls with their arguments, then takes their value', () => {
    const mapping = compileRecordMapping({ total }, '/rules')
    const root = { net: 100 }
    const [call, ...others] = mapping.computeCalls(root)
    expect(others).toEqual([])
    expect(call).toMatchObject({ fn: 'total', args: { net: 100, rate: 0.15 } })
    expect(mapping.apply(root, root, new Map([[call?.id ?? '', { value: 115 }]]))).toEqual({
      record: { total: '115' },
      errors: [],
    })
  })

  const results: [name: string, returned: unknown, words: string][] = [
    ['no result', undefined, 'gave no result'],
    ['a result without value', { total: 1 }, 'has no "value"'],
    ['an inherited value', Object.create({ value: 1 }), 'has no "value"'],
    ['a failure', new Error('the rate is unknown'), 'failed: the rate is unknown'],
  ]
  it.each(results)('%s is a record error', (_name, returned, words) => {
    const mapping = compileRecordMapping({ total }, '/rules')
    const id = mapping.computeCalls({})[0]?.id ?? ''
    const { record, errors } = mapping.apply({}, {}, new Map([[id, returned]]))
    expect(record).toEqual({})
    expect(errors).toMatchObject([{ field: 'total', message: expect.stringContaining(words) }])
  })

  it('is called for each item, with ids of their own', () => {
    const mapping = compileRecordMapping(
      {
        items: {
          path: 'items',
          transform: 'mapItems',
          fields: { sum: { transform: 'compute', fn: 'sum', args: { n: 'n' } } },
        },
      },
      '/rules',
    )
    const root = { items: [{ n: 1 }, { n: 2 }] }
    const calls = mapping.computeCalls(root)
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2)
    const computed = new Map(calls.map(({ id, args }) => [id, { value: Number(args['n']) * 10 }]))
    expect(mapping.apply(root, root, computed).record).toEqual({ items: [{ sum: 10 }, { sum: 20 }] })
  })

  it('is not called with an argument that cannot be made, and says which', () => {
    const mapping = compileRecordMapping(
      { t: { transform: 'compute', fn: 'total', args: { net: { path: 'net', transform: 'toNumber' } } } },
      '/rules',
    )
    expect(mapping.computeCalls({ net: [] })).toEqual([])
    expect(mapping.apply({ net: [] }).errors).toMatchObject([
      { field: 't', message: expect.stringContaining('argument "net"') },
    ])
  })

  it('works in both forms of a response mapping', () => {
    const rule: FieldRule = { transform: 'compute', fn: 'f', args: { id: '$.id' } }
    for (const mapping of [{ out: rule }, [{ name: 'out', value: rule }]]) {
      const compiled = compileResponseMapping(mapping, '/mapping')
      const calls = compiled.computeCalls(response)
      expect(calls).toMatchObject([{ fn: 'f', args: { id: 9 } }])
      expect(compiled.apply(response, new Map([[calls[0]?.id ?? '', { value: 'v' }]])).outputs).toEqual({
        out: 'v',
      })
    }
  })
})

describe('a rule that makes no sense', () => {
  const nest = (depth: number): FieldRule =>
    depth === 0 ? 'id' : { path: 'a', transform: 'mapItems', fields: { f: nest(depth - 1) } }
  const cases: [name: string, rule: unknown, pointer: string, words: string][] = [
    ['a path that does not parse', 'a[', '/rules/f', '"a[" is not a path'],
    ['one in a rule', { path: 'a[' }, '/rules/f', '"a[" is not a path'],
    ['one among several', { paths: ['a', '$.'] }, '/rules/f', '"$." is not a path'],
    ['one in fields', { path: 'a', transform: 'mapItems', fields: { g: 'b[' } }, '/rules/f/fields/g', '"b["'],
    ['one in args', { transform: 'compute', fn: 'x', args: { g: 'b[' } }, '/rules/f/args/g', '"b["'],
    [
      'an unknown transform',
      { path: 'a', transform: 'reverse' },
      '/rules/f',
      'there is no transform "reverse"',
    ],
    [
      'a transform of a prototype',
      { path: 'a', transform: 'constructor' },
      '/rules/f',
      'no transform "constructor"',
    ],
    ['no origin', { transform: 'trim' }, '/rules/f', '"path", "paths", "value"'],
    ['a time zone', { path: 'a', transform: 'toDate', timezone: 'Mars' }, '/rules/f', '"Mars"'],
    ['compute without a function', { transform: 'compute' }, '/rules/f', '"fn"'],
    [
      'compute after another transform',
      { path: 'a', transform: ['trim', 'compute'], fn: 'x' },
      '/rules/f',
      'stands first',
    ],
    [
      'compute in arguments',
      { transform: 'compute', fn: 'x', args: { g: { transform: 'compute', fn: 'y' } } },
      '/rules/f/args/g',
      'cannot be computed',
    ],
    [
      'compute in items of a computed list',
      { transform: ['compute', 'mapItems'], fn: 'x', fields: { g: { transform: 'compute', fn: 'y' } } },
      '/rules/f',
      'cannot be computed again',
    ],
    ['rules nested too deeply', nest(30), `/rules/f${'/fields/f'.repeat(21)}`, '20 levels'],
  ]
  it.each(cases)('%s', (_name, rule, pointer, words) => {
    let error: unknown
    try {
      compileRecordMapping({ f: rule as FieldRule }, '/rules')
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(DefinitionError)
    expect(error).toMatchObject({ pointer })
    expect((error as Error).message).toContain(words)
  })

  it('nests up to the limit', () => {
    expect(() => compileRecordMapping({ f: nest(20) }, '/rules')).not.toThrow()
  })
})
