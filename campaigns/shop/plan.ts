/** Which events a campaign sends, and what must have become of them in the end. */
import { signatureOf } from '../../packages/server/test/market-app.ts'
import type { Random } from '../properties/random.ts'
import { APPS, EVENT } from './definition.ts'

/** An app of a workspace. */
export interface Shop {
  subdomain: string
  ns: string
}

export interface PlannedEvent {
  /** What tells duplicates: unique in the campaign. */
  id: string
  body: Buffer
  headers: Record<string, string>
}

/** Events of one order, sent one after another, so that their order is certain. */
export interface Chain {
  shop: Shop
  code: string
  /** The name of whoever ordered, found nowhere else in the workspace. */
  buyer: string
  events: PlannedEvent[]
  /** Statuses of the order, each visible once, in this order: what is older than what is known changes nothing. */
  visible: string[]
}

/** About one buyer so many orders. */
const ORDERS_PER_BUYER = 3
const MOST_EVENTS_PER_ORDER = 8
const FIRST_TIME_MS = Date.UTC(2026, 0, 1)
const STEP_MS = 60_000

/** @returns one shop for each app and workspace */
export function shopsOf(workspaces: number): Shop[] {
  return Array.from({ length: workspaces }, (_, index) => `shop-${index + 1}`).flatMap((subdomain) =>
    APPS.map((ns) => ({ subdomain, ns })),
  )
}

/**
 * Half of the orders say when they were changed, out of order; the others do not, so that what arrives last stands.
 * @param wanted how many orders, or how many events in all
 */
export function planChains(
  { shops, ...wanted }: { shops: readonly Shop[] } & ({ orders: number } | { events: number }),
  random: Random,
): Chain[] {
  const { orders = Infinity, events = Infinity }: { orders?: number; events?: number } = wanted
  const chains: Chain[] = []
  for (let planned = 0; planned < events && chains.length < orders; ) {
    const length = Math.min(1 + random.below(MOST_EVENTS_PER_ORDER), events - planned)
    const shop = shops[chains.length % shops.length] as Shop
    chains.push(planChain({ shop, number: Math.floor(chains.length / shops.length), length }, random))
    planned += length
  }
  return chains
}

function planChain(
  { shop, number, length }: { shop: Shop; number: number; length: number },
  random: Random,
): Chain {
  const code = `o-${number}`
  const buyerCode = `b-${Math.floor(number / ORDERS_PER_BUYER)}`
  const buyer = `Buyer ${buyerCode} of ${shop.ns}`
  const isTimed = random.chance(0.5)
  const times = shuffled(length, random)
  const events = times.map((time, index) => {
    const id = `${shop.subdomain}/${shop.ns}/${code}/${index}`
    const at = new Date(FIRST_TIME_MS + time * STEP_MS).toISOString()
    const order = { id: code, number: `#${number}`, status: `s${index}`, ...(isTimed && { at }) }
    const body = Buffer.from(
      JSON.stringify({ delivery_id: id, order, buyer: { id: buyerCode, name: buyer } }),
    )
    const headers = {
      'content-type': 'application/json',
      'x-market-topic': EVENT,
      'x-market-signature': signatureOf(body),
    }
    return { id, body, headers }
  })
  const visible = times.flatMap((time, index) =>
    !isTimed || times.slice(0, index).every((earlier) => earlier < time) ? [`s${index}`] : [],
  )
  return { shop, code, buyer, events, visible }
}

function shuffled(length: number, random: Random): number[] {
  const numbers = Array.from({ length }, (_, index) => index)
  for (let last = length - 1; last > 0; last--) {
    const other = random.below(last + 1)
    const kept = numbers[last] as number
    numbers[last] = numbers[other] as number
    numbers[other] = kept
  }
  return numbers
}
