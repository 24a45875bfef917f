/** `POST /miniapps/{ns}/webhooks`, and `GET` for handshakes (specification 5.1, 10.1). */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { callbackBaseUrl, publicOrigin, routePrefix } from '../account/address.ts'
import type { Context } from '../context.ts'
import { receive } from './receive.ts'
import { BUSY, type Reply, refusal, TOO_LARGE } from './reply.ts'

interface WebhookRoute {
  Params: { ns: string; subdomain?: string }
}

/** What comes back is never a page, whatever a definition or a provider puts into it. */
const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'",
} as const

const NO_BYTES = new Uint8Array(0)

/** Adds the routes, under the path of `SAAS_API_URL`, and for the apps that all workspaces share under that of the platform. */
export function webhookRoutes(server: FastifyInstance, context: Context): void {
  const platform = new URL(callbackBaseUrl(context.config)).pathname.replace(/\/$/, '')
  for (const prefix of new Set([routePrefix(context.config), platform])) {
    server.register(async (scope) => routes(scope, context), { prefix })
  }
}

function routes(scope: FastifyInstance, context: Context): void {
  const contentTypes = new WeakMap<object, string>()
  takeAnyBody(scope, contentTypes)
  scope.setErrorHandler((error: FastifyError, request, reply) => {
    // Closed while the sender is still at it, the connection would take the answer with it. The rest is read and dropped.
    reply.removeHeader('connection')
    return answer(reply, replyTo(context, error, request))
  })
  const handle = async (request: FastifyRequest<WebhookRoute>, reply: FastifyReply) => {
    const contentType = contentTypes.get(request.raw)
    const headers = headersOf(request)
    if (contentType !== undefined) headers['content-type'] = contentType
    const { url, query } = addressOf(context, request)
    const answered = await receive(context, {
      ns: request.params.ns,
      addressed: request,
      method: request.method,
      headers,
      rawBody: request.body instanceof Uint8Array ? request.body : NO_BYTES,
      url,
      query,
      now: context.now(),
    })
    return answer(reply, answered)
  }
  const path = '/miniapps/:ns/webhooks'
  scope.post<WebhookRoute>(path, { bodyLimit: context.config.maxWebhookBytes }, handle)
  scope.get<WebhookRoute>(path, { exposeHeadRoute: false }, handle)
}

/**
 * The bytes as they came, whatever they are called: a `Content-Type` that cannot be read is no reason to lose a delivery,
 * so fastify sees none. (It is not deleted: V8 makes an object that lost a member slow.)
 */
function takeAnyBody(scope: FastifyInstance, contentTypes: WeakMap<object, string>): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  scope.addHook('onRequest', ({ raw }, _reply, done) => {
    const { 'content-type': contentType } = raw.headers
    if (contentType !== undefined) {
      contentTypes.set(raw, contentType)
      raw.headers['content-type'] = undefined
    }
    done()
  })
}

function headersOf({ raw }: FastifyRequest): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name in raw.headers) {
    const value = raw.headers[name]
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return headers
}

/** As the provider called it: the public address, not the one behind a proxy. */
function addressOf({ config }: Context, request: FastifyRequest<WebhookRoute>) {
  const target = request.raw.url ?? ''
  const start = target.indexOf('?')
  return {
    url: publicOrigin(config, request) + target,
    query: start < 0 ? {} : Object.fromEntries(new URLSearchParams(target.slice(start + 1))),
  }
}

function answer(reply: FastifyReply, { status, headers, body }: Reply): FastifyReply {
  return reply
    .code(status)
    .headers({ ...headers, ...SAFE_HEADERS })
    .send(body)
}

/** What fails on our side, the provider shall send again, whatever it was. */
function replyTo(context: Context, error: FastifyError, { id: requestId }: FastifyRequest): Reply {
  const { statusCode = BUSY.status } = error
  if (statusCode === TOO_LARGE.status) return TOO_LARGE
  if (statusCode < 500) return refusal(statusCode, 'BAD_USER_INPUT', error.message)
  context.log.error('request.handled', { requestId, status: BUSY.status, error })
  return BUSY
}
