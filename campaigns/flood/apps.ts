import { marketDefinition, marketTrigger } from '../../packages/server/test/market-app.ts'

/** Makes a customer, an order and a trigger of each event. */
export const SHOP_APP = 'market'
/** The same with a function that takes long, and one that fails. */
export const BUSY_APP = 'busybody'

const order = { code: '$.order.id', status: '$.order.status', updatedAt: '$.order.at' }

function definition(ns: string, mapping: Record<string, unknown>, changes: object = {}) {
  const market = marketDefinition()
  return marketDefinition({
    ns,
    name: ns,
    type: ns,
    triggers: [marketTrigger('order.created', ns)],
    webhook: {
      ...(market['webhook'] as object),
      customerExtraction: { basePath: '$.buyer', mapping: { code: 'id', primaryEmail: 'email' } },
    },
    sync: {
      webhooks: { handlers: { 'order.created': { recordType: 'order', operation: 'upsert', mapping } } },
    },
    ...changes,
  })
}

export function floodDefinitions(): Record<string, unknown>[] {
  const compute = (fn: string) => ({ transform: 'compute', fn, args: { order: '$.order.id' } })
  const busy = definition(
    BUSY_APP,
    { ...order, note: compute('takeLong'), orderNumber: compute('fail') },
    {
      functions: {
        takeLong: {
          params: ['order'],
          code: 'let sum = 0; for (let i = 0; i < 3000000; i++) sum += i; return { value: String(sum) }',
        },
        fail: { params: ['order'], code: 'throw new Error("no number for " + order)' },
      },
    },
  )
  return [definition(SHOP_APP, order), busy]
}
