import type { FastifyInstance } from 'fastify'
import { discardRest } from '../webhook/discard-rest.ts'

/** Adds it to every route: where a body is refused for its size (413), its rest is read first. */
export function discardRefusedBodies(server: FastifyInstance): void {
  server.addHook('onSend', async (request, reply) => {
    if (reply.statusCode === 413) await discardRest(request.raw)
  })
}
