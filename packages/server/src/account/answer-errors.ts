import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { isRetryable } from '../db/error.ts'
import { httpStatusOf, publicError } from '../errors.ts'

/** What routes of a scope throw is answered as `{ error: { code, message, requestId } }`, and logged where it is our fault. */
export function answerErrors(
  scope: FastifyInstance,
  context: Context,
  headers: Readonly<Record<string, string>> = {},
): void {
  scope.setErrorHandler((error, request, reply) => {
    const { code, message } = publicError(error, isRetryable)
    const { requestId, status } = { requestId: request.id, status: httpStatusOf(code) }
    if (status >= 500) context.log.error('request.handled', { requestId, status, error })
    return reply.code(status).headers(headers).send({ error: { code, message, requestId } })
  })
}
