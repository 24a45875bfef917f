/** Repeatable random choices: everything comes out of one seed. */
export interface Random {
  /** From 0 up to but not including 1. */
  next(): number
  /** A whole number from 0 up to but not including `bound`. */
  below(bound: number): number
  chance(probability: number): boolean
  pick<Value>(values: readonly Value[]): Value
  /** `count` values, at most. */
  list<Value>(most: number, make: () => Value): Value[]
}

/** mulberry32: small, fast and good enough to choose test data. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const below = (bound: number) => Math.floor(next() * bound)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (values) => {
      if (values.length === 0) throw new Error('nothing to pick from')
      return values[below(values.length)] as (typeof values)[number]
    },
    list: (most, make) => Array.from({ length: below(most + 1) }, make),
  }
}
