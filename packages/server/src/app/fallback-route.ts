import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { isRetryable } from '../db/error.ts'
import { httpStatusOf, publicError } from '../errors.ts'

/** Addresses that cannot be decoded; fastify's own answer repeats them, with the code and the state of a callback in them. */
export function refuseAddress(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const message = 'The path of the address is not percent-encoded UTF-8.'
  reply.code(400).send({ error: { code: 'BAD_USER_INPUT', message, requestId: request.id } })
}

/** What no route of its own answers: unknown addresses, and errors outside the scopes that shape theirs. */
export function fallbackRoutes(server: FastifyInstance, context: Context): void {
  server.setNotFoundHandler((request, reply) => {
    const message = `Nothing answers ${request.method} at this address. The API is at ${context.config.saasApiUrl}/graphql.`
    return reply.code(404).send({ error: { code: 'NOT_FOUND', message, requestId: request.id } })
  })
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const requestId = request.id
    if (error.statusCode !== undefined && error.statusCode < 500) {
      const { statusCode, message } = error
      return reply.code(statusCode).send({ error: { code: 'BAD_USER_INPUT', message, requestId } })
    }
    const { code, message } = publicError(error, isRetryable)
    const status = httpStatusOf(code)
    context.log.error('request.handled', { requestId, status, error })
    return reply.code(status).send({ error: { code, message, requestId } })
  })
}
