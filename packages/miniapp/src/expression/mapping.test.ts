import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FieldRule, MappingEntry } from '../schema/mapping.ts'
import { DefinitionError } from './definition-error.ts'
import { compileRecordMapping, compileResponseMapping, type ResponseSource } from './mapping.ts'
import { MAX_NOTES } from './rule.ts'

const response: ResponseSource = {
  body: { id: 9, name: 'n', list: [{ id: 'a' }, { id: 'b' }], nul: null, text: 'x' },
  headers: { 'x-total-count': '42', link: '<next>' },
  status: 201,
}

const mapResponse = (mapping: Record<string, FieldRule> | MappingEntry[], source = response) =>
  compileResponseMapping(mapping, '/mapping').apply(source)

const mapRecord = (rules: Record<string, FieldRule>, root: unknown, base?: unknown) =>
  compileRecordMapping(rules, '/rules').apply(root, base)

describe('the object form of a response mapping', () => {
  const cases: [name: string, rule: FieldRule, expected: Record<string, unknown>][] = [
    ['a path', '$.id', { out: 9 }],
    ['a text that is no path is a literal', 'id', { out: 'id' }],
    ['the empty text', '', { out: '' }],
    ['a bare path inside a rule', { path: 'id' }, { out: 9 }],
    [
      'a header, in any case',
      { source: 'header', path: 'X-Total-Count', transform: 'toNumber' },
      { out: 42 },
    ],
    ['the first of several headers', { source: 'header', paths: ['x-nope', 'Link'] }, { out: '<next>' }],
    ['a missing header', { source: 'header', path: 'x-nope' }, {}],
    ['a header is no path', { source: 'header', path: 'constructor' }, {}],
    ['the status', { source: 'status' }, { out: 201 }],
    ['the body said aloud', { source: 'body', path: 'name' }, { out: 'n' }],
    ['a constant', { value: { a: 1 } }, { out: { a: 1 } }],
    ['a constant that looks like a path', { value: '$.id' }, { out: '$.id' }],
    ['several nodes', '$.list[*].id', { out: ['a', 'b'] }],
    ['several nodes, none there', '$.nope[*].id', { out: [] }],
    ['null', '$.nul', { out: null }],
    ['null with a default', { path: '$.nul', default: false }, { out: false }],
    ['nothing', '$.nope', {}],
  ]
  it.each(cases)('%s', (_name, rule, expected) => {
    const mapped = mapResponse({ out: rule })
    expect(mapped.result).toStrictEqual(expected)
    expect(mapped.outputs).toStrictEqual(expected)
    expect(mapped.notes).toEqual([])
  })

  it('notes a transform that cannot take its value and leaves the key out', () => {
    expect(mapResponse({ ok: '$.id', bad: { path: '$.list', transform: 'toNumber' } })).toEqual({
      result: { ok: 9 },
      outputs: { ok: 9 },
      notes: [
        {
          field: 'bad',
          pointer: '/mapping/bad',
          message:
            '"bad" is left out: the transform "toNumber" takes a number or text of that form, not an array',
        },
      ],
    })
  })

  it('reads a text at $ and nothing from an empty response', () => {
    expect(mapResponse({ all: '$' }, { ...response, body: 'plain text' }).result).toEqual({
      all: 'plain text',
    })
    expect(mapResponse({ all: '$', id: '$.id' }, { ...response, body: null }).result).toEqual({ all: null })
  })

  it('makes __proto__ a key like any other', () => {
    const { result } = mapResponse(JSON.parse('{"__proto__":"$.list"}'))
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
    expect(Object.keys(result)).toEqual(['__proto__'])
  })
})

describe('the array form of a response mapping', () => {
  it('gives outputs and no result', () => {
    const mapping: MappingEntry[] = [
      { name: 'first', value: '$.list[0].id' },
      { name: 'total', value: { source: 'header', path: 'x-total-count' } },
      { name: 'gone', value: '$.nope', optional: true },
      { name: 'nul', value: '$.nul' },
      { name: 'fixed', value: 'text' },
    ]
    expect(mapResponse(mapping)).toEqual({
      result: {},
      outputs: { first: 'a', total: '42', nul: null, fixed: 'text' },
      notes: [],
    })
  })

  const failing: [name: string, value: FieldRule, words: string[]][] = [
    ['a path', '$.nope.id', ['"entry"', '$.nope.id']],
    ['a rule', { paths: ['$.a', '$.b'] }, ['"entry"', '$.a, $.b']],
    ['a header', { source: 'header', path: 'X-Id' }, ['"entry"', 'header X-Id']],
    [
      'a transform that refuses',
      { path: '$.list', transform: 'toNumber' },
      ['"entry"', 'toNumber', 'an array'],
    ],
  ]
  it.each(failing)('fails where %s gives nothing', (_name, value, words) => {
    let error: unknown
    try {
      mapResponse([{ name: 'entry', value }])
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ name: 'MiniAppError', code: 'EXTERNAL_API_ERROR', path: '/mapping/0' })
    for (const word of words) expect((error as Error).message).toContain(word)
  })

  it('notes an optional entry whose transform refuses', () => {
    const { outputs, notes } = mapResponse([
      { name: 'e', value: { path: '$.text', transform: 'toNumber' }, optional: true },
    ])
    expect(outputs).toEqual({})
    expect(notes).toMatchObject([{ field: 'e', pointer: '/mapping/0' }])
  })
})

