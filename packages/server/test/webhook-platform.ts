/** The platform with a shop whose deliveries are signed, behind the real route. */
import type { FastifyInstance, InjectOptions } from 'fastify'
import type { Context } from '../src/context.ts'
import { connectWithForm } from '../src/install/connect.ts'
import { installApp } from '../src/install/install-app.ts'
import type { InstallKey } from '../src/install/store.ts'
import { registerDefinition } from '../src/registry/register.ts'
import { allWorkspaces } from './all-workspaces.ts'
import { marketDefinition, signatureOf, WEBHOOK_SECRET } from './market-app.ts'
import { type TestPlatform, testPlatform } from './platform.ts'
import { webhookServer } from './webhook-server.ts'

export interface Sent {
  /** `null`: to the address of the platform. */
  subdomain?: string | null
  ns?: string
  /** Default: a text of this object as JSON. */
  body?: unknown
  raw?: Buffer
  headers?: Record<string, string>
  /** Default {@link WEBHOOK_SECRET}. */
  secret?: string
}

export interface WebhookPlatform extends TestPlatform {
  server: FastifyInstance
  /** A workspace with the shop connected. @returns its id */
  newShop(subdomain: string, ns?: string): Promise<string>
  /** Installs and connects the shop in a workspace that is there. @param secret default {@link WEBHOOK_SECRET} */
  addShop(subdomain: string, key: InstallKey, secret?: string): Promise<void>
  connect(subdomain: string, key: InstallKey, secret?: string): Promise<void>
  /** Delivers, signed. */
  send(delivery: Sent): Promise<Answer>
  /** The events of a workspace, oldest first. */
  events(workspaceId: string): Promise<StoredEvent[]>
}

export type Answer = Awaited<ReturnType<typeof deliver>>
export type StoredEvent = Awaited<ReturnType<typeof eventsOf>>[number]

export async function webhookPlatform(
  definitions: Record<string, unknown>[] = [marketDefinition()],
  origins: Record<string, string> = {},
): Promise<WebhookPlatform> {
  const platform = await testPlatform(origins)
  for (const definition of definitions) await registerDefinition(platform.context, definition)
  const server = webhookServer(platform.context)
  const connect = async (subdomain: string, key: InstallKey, webhookSecret = WEBHOOK_SECRET) => {
    const credentials = { webhookSecret }
    await connectWithForm(platform.context, { ...key, subdomain, requestId: 'connect', credentials })
  }
  const addShop = async (subdomain: string, key: InstallKey, secret?: string) => {
    await installApp(platform.context, key)
    await connect(subdomain, key, secret)
  }
  return {
    ...platform,
    server,
    connect,
    addShop,
    async newShop(subdomain, ns = 'market') {
      const { workspaceId } = await platform.newActor(subdomain)
      await addShop(subdomain, { workspaceId, ns })
      return workspaceId
    },
    send: (delivery) => deliver(server, delivery),
    events: (workspaceId) => eventsOf(platform.context, workspaceId),
    async close() {
      await server.close()
      await platform.close()
    },
  }
}

export function requestOf({
  subdomain = 'acme',
  ns = 'market',
  ...sent
}: Sent): InjectOptions & { payload: Buffer } {
  const payload = sent.raw ?? Buffer.from(JSON.stringify(sent.body ?? {}))
  return {
    method: 'POST',
    url: `${subdomain === null ? '' : `/w/${subdomain}`}/miniapps/${ns}/webhooks`,
    headers: {
      'content-type': 'application/json',
      'x-market-topic': 'order.created',
      'x-market-signature': signatureOf(payload, sent.secret),
      ...sent.headers,
    },
    payload,
  }
}

async function deliver(server: FastifyInstance, delivery: Sent) {
  const { statusCode, headers, body } = await server.inject(requestOf(delivery))
  return { status: statusCode, headers, body }
}

function eventsOf({ db }: Context, workspaceId: string) {
  return allWorkspaces(db.sql)
    .selectFrom('webhookEvent')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .orderBy('createdAt')
    .orderBy('id')
    .execute()
}
