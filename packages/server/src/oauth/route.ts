import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { callbackBaseUrl } from '../account/address.ts'
import { actAs } from '../audit/author.ts'
import type { Context } from '../context.ts'
import { isRetryable } from '../db/error.ts'
import { httpStatusOf, publicError } from '../errors.ts'
import { startAuthorization } from './authorize.ts'
import { completeAuthorization } from './callback.ts'
import { isCallback } from './callback-parameters.ts'
import { type Ending, refused } from './ending.ts'
import { popupPage } from './popup-page.ts'

interface OauthRoute {
  Params: { ns: string }
}

/** Of the redirect to the provider: it holds the state, and the address it comes from a ticket. */
const REDIRECT_HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const

/**
 * `GET /miniapps/{ns}/oauth2` starts an authorization with `?ticket=…` and completes it with what the provider sends
 * (specification 3.4). Mounted under the path of `OAUTH_BASE_URL`; the workspace comes from ticket and state, never from
 * host or path. Answers a redirect, or a page on which the popup ends.
 */
export function oauthRoutes(server: FastifyInstance, context: Context): void {
  const { pathname } = new URL(callbackBaseUrl(context.config))
  server.register(async (scope) => routes(scope, context), { prefix: pathname.replace(/\/$/, '') })
}

function routes(scope: FastifyInstance, context: Context): void {
  scope.setErrorHandler((error, request, reply) => {
    const { code, message } = publicError(error, isRetryable)
    const { requestId, httpStatus } = { requestId: request.id, httpStatus: httpStatusOf(code) }
    if (httpStatus >= 500) context.log.error('request.handled', { requestId, status: httpStatus, error })
    return send(reply, { httpStatus, title: 'This did not work', text: message })
  })
  // A HEAD request, as link checkers send it, must not use a ticket up.
  scope.get<OauthRoute>('/miniapps/:ns/oauth2', { exposeHeadRoute: false }, (request, reply) => {
    const query = queryOf(request)
    return isCallback(query)
      ? complete(context, { request, query }, reply)
      : start(context, { request, query }, reply)
  })
}

interface Asked {
  request: FastifyRequest<OauthRoute>
  query: URLSearchParams
}

async function start(
  context: Context,
  { request, query }: Asked,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const tickets = query.getAll('ticket')
  const [ticket] = tickets
  if (ticket === undefined) return send(reply, refused('no-ticket'))
  if (tickets.length > 1) return send(reply, refused('malformed'))
  if (!opensInWindow(request)) return send(reply, refused('not-a-window'))
  const { ns } = request.params
  const outcome = await startAuthorization(context, { ns, ticket, requestId: request.id })
  if (!outcome.ok) return send(reply, outcome.ending)
  const headers = { ...REDIRECT_HEADERS, location: outcome.location, 'set-cookie': outcome.cookie }
  return reply.code(302).headers(headers).send()
}

async function complete(
  context: Context,
  { request, query }: Asked,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { ns } = request.params
  const { cookie: cookies } = request.headers
  const author = { requestId: request.id, address: request.ip }
  const { ending, cookie } = await actAs(context, author, () =>
    completeAuthorization(context, {
      ns,
      query,
      cookies,
      requestId: request.id,
    }),
  )
  if (cookie !== undefined) reply.header('set-cookie', cookie)
  return send(reply, ending)
}

/** Of the address as it came: a doubled parameter stays two. */
function queryOf({ raw }: FastifyRequest): URLSearchParams {
  const { url = '' } = raw
  const start = url.indexOf('?')
  return new URLSearchParams(start < 0 ? '' : url.slice(start + 1))
}

/** Fetch Metadata: browsers say what they load an address for. In a frame the cookie of the start would not be kept. */
function opensInWindow({ headers }: FastifyRequest): boolean {
  const destination = headers['sec-fetch-dest']
  return (destination === undefined || destination === 'document') && headers['sec-purpose'] === undefined
}

function send(reply: FastifyReply, ending: Ending): FastifyReply {
  const { headers, body } = popupPage(ending)
  return reply.code(ending.httpStatus).headers(headers).send(body)
}