describe('record rules', () => {
  const root = { data: { id: 1 }, shared: 's', when: '2024-01-01', tags: ['p', '', 'q'] }
  const base = { id: 2, price: { amount: '10.50' }, nul: null, blank: '', zero: 0 }

  const cases: [name: string, rule: FieldRule, expected: Record<string, unknown>][] = [
    ['a bare path starts at the base', 'id', { f: 2 }],
    ['$ starts at the root', '$.data.id', { f: 1 }],
    ['a number', 7, { f: 7 }],
    ['a boolean', false, { f: false }],
    ['null', null, { f: null }],
    ['paths without a transform coalesce', { paths: ['nope', 'nul', 'blank', 'zero'] }, { f: 0 }],
    [
      'paths coalesce before any transform',
      { paths: ['blank', 'price.amount'], transform: 'toNumber' },
      { f: 10.5 },
    ],
    [
      'paths keep an array that they find',
      { paths: ['nope', '$.tags'], transform: 'coalesce' },
      { f: ['p', '', 'q'] },
    ],
    ['paths that find nothing', { paths: ['nope', 'nul'] }, {}],
    ['paths that find nothing, with a default', { paths: ['nope', 'nul'], default: 'd' }, { f: 'd' }],
    ['coalesce of many nodes', { path: '$.tags[*]', transform: 'coalesce' }, { f: 'p' }],
    [
      'transforms from left to right',
      { path: '$.tags', transform: ['join', 'upper', 'split'], separator: '-' },
      { f: ['P', 'Q'] },
    ],
    ['transforms leave null', { path: 'nul', transform: ['toString', 'upper'] }, { f: null }],
    ['transforms leave a missing value', { path: 'nope', transform: ['toString', 'upper'] }, {}],
    [
      'a transform that yields nothing ends in the default',
      { path: '$.none[*]', transform: 'first', default: 1 },
      { f: 1 },
    ],
    ['the default is not used for false, 0 or the empty text', { path: 'blank', default: 1 }, { f: '' }],
    ['toNumberOrNull of a missing value', { path: 'nope', transform: 'toNumberOrNull' }, { f: null }],
    ['toNumberOrNull with a default', { path: 'blank', transform: 'toNumberOrNull', default: 0 }, { f: 0 }],
  ]
  it.each(cases)('%s', (_name, rule, expected) => {
    expect(mapRecord({ f: rule }, root, base)).toStrictEqual({ record: expected, errors: [] })
  })

  it('lists what is wrong, names field, rule and type, and never the value', () => {
    const { record, errors } = mapRecord(
      {
        code: 'id',
        price: { path: 'secret', transform: ['trim', 'toNumber'] },
        when: { path: 'secret', transform: 'toDate' },
      },
      { id: 1, secret: 'hunter2' },
    )
    expect(record).toEqual({ code: 1 })
    expect(errors.map(({ field, pointer }) => [field, pointer])).toEqual([
      ['price', '/rules/price'],
      ['when', '/rules/when'],
    ])
    expect(errors[0]?.message).toContain('"toNumber"')
    expect(JSON.stringify(errors)).not.toContain('hunter2')
  })
})

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

describe('every payload', () => {
  it('is mapped without an exception, and paths alone give what the paths read', () => {
    const mapping = compileRecordMapping(
      {
        id: 'id',
        all: '$..id',
        date: { path: 'a', transform: 'toDate' },
        code: { path: 'b', transform: ['joinCodes', 'phone'], country: 'SA' },
        items: { path: 'c', transform: 'mapItems', fields: { n: { path: 'n', transform: 'toNumber' } } },
      },
      '/rules',
    )
    const payload = fc.dictionary(
      fc.constantFrom('id', 'a', 'b', 'c', 'n', '__proto__', 'length'),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(payload, (root) => {
        const { record } = mapping.apply(root)
        expect(record['id']).toEqual(Object.hasOwn(root, 'id') ? root['id'] : undefined)
        expect(Array.isArray(record['all'])).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
