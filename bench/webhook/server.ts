/**
 * One side of bench `webhook`, as a process of its own: `bare`, or the platform on a database: `platform` accepts alone, `shop`
 * processes too, and so does `another-shop` on a database that a `shop` has set up. Sends its port when it is ready.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
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
import type { SideKind } from './sides.ts'

/** Reads the body, verifies its HMAC, answers: the least that any receiver does. */
async function bare(): Promise<number> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const digest = createHmac('sha256', WEBHOOK_SECRET).update(Buffer.concat(chunks)).digest()
      const given = Buffer.from(String(request.headers['x-market-signature']), 'hex')
      const isSame = given.length === digest.length && timingSafeEqual(given, digest)
      response.writeHead(isSame ? 202 : 401, { 'content-type': 'application/json' })
      response.end(isSame ? '{"got":"it"}' : '')
    })
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
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
  bare,
  platform: () => platform({ definition: marketDefinition(), processes: false }),
  shop: () => platform({ definition: shopDefinition(), processes: true }),
  'another-shop': () => platform({ processes: true }),
} as const satisfies Record<SideKind, () => Promise<number>>

process.send?.(await SIDES[process.argv[2] as SideKind]())
