import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import type { Context } from '../context.ts'

/** Longest wait for the database before the process says that it is not ready. */
const READY_TIMEOUT_MS = 2_000

/**
 * `GET /healthz`: the process answers. `GET /readyz`: it can do its work, that is, the database answers; migrations
 * have run before the first request is accepted (specification 10.1).
 */
export function healthRoutes(server: FastifyInstance, context: Context): void {
  server.get('/healthz', async () => ({ status: 'ok' }))
  server.get('/readyz', async (_request, reply) => {
    const database = await answers(context)
    return reply.code(database ? 200 : 503).send({
      status: database ? 'ready' : 'not ready',
      checks: { database: database ? 'ok' : `no answer within ${READY_TIMEOUT_MS} ms` },
    })
  })
}

async function answers(context: Context): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), READY_TIMEOUT_MS)
  const query = sql`select 1`.execute(context.db.sql).then(
    () => true,
    () => false,
  )
  return Promise.race([query, late]).finally(() => clearTimeout(timer))
}
