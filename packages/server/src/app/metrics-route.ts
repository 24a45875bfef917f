/** `GET /metrics` (specification 10.1): for whoever has `METRICS_TOKEN`, outside of production also for this machine. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { ApiError, httpStatusOf } from '../errors.ts'
import type { Metrics } from './metrics.ts'

/**
 * In production nothing but the token counts: behind a proxy on the same machine every caller comes from loopback.
 */
export function metricsRoute(
  server: FastifyInstance,
  config: Pick<Config, 'metricsToken' | 'production'>,
  metrics: Metrics,
): void {
  server.get('/metrics', async (request, reply) => {
    if (!mayRead(request, config)) {
      const { code, message } = new ApiError(
        'UNAUTHENTICATED',
        'Metrics are for whoever has METRICS_TOKEN: send it as Authorization: Bearer ….',
      )
      return reply
        .code(httpStatusOf(code))
        .header('www-authenticate', 'Bearer')
        .send({ error: { code, message, requestId: request.id } })
    }
    reply.header('cache-control', 'no-store').type(metrics.registry.contentType)
    return reply.send(await metrics.registry.metrics())
  })
}

function mayRead(
  { headers, socket }: FastifyRequest,
  { metricsToken, production }: Pick<Config, 'metricsToken' | 'production'>,
): boolean {
  if (metricsToken === undefined) return !production && isThisMachine(socket.remoteAddress)
  const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? ''
  return timingSafeEqual(hash(given), hash(metricsToken))
}

function isThisMachine(address = ''): boolean {
  return /^(::ffff:)?127(\.\d+){3}$|^::1$/.test(address)
}

const hash = (text: string) => createHash('sha256').update(text).digest()
