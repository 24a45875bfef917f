import { type FastifyInstance, fastify } from 'fastify'
import type { Context } from '../src/context.ts'
import { webhookRoutes } from '../src/webhook/route.ts'

/** The routes of webhooks as the server has them, alone. */
export function webhookServer(context: Context): FastifyInstance {
  const server = fastify()
  webhookRoutes(server, context)
  return server
}
