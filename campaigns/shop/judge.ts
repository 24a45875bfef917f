/** Compares what was acknowledged with what became of it. */
import type { Chain } from './plan.ts'
import type { Effects } from './witness.ts'

/** Figures that must be 0. */
export const FAILINGS = [
  'lost',
  'keptTwice',
  'neverSent',
  'notProcessed',
  'firedOtherThanOnce',
  'outOfOrder',
  'wrongOrders',
  'wrongChanges',
  'wrongOrdersTold',
  'wrongBuyersTold',
  'duplicatesUncounted',
] as const
export type Failing = (typeof FAILINGS)[number]

interface Judged {
  chains: readonly Chain[]
  acknowledged: ReadonlySet<string>
  /** Deliveries beyond the first of each event that were answered. */
  repeated: number
  effects: Effects
  log: (line: string) => void
}

const SHOWN = 3

/** Chains of which not every event was acknowledged must not be given: what is to be of them nobody knows. */
export function judge({ chains, acknowledged, repeated, effects, log }: Judged): Record<Failing, number> {
  const tally = Object.fromEntries(FAILINGS.map((name) => [name, 0])) as Record<Failing, number>
  const fail = (name: Failing, what: string) => {
    tally[name] += 1
    if (tally[name] <= SHOWN) log(`${name}: ${what}`)
  }
  const sent = new Set(chains.flatMap(({ events }) => events.map(({ id }) => id)))
  const rows = Map.groupBy(effects.kept, ({ transactionId }) => transactionId)
  for (const id of acknowledged) if (!rows.has(id)) fail('lost', id)
  for (const [id, [row, ...others]] of rows) {
    if (!sent.has(id)) fail('neverSent', id)
    if (others.length > 0) fail('keptTwice', id)
    if (row?.status !== 'processed') fail('notProcessed', `${id}: ${row?.status} ${row?.error}`)
  }
  judgeFirings(chains, effects, fail)
  judgeOrders(chains, effects, fail)
  judgeTold(chains, effects, fail)
  if (effects.duplicates < repeated) {
    fail('duplicatesUncounted', `${repeated} were sent again, ${effects.duplicates} were counted`)
  }
  return tally
}

type Fail = (name: Failing, what: string) => void

/** Once for each event, and those of one order as they arrived. */
function judgeFirings(chains: readonly Chain[], { kept, fired }: Effects, fail: Fail): void {
  const transactions = new Map(kept.map(({ id, transactionId }) => [id, transactionId]))
  const moments = new Map<string, number[]>()
  for (const [moment, id] of fired.entries()) {
    const name = transactions.get(id) ?? id
    const known = moments.get(name)
    if (known) known.push(moment)
    else moments.set(name, [moment])
  }
  for (const { events } of chains) {
    const ofChain = events.map(({ id }) => moments.get(id) ?? [])
    for (const [index, times] of ofChain.entries()) {
      if (times.length !== 1) fail('firedOtherThanOnce', `${events[index]?.id}: ${times.length} times`)
    }
    const first = ofChain.map(([moment = -1]) => moment)
    if (first.some((moment, index) => index > 0 && moment < (first[index - 1] as number))) {
      fail('outOfOrder', `${events[0]?.id} and later: ${first.join(', ')}`)
    }
  }
}

const nameOf = ({ subdomain, ns, code }: { subdomain: string; ns: string; code: string }) =>
  `${subdomain}/${ns}/${code}`

/** One row of each order, as the last visible event left it, and each visible event changed it once. */
function judgeOrders(chains: readonly Chain[], { orders, changed }: Effects, fail: Fail): void {
  const byName = new Map(orders.map((order) => [nameOf(order), order]))
  const changes = Map.groupBy(changed, nameOf)
  for (const { shop, code, visible } of chains) {
    const name = nameOf({ ...shop, code })
    const order = byName.get(name)
    if (order?.count !== 1 || order.status !== visible.at(-1) || order.version !== visible.length) {
      fail('wrongOrders', `${name} should be ${visible.at(-1)}: ${JSON.stringify(order)}`)
    }
    // A stale event may add to what is known of times; that makes no version.
    const seen = (changes.get(name) ?? []).filter(
      ({ version }, index, all) => version !== all[index - 1]?.version,
    )
    const found = seen.map(({ version, status }) => `${version} ${status}`).join(', ')
    const expected = visible.map((status, index) => `${index + 1} ${status}`).join(', ')
    if (found !== expected) fail('wrongChanges', `${name}: ${found} instead of ${expected}`)
  }
  if (orders.length > chains.length) fail('wrongOrders', `${orders.length} of ${chains.length}`)
}

/** Each visible change of an order was told once, and each buyer when it came to be known. */
function judgeTold(chains: readonly Chain[], { told }: Effects, fail: Fail): void {
  const ofOrders = Map.groupBy(
    told.filter(({ type }) => type === 'ecommerce:order'),
    nameOf,
  )
  for (const { shop, code, visible } of chains) {
    const name = nameOf({ ...shop, code })
    const found = (ofOrders.get(name) ?? []).map(({ action, status }) => `${action} ${status}`).join(', ')
    const expected = visible
      .map((status, index) => `${index === 0 ? 'create' : 'update'} ${status}`)
      .join(', ')
    if (found !== expected) fail('wrongOrdersTold', `${name}: ${found} instead of ${expected}`)
  }
  const buyers = new Set(chains.map(({ shop, buyer }) => `${shop.subdomain}/${buyer}`))
  const ofBuyers = told.filter(({ type }) => type === 'core:customer')
  const created = Map.groupBy(ofBuyers, ({ subdomain, status }) => `${subdomain}/${status}`)
  for (const buyer of buyers) {
    const found = (created.get(buyer) ?? []).map(({ action }) => action).join(', ')
    if (found !== 'create') fail('wrongBuyersTold', `${buyer}: ${found || 'nothing'}`)
  }
  if (created.size > buyers.size) fail('wrongBuyersTold', `${created.size} instead of ${buyers.size}`)
}
