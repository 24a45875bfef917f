import fc from 'fast-check'
import { JSONPathEnvironment, type JSONValue } from 'json-p3'
import { describe, expect, it } from 'vitest'
import { compilePath } from './path.ts'
import { MAX_VISITED_NODES } from './path-work.ts'

/** The example document of RFC 9535 1.5, with its first book's price as there. */
const store = {
  store: {
    book: [
      { category: 'reference', author: 'Nigel Rees', title: 'Sayings of the Century', price: 8.95 },
      { category: 'fiction', author: 'Evelyn Waugh', title: 'Sword of Honour', price: 12.99 },
      {
        category: 'fiction',
        author: 'Herman Melville',
        title: 'Moby Dick',
        isbn: '0-553-21311-3',
        price: 8.99,
      },
      {
        category: 'fiction',
        author: 'J. R. R. Tolkien',
        title: 'The Lord of the Rings',
        isbn: '0-395-19395-8',
        price: 22.99,
      },
    ],
    bicycle: { color: 'red', price: 399 },
  },
}
const titles = store.store.book.map(({ title }) => title)

describe('RFC 9535 on its example document', () => {
  const cases: [path: string, expected: unknown][] = [
    ['$.store.book[*].author', ['Nigel Rees', 'Evelyn Waugh', 'Herman Melville', 'J. R. R. Tolkien']],
    ['$..author', ['Nigel Rees', 'Evelyn Waugh', 'Herman Melville', 'J. R. R. Tolkien']],
    ['$.store..price', [8.95, 12.99, 8.99, 22.99, 399]],
    ['$..book[2].title', ['Moby Dick']],
    ['$..book[-1].title', ['The Lord of the Rings']],
    ['$..book[0,1].title', titles.slice(0, 2)],
    ['$..book[:2].title', titles.slice(0, 2)],
    ['$..book[?@.isbn].title', titles.slice(2)],
    ['$..book[?@.price<10].title', [titles[0], titles[2]]],
    ['$.store.book[::2].title', [titles[0], titles[2]]],
    ['$.store.book[::-1].title', titles.toReversed()],
    ['$.store.book[3:0:-2].title', [titles[3], titles[1]]],
    ['$.store.book[-2:].title', titles.slice(2)],
    ['$.store.book[5:1].title', []],
    ['$.store.book[::0].title', []],
    ['$.store.book[?@.price > 9 && @.isbn].title', [titles[3]]],
    ['$.store.book[?@.price < 9 || !@.isbn].title', titles.slice(0, 3)],
    ['$.store.book[?@.category != "fiction"].title', [titles[0]]],
    ['$.store.book[?@.price >= 12.99 && @.price <= 22.99].title', [titles[1], titles[3]]],
    ['$.store.book[?@.price == $.store.book[0].price].title', [titles[0]]],
    ['$.store.book[?@.missing == @.gone].title', titles],
    ['$.store.book[?@.missing == null].title', []],
    ['$.store.book[?match(@.author, "[JH].*")].title', titles.slice(2)],
    ['$.store.book[?search(@.title, "of")].title', [titles[0], titles[1], titles[3]]],
    ['$.store.book[?length(@.title) == 9].title', [titles[2]]],
    ['$.store[?count(@.*) == 2].color', ['red']],
    ['$.store.book[?value(@..isbn) == "0-553-21311-3"].title', [titles[2]]],
    ['$.store[?@.color == "red"].price', [399]],
    ['$.store.bicycle.*', ['red', 399]],
    ['$.nothing[*]', []],
  ]
  it.each(cases)('%s', (path, expected) => {
    expect(compilePath(path)).toMatchObject({ multiple: true })
    expect(compilePath(path).read(store)).toEqual(expected)
  })

  it('visits parents before children and siblings in order', () => {
    expect(compilePath('$..x').read({ x: [{ x: 1 }, { x: 2 }], y: { x: 3 } })).toEqual([
      [{ x: 1 }, { x: 2 }],
      1,
      2,
      3,
    ])
  })

  it('compares objects and arrays by their values', () => {
    const value = {
      items: [{ v: { a: 1, b: [2] } }, { v: { b: [2], a: 1 } }, { v: { a: 1 } }, { v: [1] }],
      same: { a: 1, b: [2] },
    }
    expect(compilePath('$.items[?@.v == $.same]').read(value)).toEqual(value.items.slice(0, 2))
  })

  it('lets a bare path start at the base while $ in its filters is the root', () => {
    const root = { wanted: 2 }
    expect(
      compilePath('items[?@.id == $.wanted].name').read(root, { items: [{ id: 2, name: 'two' }, { id: 3 }] }),
    ).toEqual(['two'])
    expect(compilePath('..id').read(root, { a: { id: 1 } })).toEqual([1])
  })

  it('yields one value, not an array, where only one node can be selected', () => {
    expect(compilePath("$ ['store'] .bicycle['col\\u006fr']")).toMatchObject({ multiple: false })
    expect(compilePath("$ ['store'] .bicycle['col\\u006fr']").read(store)).toBe('red')
    expect(compilePath("$ ['nope']").read(store)).toBeUndefined()
  })
})

