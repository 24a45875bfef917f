import { describe, expect, it } from 'vitest'
import { createRandom } from '../properties/random.ts'
import { FAILINGS, type Failing, judge } from './judge.ts'
import { type Chain, planChains, shopsOf } from './plan.ts'
import type { Effects } from './witness.ts'

const chains = planChains({ orders: 12, shops: shopsOf(2) }, createRandom(7))
const acknowledged = new Set(chains.flatMap(({ events }) => events.map(({ id }) => id)))
const REPEATED = 3

/** What a platform without faults leaves behind. */
function rightEffects(): Effects {
  const kept = chains.flatMap(({ shop, events }) =>
    events.map(({ id }) => ({
      ...shop,
      id: `row ${id}`,
      transactionId: id,
      status: 'processed',
      error: null,
    })),
  )
  const changed = chains.flatMap(({ shop, code, visible }) =>
    visible.map((status, index) => ({ ...shop, code, status, version: index + 1 })),
  )
  const buyers = new Map(chains.map(({ shop, buyer }) => [`${shop.subdomain} ${buyer}`, { ...shop, buyer }]))
  return {
    kept,
    fired: kept.map(({ id }) => id),
    changed,
    told: [
      ...[...buyers.values()].map(({ subdomain, buyer }) => ({
        ...{ subdomain, type: 'core:customer', action: 'create', ns: '', code: '', status: buyer },
      })),
      ...changed.map(({ version, ...order }) => ({
        ...{ ...order, type: 'ecommerce:order', action: version === 1 ? 'create' : 'update' },
      })),
    ],
    orders: chains.map(({ shop, code, visible }) => ({
      ...{ ...shop, code, status: visible.at(-1) ?? '', version: visible.length, count: 1 },
    })),
    duplicates: REPEATED,
  }
}

const judged = (effects: Effects) => {
  const tally = judge({ chains, acknowledged, repeated: REPEATED, effects, log: () => {} })
  return FAILINGS.filter((name) => tally[name] > 0)
}

/** One whose second event can be seen. */
const long = chains.find(({ visible, events }) => visible.length > 1 && events.length > 2) as Chain
const [first, second] = long.events.map(({ id }) => `row ${id}`) as [string, string]
const isOfLong = ({ code, ns, subdomain }: { code: string; ns: string; subdomain: string }) =>
  code === long.code && ns === long.shop.ns && subdomain === long.shop.subdomain

const FAULTS: Record<Failing, (effects: Effects) => void> = {
  lost: ({ kept }) => void kept.pop(),
  keptTwice: ({ kept }) => void kept.push({ ...(kept[0] as (typeof kept)[0]), id: 'row again' }),
  neverSent: ({ kept }) => void kept.push({ ...(kept[0] as (typeof kept)[0]), transactionId: 'nobody' }),
  notProcessed: ({ kept }) => void Object.assign(kept[0] ?? {}, { status: 'failed' }),
  firedOtherThanOnce: ({ fired }) => void fired.push(first),
  outOfOrder: ({ fired }) => {
    const [one, two] = [fired.indexOf(first), fired.indexOf(second)]
    fired[one] = second
    fired[two] = first
  },
  wrongOrders: ({ orders }) => void Object.assign(orders.find(isOfLong) ?? {}, { status: 's0' }),
  wrongChanges: ({ changed }) => void changed.push({ ...(changed.find(isOfLong) as (typeof changed)[0]) }),
  wrongOrdersTold: ({ told }) => void told.push({ ...(told.find(isOfLong) as (typeof told)[0]) }),
  wrongBuyersTold: ({ told }) => void told.push({ ...(told[0] as (typeof told)[0]), action: 'update' }),
  duplicatesUncounted: (effects) => {
    effects.duplicates -= 1
  },
}

describe('the judge of what became of deliveries', () => {
  it('finds nothing where nothing is wrong', () => {
    expect(long).toBeDefined()
    expect(judged(rightEffects())).toEqual([])
  })

  it.each(FAILINGS)('finds %s', (name) => {
    const effects = rightEffects()
    FAULTS[name](effects)
    expect(judged(effects)).toContain(name)
  })
})
