import { describe, expect, it } from 'vitest'
import { compileKey, rootNameOf } from './key.ts'
import { createCredentialScope, createInputScope, type InputValues } from './scope.ts'

const empty: InputValues = { input: {}, outputs: {}, userInput: {}, metadata: {}, system: {} }

describe('what {{key}} resolves from', () => {
  const order = [
    'authValues',
    'loopItem',
    'input',
    'outputs',
    'userInput',
    'metadata',
    'config',
    'system',
  ] as const

  it.each(order.map((name, index) => [name, index] as const))(
    '%s wins over everything after it',
    (name, index) => {
      const values = {
        ...empty,
        ...Object.fromEntries(order.slice(index).map((source) => [source, { key: source }])),
      }
      expect(compileKey('key')(createInputScope(values).sources)).toBe(name)
    },
  )

  it('of these only the connection, app config and system values may choose a host', () => {
    const values = { ...empty, ...Object.fromEntries(order.map((source) => [source, { [source]: 1 }])) }
    const { hostSources } = createInputScope(values)
    expect(order.filter((source) => compileKey(source)(hostSources) === 1)).toEqual([
      'authValues',
      'userInput',
      'metadata',
      'config',
      'system',
    ])
  })

  it('leaves out app config where it is not given', () => {
    expect(createInputScope(empty).sources).toHaveLength(5)
  })
})

describe('what [[key]] resolves from', () => {
  const find = (key: string, bags: Parameters<typeof createCredentialScope>[0]) =>
    compileKey(key)(createCredentialScope(bags).sources)

  it('is credentials, then metadata, then app config', () => {
    expect(find('k', { credentials: { k: 1 }, metadata: { k: 2 }, config: { k: 3 } })).toBe(1)
    expect(find('k', { credentials: {}, metadata: { k: 2 }, config: { k: 3 } })).toBe(2)
    expect(find('k', { credentials: {}, metadata: {}, config: { k: 3 } })).toBe(3)
  })

  it('takes "" in app config for no value, and nowhere else', () => {
    expect(find('k', { credentials: {}, metadata: {}, config: { k: '', other: 1 } })).toBeUndefined()
    expect(find('k', { credentials: { k: '' }, metadata: {}, config: { k: 3 } })).toBe('')
  })
})

describe('a key', () => {
  const cases: [name: string, key: string, sources: Record<string, unknown>[], expected: unknown][] = [
    ['is an exact name first', 'a.b', [{ 'a.b': 1, a: { b: 2 } }], 1],
    ['is a path then', 'a.b', [{ a: { b: 2 } }], 2],
    [
      'is read as a path in the first source before it is exact in the second',
      'a.b',
      [{ a: { b: 2 } }, { 'a.b': 1 }],
      2,
    ],
    ['goes on where the whole path is missing', 'a.b', [{ a: {} }, { a: { b: 3 } }], 3],
    ['stops at null', 'a.b', [{ a: { b: null } }, { a: { b: 3 } }], null],
    ['stops at an exact null', 'a.b', [{ 'a.b': null, a: { b: 3 } }], null],
    ['stops at the empty string', 'a', [{ a: '' }, { a: 1 }], ''],
    ['goes on at undefined', 'a', [{ a: undefined }, { a: 1 }], 1],
    ['may hold blanks and brackets', 'row.Price (USD)', [{ row: { 'Price (USD)': 3 } }], 3],
    ['may be an index', 'items[1].id', [{ items: [{ id: 1 }, { id: 2 }] }], 2],
    ['may select several', 'items[*].id', [{ items: [{ id: 1 }, { id: 2 }] }], [1, 2]],
    ['that does not parse as a path is still exact', 'tags[]', [{ 'tags[]': 'x' }], 'x'],
    ['never reads a prototype', 'constructor', [{}], undefined],
    ['never reads a prototype on the way', 'a.__proto__.toString', [{ a: {} }], undefined],
  ]
  it.each(cases)('%s', (_name, key, sources, expected) => {
    expect(compileKey(key)(sources)).toEqual(expected)
  })

  it.each([
    ['repo', 'repo'],
    ['repo.name', 'repo'],
    ['repo[0].name', 'repo'],
    ['First Name.x', 'First Name'],
  ])('%s has the root name %s', (key, name) => {
    expect(rootNameOf(key)).toBe(name)
  })
})
