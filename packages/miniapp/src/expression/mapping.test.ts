import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FieldRule, MappingEntry } from '../schema/mapping.ts'
import { compileRecordMapping, compileResponseMapping, type ResponseSource } from './mapping.ts'

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
