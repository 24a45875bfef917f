import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileKeyPath, compilePath, MAX_PATH_LENGTH, PathError } from './path.ts'

const document = {
  a: { b: { c: 1 } },
  items: [{ id: 7 }, { id: 8, price: { amount: '10.50' } }],
  'odd key': { z: 1 },
  'a.b': 'dotted',
  'First Name': 'Al',
  'x-total': 3,
  Order: { '@id': 'o1', '#text': 't', 'dc:title': 'd' },
  length: 4,
  '0': 'zero',
  none: null,
  ünïcode: 'ü',
}

describe('paths that are compiled to closures', () => {
  const cases: [path: string, expected: unknown][] = [
    ['$', document],
    ['$.a.b.c', 1],
    ['a.b.c', 1],
    ['$.items[0].id', 7],
    ['items[1].price.amount', '10.50'],
    ['$.items[-1].id', 8],
    ['$.items[-2].id', 7],
    ['$.items[-3].id', undefined],
    ['$.items[2].id', undefined],
    ["$['odd key'].z", 1],
    ['$["odd key"]["z"]', 1],
    ["['a.b']", 'dotted'],
    ['First Name', 'Al'],
    ['x-total', 3],
    ['$.x-total', 3],
    ['Order.@id', 'o1'],
    ['Order.#text', 't'],
    ['Order.dc:title', 'd'],
    ['$.ünïcode', 'ü'],
    ['0', 'zero'],
    ['$.length', 4],
    ['$.none', null],
    ['$.none.deep', undefined],
    ['$.nope.deep', undefined],
    ['$.a.b.c.d', undefined],
    ['$.a[0]', undefined],
    ['$.items.id', undefined],
    ['$.items.length', undefined],
    ["$.items['0']", undefined],
    ['$.a.b.c.length', undefined],
  ]
  it.each(cases)('%s', (path, expected) => {
    const compiled = compilePath(path)
    expect(compiled.read(document)).toBe(expected)
    expect(compiled).toMatchObject({ source: path, multiple: false })
  })

  it('read the root with $ and the base without', () => {
    expect(compilePath('$.a').read({ a: 1 }, { a: 2 })).toBe(1)
    expect(compilePath('a').read({ a: 1 }, { a: 2 })).toBe(2)
    expect(compilePath("['a']").read({ a: 1 }, { a: 2 })).toBe(2)
  })

  it.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '__proto__.toString',
    'constructor.prototype',
  ])('finds nothing at %s, rooted, quoted or bare', (name) => {
    const first = name.split('.')[0]
    for (const path of [
      name,
      `$.${name}`,
      `$['${first}']`,
      `$.items.${name}`,
      `$.items[0].${name}`,
      `$..['${first}'][0]`,
    ]) {
      expect(compilePath(path).read(document) ?? []).toEqual([])
    }
  })

  it('read an own __proto__ like any other key', () => {
    expect(compilePath('$.__proto__.x').read(JSON.parse('{"__proto__":{"x":1}}'))).toBe(1)
  })
})

describe('paths that do not parse', () => {
  const cases: [path: string, position: number, reason: string][] = [
    ['', 0, 'a path is not empty'],
    ['  ', 0, 'a path is not empty'],
    ['$.', 1, 'it ends with "."'],
    ['a.', 1, 'it ends with "."'],
    ['.a', 0, 'it starts with "."'],
    ['$.a[', 4, 'unclosed'],
    ['a[', 2, 'unclosed'],
    ['$.items[01]', 8, 'leading zero'],
    ['x + y', 2, "found '+'"],
    ['@.id', 0, "'@'"],
    ['$.items[?(', 10, 'unclosed'],
    ['$.items[?nope(@.a)]', 9, 'nope'],
    ['$.items[?length(@.a)]', 9, 'length'],
  ]
  it.each(cases)('%j at character %i', (path, position, reason) => {
    const error = catchError(() => compilePath(path))
    expect(error).toBeInstanceOf(PathError)
    expect(error.message).toContain(reason)
    expect((error as PathError).position).toBe(position)
  })

  it('and paths that are too long', () => {
    const longest = `$.${'a'.repeat(MAX_PATH_LENGTH - 2)}`
    expect(compilePath(longest).read({})).toBeUndefined()
    expect(() => compilePath(`${longest}a`)).toThrow(PathError)
  })
})

describe('keys of placeholders read as paths', () => {
  it.each([
    ['row.Price (USD)', { row: { 'Price (USD)': 3 } }, 3],
    ['row.Paid?', { row: { 'Paid?': true } }, true],
    ['items[0].id', { items: [{ id: 7 }] }, 7],
    ['items[*].id', { items: [{ id: 7 }, { id: 8 }] }, [7, 8]],
    ["row['First Name']", { row: { 'First Name': 'Al' } }, 'Al'],
  ])('%s', (key, source, expected) => {
    expect(compileKeyPath(key)?.read(source)).toEqual(expected)
  })

  it.each(['tags[]', 'a[', 'a..[', '.'])('gives no path for %s', (key) => {
    expect(compileKeyPath(key)).toBeUndefined()
  })
})

describe('every path', () => {
  const anything = fc.oneof(fc.string(), fc.stringMatching(/^\$?[.[\]*?@a-z0-9'"():,= ]{0,20}$/))

  it('compiles or throws a PathError, and then never throws', () => {
    fc.assert(
      fc.property(anything, fc.jsonValue(), (source, value) => {
        const path = compileOrUndefined(source)
        expect(() => path?.read(value)).not.toThrow()
      }),
      { numRuns: 1000 },
    )
  })

  it('of quoted names reads what is there', () => {
    const names = fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(names, (keys) => {
        const nested = keys.reduceRight<unknown>((value, key) => Object.fromEntries([[key, value]]), 'found')
        const path = `$${keys.map((key) => `[${JSON.stringify(key.toWellFormed())}]`).join('')}`
        const wellFormed = keys.every((key) => key.isWellFormed() && !/\p{Cc}/u.test(key))
        if (wellFormed && path.length <= MAX_PATH_LENGTH) expect(compilePath(path).read(nested)).toBe('found')
      }),
    )
  })
})

function compileOrUndefined(source: string) {
  try {
    return compilePath(source)
  } catch (error) {
    expect(error).toBeInstanceOf(PathError)
    return undefined
  }
}

function catchError(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
