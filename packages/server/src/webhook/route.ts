/** `POST /miniapps/{ns}/webhooks`, and `GET` for handshakes (specification 5.1, 10.1). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { callbackBaseUrl, publicOrigin, routePrefix } from '../account/address.ts'
import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { afterInput } from './after-input.ts'
import { discardRest } from './discard-rest.ts'
import { readBody } from './read-body.ts'
import { type Delivery, receive } from './receive.ts'
import { BUSY, type Reply, TOO_LARGE } from './reply.ts'

interface WebhookRoute {
  Params: { ns: string; subdomain?: string }
}

/** What comes back is never a page, whatever a definition or a provider puts into it. */
const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'",
} as const

/** Ours, whatever a definition answers. */
const REQUEST_ID = 'x-request-id'

/** RFC 9110, 8.6. */
const WITHOUT_LENGTH = [204]

/** Adds the routes, under the path of `SAAS_API_URL`, and for the apps that all workspaces share under that of the platform. */
export function webhookRoutes(server: FastifyInstance, context: Context): void {
  const platform = new URL(callbackBaseUrl(context.config)).pathname.replace(/\/$/, '')
  for (const prefix of new Set([routePrefix(context.config), platform])) {
    server.register(async (scope) => routes(scope, context), { prefix })
  }
}

function routes(scope: FastifyInstance, context: Context): void {
  const path = '/miniapps/:ns/webhooks'
  for (const method of ['POST', 'GET'] as const) {
    scope.route<WebhookRoute>({
      method,
      url: path,
      exposeHeadRoute: false,
      // Fastify finds the route and says who asks. Its body parsers, schemas and serializers have no part in a delivery.
      onRequest: (request, reply) => {
        reply.hijack()
        void handle(context, request, reply)
      },
      handler: () => {
        throw new Error('a delivery is answered before its handler')
      },
    })
  }
}

/** Never rejects. */
async function handle(
  context: Context,
  request: FastifyRequest<WebhookRoute>,
  reply: FastifyReply,
): Promise<void> {
  try {
    const rawBody = await readBody(request.raw, context.config.maxWebhookBytes)
    if (rawBody === 'gone') return
    if (rawBody !== 'too-large') {
      await afterInput()
      return answer(reply, await receive(context, deliveryOf(context, request, rawBody)))
    }
    // Closed while the sender is still at it, the connection would take the answer with it.
    await discardRest(request.raw)
    answer(reply, TOO_LARGE)
  } catch (error) {
    // What fails on our side, the provider shall send again, whatever it was.
    context.log.error('request.handled', { requestId: request.id, status: BUSY.status, error })
    answer(reply, BUSY)
  }
}

function deliveryOf(context: Context, request: FastifyRequest<WebhookRoute>, rawBody: Uint8Array): Delivery {
  return {
    ns: request.params.ns,
    addressed: request,
    method: request.method,
    headers: headersOf(request),
    rawBody,
    ...addressOf(context, request),
    now: context.now(),
  }
}

/** Node joins what was sent several times, except for `set-cookie`. */
function headersOf({ raw: { headers } }: FastifyRequest): Delivery['headers'] {
  const { 'set-cookie': cookies } = headers
  return (
    cookies === undefined ? headers : { ...headers, 'set-cookie': cookies.join(', ') }
  ) as Delivery['headers']
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

/** As Node takes them: names and values in turn. Most deliveries are answered alike. */
const linesOf = perContext(({ status, headers, body }: Reply): string[] => {
  const own = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  const length = WITHOUT_LENGTH.includes(status) ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const lines = new Map<string, string>([...own, ...Object.entries({ ...SAFE_HEADERS, ...length })])
  lines.delete(REQUEST_ID)
  return [...lines].flat()
})

function answer(reply: FastifyReply, answered: Reply): void {
  const lines = [...linesOf(answered)]
  const given = reply.getHeaders()
  for (const name in given) lines.push(name, String(given[name]))
  reply.raw.writeHead(answered.status, lines)
  reply.raw.end(answered.body)
}
