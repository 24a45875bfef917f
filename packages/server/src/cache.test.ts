import { describe, expect, it } from 'vitest'
import { BoundedCache, isFresh, perContext } from './cache.ts'

describe('BoundedCache', () => {
  it('holds as many entries as its limit and then forgets the one unused for longest', () => {
    const cache = new BoundedCache<number>(2)
    cache.set('a', 1)
    cache.set('b', 2)
    expect(cache.get('a')).toBe(1)
    cache.set('c', 3)
    expect(cache.size).toBe(2)
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3])
  })

  it('knows what was used last also after that was deleted', () => {
    const cache = new BoundedCache<number>(2)
    for (const key of ['a', 'b', 'c']) cache.set(key, 1)
    cache.delete('c')
    cache.set('d', 1)
    cache.get('b')
    cache.get('b')
    cache.set('e', 1)
    expect([cache.get('b'), cache.get('d'), cache.get('e')]).toEqual([1, undefined, 1])
  })

  it('deletes an entry only while it is the one named', () => {
    const cache = new BoundedCache<object>(2)
    const [old, current] = [{}, {}]
    cache.set('a', current)
    cache.delete('a', old)
    expect(cache.get('a')).toBe(current)
    cache.delete('a', current)
    expect(cache.get('a')).toBeUndefined()
  })
})

describe('isFresh', () => {
  it.each([
    { what: 'what was just read', now: 1_000, fresh: true },
    { what: 'the last millisecond', now: 60_999, fresh: true },
    { what: 'its end', now: 61_000, fresh: false },
    { what: 'a clock that was set back', now: 999, fresh: false },
  ])('$what', ({ now, fresh }) => {
    expect(isFresh(1_000, { now, maxAgeMs: 60_000 })).toBe(fresh)
  })
})

describe('perContext', () => {
  it('makes one value for each context', () => {
    const list = perContext<object, number[]>(() => [])
    const [one, other] = [{}, {}]
    list(one).push(1)
    expect(list(one)).toEqual([1])
    expect(list(other)).toEqual([])
  })
})
