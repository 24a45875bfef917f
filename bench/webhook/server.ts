/**
 * One side of bench `webhook`, as a process of its own: `bare` and `ground` are what it is compared with; the platform on a database: `platform` accepts alone, `shop`
 * processes too, and so does `another-shop` on a database that a `shop` has set up. Sends its port when it is ready.
 */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ensureDefaultWorkspace } from '../../packages/server/src/account/default-workspace.ts'
import { startMaintenance } from '../../packages/server/src/app/maintenance.ts'
import { openContext } from '../../packages/server/src/app/open-context.ts'
import { readConfig } from '../../packages/server/src/config.ts'
import { connectWithForm } from '../../packages/server/src/install/connect.ts'
import { installApp } from '../../packages/server/src/install/install-app.ts'
import { silentLog } from '../../packages/server/src/log.ts'
import { registerDefinition } from '../../packages/server/src/registry/register.ts'
import { startProcessing } from '../../packages/server/src/webhook/process.ts'
import { marketDefinition, WEBHOOK_SECRET } from '../../packages/server/test/market-app.ts'
import { webhookServer } from '../../packages/server/test/webhook-server.ts'
import { bareServer, openGround } from './ground.ts'
import type { SideKind } from './sides.ts'

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** The routes as the server has them. */
async function platform(options: {
  definition?: Record<string, unknown>
  processes: boolean
}): Promise<number> {
  const config = readConfig(process.env, { terminal: false, workingDirectory: '/' })
  const { context } = await openContext(config, silentLog)
  await startMaintenance(context, { repeat: false })
  const { id: workspaceId, subdomain } = await ensureDefaultWorkspace(context)
  if (options.definition) {
    const key = { workspaceId, ns: 'market' }
    await registerDefinition(context, options.definition)
    await installApp(context, key)
    const credentials = { webhookSecret: WEBHOOK_SECRET }
    await connectWithForm(context, { ...key, subdomain, requestId: 'bench', credentials })
  }
  if (options.processes) await startProcessing(context)
  const server = webhookServer(context)
  await server.listen({ port: 0, host: '127.0.0.1' })
  return (server.server.address() as AddressInfo).port
}

/** Each delivery is about a customer and an order, and fires a trigger. */
function shopDefinition(): Record<string, unknown> {
  const { webhook, ...rest } = marketDefinition()
  const mapping = { code: '$.order.id', orderNumber: '$.order.number', status: '$.order.status' }
  return {
    ...rest,
    triggers: [
      {
        type: 'miniapps:market',
        event: 'order.created',
        img: 'market.svg',
        icon: 'shopping-cart',
        label: 'Order',
        description: 'An order was made.',
        isCustom: false,
      },
    ],
    webhook: {
      ...(webhook as object),
      customerExtraction: {
        basePath: '$.buyer',
        mapping: { code: 'id', primaryEmail: 'email', firstName: 'name' },
      },
    },
    sync: {
      webhooks: { handlers: { 'order.created': { recordType: 'order', operation: 'upsert', mapping } } },
    },
  }
}

const SIDES = {
  bare: () => listening(bareServer(WEBHOOK_SECRET)),
  ground: async () =>
    listening(bareServer(WEBHOOK_SECRET, await openGround(process.env['DATABASE_URL'] ?? ''))),
  platform: () => platform({ definition: marketDefinition(), processes: false }),
  shop: () => platform({ definition: shopDefinition(), processes: true }),
  'another-shop': () => platform({ processes: true }),
} as const satisfies Record<SideKind, () => Promise<number>>

process.send?.(await SIDES[process.argv[2] as SideKind]())
