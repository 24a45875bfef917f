/** A shop: an app whose events change an order and its buyer and fire a trigger, and an action that calls its provider. */
import { listing } from '../../packages/server/test/ledger-app.ts'
import { marketDefinition } from '../../packages/server/test/market-app.ts'

export const ORIGIN = 'https://market.example'
export const EVENT = 'order.changed'
/** Of one workspace; their orders have the same codes and are different orders. */
export const APPS = ['market', 'bazaar'] as const

export function shopDefinition(ns: string): Record<string, unknown> {
  const { webhook, ...rest } = marketDefinition()
  return {
    ...rest,
    ...listing(ns, ORIGIN),
    triggers: [
      {
        type: `miniapps:${ns}`,
        event: EVENT,
        img: 'market.svg',
        icon: 'shopping-cart',
        label: 'Order changed',
        description: 'An order was placed or changed.',
        isCustom: false,
      },
    ],
    webhook: {
      ...(webhook as object),
      customerExtraction: { basePath: '$.buyer', mapping: { code: 'id', firstName: 'name' } },
    },
    sync: {
      webhooks: {
        handlers: {
          [EVENT]: {
            recordType: 'order',
            operation: 'upsert',
            mapping: {
              code: '$.order.id',
              orderNumber: '$.order.number',
              status: '$.order.status',
              customerCode: '$.buyer.id',
              updatedAt: '$.order.at',
            },
          },
        },
      },
    },
    actions: [
      {
        name: 'ask',
        title: 'Ask',
        description: 'Asks the shop.',
        parameters: { type: 'object', properties: {} },
        requests: [{ url: `${ORIGIN}/ask`, method: 'GET', mapping: { answer: '$.answer' } }],
      },
    ],
  }
}
