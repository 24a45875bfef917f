import type { SeedConfig } from 'emulate'
import { callJson, type Json } from './call-json.ts'

/** The stand-in takes any key. */
const KEY = 'rk_test_stand_in'
const CUSTOMER = { email: 'omar@example.com', name: 'Omar Khayyam' }
const PRODUCT = 'Coffee beans'
const PRICE = { currency: 'sar', unit_amount: 1999 }

export interface StripeSeed {
  key: string
  /** Besides the customer `test@example.com`, which the stand-in always has. */
  customer: { id: string; email: string; name: string }
  product: { id: string; name: string }
  /** Of the product, paid once. */
  price: { id: string; currency: string; unitAmount: number }
}

export function stripeSeed(): SeedConfig {
  return {
    stripe: {
      customers: [CUSTOMER],
      products: [{ name: PRODUCT }],
      prices: [{ ...PRICE, product_name: PRODUCT }],
    },
  }
}

/** Learns the ids that the stand-in gave. */
export async function fillStripe(origin: string): Promise<StripeSeed> {
  const first = async (path: string) => {
    const { data } = await callJson({ method: 'GET', url: `${origin}/v1/${path}`, token: KEY })
    const [found] = data as (Json & { id: string })[]
    if (!found) throw new Error(`The Stripe stand-in has none of ${path}.`)
    return found
  }
  const { id: customerId } = await first(`customers?email=${CUSTOMER.email}`)
  const { id: productId } = await first('products')
  const { id: priceId } = await first(`prices?product=${productId}`)
  return {
    key: KEY,
    customer: { id: customerId, ...CUSTOMER },
    product: { id: productId, name: PRODUCT },
    price: { id: priceId, currency: PRICE.currency, unitAmount: PRICE.unit_amount },
  }
}
