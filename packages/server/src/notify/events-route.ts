/** `GET /events` (specification 10.1): server-sent events of one workspace, for live views. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { routePrefix } from '../account/address.ts'
import { answerErrors } from '../account/answer-errors.ts'
import { authenticate } from '../account/authenticate.ts'
import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { lacking } from '../record/export-route.ts'
import { endWatching, watch } from './live.ts'
import { GAP } from './live-message.ts'
import { installMessages, missedSince, readPlace, startPlace } from './live-resume.ts'
import { LiveStream } from './live-stream.ts'

interface EventsRoute {
  Querystring: Record<string, unknown>
}

/** Below the minute after which proxies cut silent connections. */
export const HEARTBEAT_INTERVAL_MS = 15_000
/** A token that was revoked reads so much longer. */
const RECHECK_INTERVAL_MS = 1_000
const PERMISSION = 'showMiniAppsConnections'

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // nginx would collect messages until its buffer is full.
  'x-accel-buffering': 'no',
} as const

export function eventsRoute(server: FastifyInstance, context: Context): void {
  server.addHook('preClose', async () => endWatching(context))
  server.register(async (scope) => routes(scope, context), { prefix: routePrefix(context.config) })
}

function routes(scope: FastifyInstance, context: Context): void {
  answerErrors(scope, context)
  scope.get<EventsRoute>('/events', { exposeHeadRoute: false }, (request, reply) =>
    open(context, request, reply),
  )
}

/** @throws ApiError UNAUTHENTICATED, FORBIDDEN, RATE_LIMITED */
async function open(
  context: Context,
  request: FastifyRequest<EventsRoute>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { workspaceId } = await readerOf(context, request)
  const { ns } = request.query
  const lastEventId = request.headers['last-event-id']
  const place = typeof lastEventId === 'string' ? readPlace(lastEventId) : undefined
  let checkedAt = context.now()
  const isAllowed = async () => {
    if (context.now() - checkedAt < RECHECK_INTERVAL_MS) return true
    checkedAt = context.now()
    await readerOf(context, request)
    return true
  }
  let stream: LiveStream | undefined
  const unwatch = watch(context, {
    workspaceId,
    tell: (messages) => stream?.tell(messages),
    end: () => stream?.end('stopped'),
  })
  if (unwatch === undefined) {
    throw new ApiError('RATE_LIMITED', 'Too many live views are open. Close some, or read the lists instead.')
  }
  reply.hijack()
  reply.raw.writeHead(200, HEADERS)
  const heartbeat = setInterval(() => void stream?.beat(), HEARTBEAT_INTERVAL_MS).unref()
  stream = new LiveStream({
    response: reply.raw,
    place: place ?? startPlace(context.now()),
    now: context.now,
    isAllowed,
    ns: typeof ns === 'string' && ns !== '' ? ns : undefined,
    onEnd: (reason) => {
      unwatch()
      clearInterval(heartbeat)
      context.log.info('stream.ended', { workspaceId, requestId: request.id, status: reason })
    },
  })
  const isLost = lastEventId !== undefined && place === undefined
  const missed = await Promise.all([
    installMessages(context, workspaceId),
    place ? missedSince(context, workspaceId, place) : isLost ? [GAP] : [],
  ]).catch(() => [[GAP]])
  stream.release(missed.flat())
  return reply
}

async function readerOf(
  context: Context,
  request: FastifyRequest<EventsRoute>,
): Promise<{ workspaceId: string }> {
  const { caller } = await authenticate(context, request)
  if (caller.can(PERMISSION)) return { workspaceId: caller.workspaceId }
  throw lacking(PERMISSION)
}
