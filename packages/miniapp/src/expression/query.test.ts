import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeForm } from './form.ts'
import { compileQuery, encodeQuery, type QueryPair } from './query.ts'
import { createCredentialScope, createInputScope } from './scope.ts'

const scopes = {
  input: createInputScope({
    input: {
      list: [1, null, 'b', { c: 1 }],
      empty: [],
      nul: null,
      obj: { k: 'v' },
      text: 'a b&c',
      flag: false,
    },
    outputs: {},
    userInput: {},
    metadata: {},
    system: {},
  }),
  credential: createCredentialScope({ credentials: { key: 's+1' }, metadata: {}, config: {} }),
}

describe('compileQuery', () => {
  const cases: [name: string, query: Record<string, unknown>, expected: QueryPair[]][] = [
    [
      'a list repeats the name',
      { id: '{{list}}' },
      [
        ['id', '1'],
        ['id', 'b'],
        ['id', '{"c":1}'],
      ],
    ],
    ['an empty list gives nothing', { id: '{{empty}}' }, []],
    ['null is left out', { a: '{{nul}}', b: null }, []],
    ['an object is compact JSON', { a: '{{obj}}' }, [['a', '{"k":"v"}']]],
    ['false is sent', { a: '{{flag}}' }, [['a', 'false']]],
    [
      'literals of every type',
      { a: 1, b: true, c: 'x', d: ['y', '{{text}}'] },
      [
        ['a', '1'],
        ['b', 'true'],
        ['c', 'x'],
        ['d', 'y'],
        ['d', 'a b&c'],
      ],
    ],
    ['credentials', { key: '[[key]]' }, [['key', 's+1']]],
    ['a part that does not resolve is empty', { a: 'x{{nope}}' }, [['a', 'x']]],
  ]
  it.each(cases)('%s', (_name, query, expected) => {
    expect(compileQuery(query, '/queryParams').render(scopes)).toEqual(expected)
  })

  it('names the parameters that hold a credential', () => {
    const { credentialNames, placeholders } = compileQuery(
      { api_key: 'v [[key]]', q: '{{text}}' },
      '/queryParams',
    )
    expect(credentialNames).toEqual(['api_key'])
    expect(placeholders.map(({ place, pointer }) => `${place} ${pointer}`)).toEqual([
      'query /queryParams/api_key',
      'query /queryParams/q',
    ])
  })

  it('names parameter and pointer of a missing credential', () => {
    expect(() => compileQuery({ api_key: '[[nope]]' }, '/queryParams').render(scopes)).toThrow(
      expect.objectContaining({
        code: 'NOT_CONFIGURED',
        path: '/queryParams/api_key',
        message: expect.stringContaining('"api_key"'),
      }),
    )
  })
})

describe('encodeQuery', () => {
  it('reads back as it was written, whatever the texts hold', () => {
    const text = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            text.filter((name) => name !== ''),
            text,
          ),
        ),
        (pairs) => {
          const encoded = encodeQuery(pairs)
          expect(encoded).toMatch(/^[A-Za-z0-9\-_.!~*'()%=&]*$/)
          expect([...new URLSearchParams(encoded)]).toEqual(
            pairs.map((pair) => pair.map((part) => part.toWellFormed())),
          )
        },
      ),
    )
  })
})

describe('encodeForm', () => {
  const cases: [name: string, body: unknown, expected: string][] = [
    ['text, numbers and booleans', { a: 'x y', b: 1.5, c: false }, 'a=x+y&b=1.5&c=false'],
    ['lists repeat the name', { id: [1, 2] }, 'id=1&id=2'],
    [
      'nested objects',
      { card: { exp: { month: 1, year: 2030 } } },
      'card%5Bexp%5D%5Bmonth%5D=1&card%5Bexp%5D%5Byear%5D=2030',
    ],
    ['objects in lists', { items: [{ id: 1 }, { id: 2 }] }, 'items%5Bid%5D=1&items%5Bid%5D=2'],
    ['null is left out at any depth', { a: null, b: [null, 1], c: { d: null } }, 'b=1'],
    ['no body', null, ''],
    ['an encoded text', 'grant_type=refresh_token', 'grant_type=refresh_token'],
    ['special characters', { 'a&b': 'c=d+é' }, 'a%26b=c%3Dd%2B%C3%A9'],
    ['a list has no names', [1, 2], ''],
    ['an own __proto__', JSON.parse('{"__proto__":{"x":1}}'), '__proto__%5Bx%5D=1'],
  ]
  it.each(cases)('%s', (_name, body, expected) => {
    expect(encodeForm(body)).toBe(expected)
  })

  it('writes what is nested too deeply as JSON', () => {
    let body: unknown = 1
    for (let level = 0; level < 30; level++) body = { a: body }
    expect(decodeURIComponent(encodeForm(body))).toMatch(/^a(\[a\]){20}=\{"a":/)
  })
})