describe('any document', () => {
  it('tells an empty object from an empty array', () => {
    expect(compilePath('$[?@==$.a]').read({ b: {}, a: [] })).toEqual([[]])
    expect(compilePath('$[?@==$.a]').read({ b: { 0: 1 }, a: [1] })).toEqual([[1]])
  })

  it('gives what the evaluation of the parser itself gives', () => {
    const environment = new JSONPathEnvironment({ maxRecursionDepth: 1000 })
    // Its comparison takes {} for [], and {"0": 1} for [1]; RFC 9535, 2.3.5.2.2, does not.
    const key = fc.constantFrom('a', 'b', 'id', 'length')
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, 0, 1, 2, 'x', 'yy'),
        fc.array(tie('value'), { minLength: 1 }),
        tie('object'),
      ),
      object: fc.dictionary(key, tie('value'), { minKeys: 1 }),
    }))
    const segment = fc.constantFrom(
      '.a',
      '[*]',
      '..b',
      '..*',
      '[0,-1]',
      "['id','a']",
      '[1:]',
      '[::-1]',
      '[-2::2]',
    )
    const filter = fc.constantFrom(
      '[?@.a]',
      '[?!@.b]',
      '[?@.a==@.b]',
      '[?@.id>1||@==$.a]',
      '[?count(@.*)<2]',
      '[?length(@)>=1&&value(@..a)!=0]',
    )
    const path = fc
      .array(fc.oneof(segment, filter), { minLength: 1, maxLength: 4 })
      .map((parts) => `$${parts.join('')}`)
    fc.assert(
      fc.property(path, value, (source, document) => {
        const query = environment.compile(source)
        const expected = query.query(document as JSONValue).values()
        expect(compilePath(source).read(document)).toEqual(query.singularQuery() ? expected[0] : expected)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('hostile documents and patterns', () => {
  it('reads arrays of any length', () => {
    const items = Array.from({ length: 300_000 }, (_, id) => ({ id }))
    expect(compilePath('$.items[*].id').read({ items })).toHaveLength(300_000)
  })

  it('descends as deep as a document goes', () => {
    let deep: unknown = { id: 'bottom' }
    for (let level = 0; level < 100_000; level++) deep = [deep]
    expect(compilePath('$..id').read(deep)).toEqual(['bottom'])
  })

  it('gives up a query that would visit too many nodes, and selects nothing', () => {
    const wide = Array.from({ length: 200 }, () => Array.from({ length: 200 }, () => 1))
    const nodes = 1 + 200 + 40_000
    const perDescent = nodes + nodes * 2
    expect(compilePath('$..*').read(wide)).toHaveLength(nodes - 1)
    expect(perDescent * 100).toBeGreaterThan(MAX_VISITED_NODES)
    expect(compilePath('$[*][?count($..*) > 1]').read(wide)).toBeUndefined()
  })

  it('gives up comparing values that are nested too deeply', () => {
    const nest = (depth: number) => JSON.parse(`${'['.repeat(depth)}1${']'.repeat(depth)}`)
    expect(compilePath('$[?@ == $[1]]').read([nest(400), nest(400)])).toHaveLength(2)
    expect(compilePath('$[?@ == $[1]]').read([nest(5000), nest(5000)])).toBeUndefined()
  })

  it('runs patterns in time that grows with the text, not exponentially', () => {
    const names = [{ name: `${'a'.repeat(5000)}!` }, { name: 'aaa' }]
    expect(compilePath('$[?match(@.name, "(a+)+")].name').read(names)).toEqual(['aaa'])
  })
})
