/** `POST /graphql`, `GET /graphql` and `GET /public-api.graphql` (specification 10.1, 10.3). */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { GraphQLSchema } from 'graphql'
import { routePrefix } from '../account/address.ts'
import { type Authenticated, authenticate } from '../account/authenticate.ts'
import { PAGE_HEADERS } from '../account/page.ts'
import { actAs } from '../audit/author.ts'
import type { Context } from '../context.ts'
import { isRetryable } from '../db/error.ts'
import { ApiError, httpStatusOf, publicError } from '../errors.ts'
import { type Answer, createEngine, type Engine } from './engine.ts'
import { answerErrors } from './errors.ts'
import { MAX_BODY_BYTES } from './limits.ts'
import { graphqlPage } from './page.ts'
import { type GraphqlRequest, readGet, readPost } from './read-request.ts'
import { schema as wholeSchema } from './schema.ts'
import { sdlOf } from './sdl.ts'

/** What the log line of a request tells, gathered on its way. */
interface Line {
  authenticated?: Authenticated
  operationName?: string | undefined
  operations?: string[]
  status: string
  error?: unknown
}

/** Characters; a name is the caller's text and goes into the log. */
const MAX_LOGGED_NAME = 100

const JSON_TYPE = 'application/json; charset=utf-8'
/** GraphQL over HTTP, for clients that ask for it. */
const GRAPHQL_JSON_TYPE = 'application/graphql-response+json; charset=utf-8'

/** Adds the routes, under the path of `SAAS_API_URL`. Request ids come from `registerRequestIds`. */
export function graphqlRoutes(
  server: FastifyInstance,
  context: Context,
  schema: GraphQLSchema = wholeSchema,
): void {
  const sdl = sdlOf(schema)
  const prefix = routePrefix(context.config)
  server.get(`${prefix}/public-api.graphql`, (_request, reply) =>
    reply.type('text/plain; charset=utf-8').header('x-content-type-options', 'nosniff').send(sdl),
  )
  server.register(async (scope) => operationRoutes(scope, context, createEngine(schema)), { prefix })
}

function operationRoutes(scope: FastifyInstance, context: Context, engine: Engine): void {
  const lines = new WeakMap<FastifyRequest, Line>()
  const lineOf = (request: FastifyRequest): Line => {
    const line = lines.get(request) ?? { status: 'ok' }
    lines.set(request, line)
    return line
  }
  const run = async (request: FastifyRequest, reply: FastifyReply, params: GraphqlRequest) => {
    const line = lineOf(request)
    if (line.authenticated === undefined) throw new Error('The request was not authenticated.')
    const { authenticated } = line
    const { accountId, tokenId, name } = authenticated.caller
    const author = { accountId, tokenId, name, requestId: request.id, address: request.ip }
    const answer = await actAs(context, author, () =>
      engine.run(params, {
        ...authenticated,
        context,
        requestId: request.id,
        httpMethod: params.readOnly ? 'GET' : 'POST',
      }),
    )
    line.operationName = answer.operationName
    line.operations = answer.operations
    return send({ request, reply, line }, answer)
  }
  acceptJsonOnly(scope)
  // Before the body is read, so that a caller without a token costs nothing further.
  scope.addHook('onRequest', async (request, reply) => {
    if (isBrowserVisit(request)) return reply.headers(PAGE_HEADERS).send(graphqlPage(context.config))
    lineOf(request).authenticated = await authenticate(context, request)
  })
  scope.post('/graphql', { bodyLimit: MAX_BODY_BYTES }, (request, reply) =>
    run(request, reply, readPost(bytesOf(request.body))),
  )
  scope.get('/graphql', (request, reply) =>
    run(request, reply, readGet(request.query as Record<string, unknown>)),
  )
  scope.setErrorHandler((error, request, reply) => {
    const { status, told } = requestError(error)
    const answered = answerErrors([told], { requestId: request.id, requestErrorCode: 'BAD_USER_INPUT' })
    const { errors, unexpected } = answered
    return send({ request, reply, line: lineOf(request) }, { status, body: { errors }, unexpected })
  })
  scope.addHook('onResponse', async (request, reply) => {
    const line = lines.get(request)
    if (line !== undefined) log(context, { request, reply, line })
  })
}

/** Any other content type could be sent by a form of a foreign page. */
function acceptJsonOnly(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
}

function bytesOf(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array()
}

/** Somebody typed the address into a browser. */
function isBrowserVisit(request: FastifyRequest): boolean {
  return (
    request.method === 'GET' &&
    (request.query as Record<string, unknown>)['query'] === undefined &&
    (request.headers.accept ?? '').includes('text/html')
  )
}

/** What fastify refuses before a handler runs, in our words; everything else as it is. */
const FASTIFY_REFUSALS: Record<string, { status: number; told: ApiError }> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    told: new ApiError(
      'PAYLOAD_TOO_LARGE',
      `The request body is larger than ${MAX_BODY_BYTES} bytes. Send less, or several requests.`,
    ),
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    told: new ApiError(
      'BAD_USER_INPUT',
      'POST takes JSON only: send the header Content-Type: application/json and a body such as {"query": "{ currentUser { _id } }"}.',
    ),
  },
}

function requestError(error: unknown): { status: number; told: unknown } {
  const { code, statusCode, message } = error as Partial<FastifyError>
  const refusal = code === undefined ? undefined : FASTIFY_REFUSALS[code]
  if (refusal !== undefined) return refusal
  if (code?.startsWith('FST_') && statusCode !== undefined && statusCode < 500) {
    return { status: statusCode, told: new ApiError('BAD_USER_INPUT', `${message}.`, { cause: error }) }
  }
  return { status: httpStatusOf(publicError(error, isRetryable).code), told: error }
}

interface Exchange {
  request: FastifyRequest
  reply: FastifyReply
  line: Line
}

function send(
  { request, reply, line }: Exchange,
  answer: Omit<Answer, 'operationName' | 'operations'>,
): FastifyReply {
  const [first] = answer.body.errors ?? []
  if (first !== undefined) line.status = String(first.extensions?.['code'])
  line.error = answer.unexpected[0]
  if (answer.status === 401) reply.header('www-authenticate', 'Bearer')
  if (answer.status === 405) reply.header('allow', 'POST')
  const asksForGraphql = (request.headers.accept ?? '').includes('application/graphql-response+json')
  return reply
    .code(answer.status)
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .type(asksForGraphql ? GRAPHQL_JSON_TYPE : JSON_TYPE)
    .send(JSON.stringify(answer.body))
}

function log(context: Context, { request, reply, line }: Exchange): void {
  context.log[line.error === undefined ? 'info' : 'error']('operation.handled', {
    requestId: request.id,
    workspaceId: line.authenticated?.workspace.id,
    tokenId: line.authenticated?.caller.tokenId,
    operationName: line.operationName?.slice(0, MAX_LOGGED_NAME),
    operations: line.operations,
    status: line.status,
    durationMs: Math.round(reply.elapsedTime),
    ...(line.error !== undefined && { error: line.error }),
  })
}
