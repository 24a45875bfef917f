import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { findAddressedWorkspace, routePrefix } from '../account/address.ts'
import { answerErrors } from '../account/answer-errors.ts'
import { authenticate, noWorkspace } from '../account/authenticate.ts'
import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import {
  EXPORT_FORMATS,
  EXPORTS,
  type ExportFormat,
  type ExportName,
  type ExportRequest,
  exportRows,
  isExportName,
} from './export.ts'
import { readExportTicket } from './export-ticket.ts'

interface ExportRoute {
  Params: { name: string }
  Querystring: Record<string, unknown>
}

const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', vary: 'accept-encoding' }

const CONTENT_TYPES = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
} as const satisfies Record<ExportFormat, string>

/**
 * `GET /export/{customers|orders|abandonedCarts|products|categories}?format=csv|ndjson` with an app token, or with the ticket of
 * a link from `exportLink`. Streams, so that an answer that ends early was cut off: its connection breaks.
 */
export function exportRoutes(server: FastifyInstance, context: Context): void {
  server.register(async (scope) => routes(scope, context), { prefix: routePrefix(context.config) })
}

function routes(scope: FastifyInstance, context: Context): void {
  answerErrors(scope, context, HEADERS)
  scope.get<ExportRoute>('/export/:name', { exposeHeadRoute: false }, async (request, reply) => {
    const wanted = await readRequest(context, request)
    const { name, format } = wanted
    reply
      .headers(HEADERS)
      .type(CONTENT_TYPES[format])
      .header('content-disposition', `attachment; filename="${name}.${format}"`)
    return stream(context, { wanted, reply, acceptsGzip: acceptsGzip(request) })
  })
}

async function readRequest(context: Context, request: FastifyRequest<ExportRoute>): Promise<ExportRequest> {
  const name = readName(request.params.name)
  const { ticket } = request.query
  if (typeof ticket === 'string') {
    const workspace = await findAddressedWorkspace(context, request)
    if (workspace === undefined) throw noWorkspace()
    const wanted = await readExportTicket(context, { workspaceId: workspace.id, ticket })
    if (wanted.name === name) return wanted
    throw new ApiError('UNAUTHENTICATED', `The link is for ${wanted.name}, not for ${name}.`)
  }
  const { caller } = await authenticate(context, request)
  const { permission } = EXPORTS[name]
  if (!caller.can(permission)) throw lacking(permission)
  return { workspaceId: caller.workspaceId, name, format: readFormat(request.query['format']), filter: {} }
}

export function lacking(permission: string): ApiError {
  return new ApiError('FORBIDDEN', `Permission denied: this needs the permission ${permission}.`, {
    details: { permission },
  })
}

/** @throws ApiError NOT_FOUND */
export function readName(name: string): ExportName {
  if (isExportName(name)) return name
  throw new ApiError(
    'NOT_FOUND',
    `There is no export of that name; there are ${Object.keys(EXPORTS).join(', ')}.`,
  )
}

/** @throws ApiError BAD_USER_INPUT */
export function readFormat(value: unknown): ExportFormat {
  const format = EXPORT_FORMATS.find((one) => one === (value ?? 'csv'))
  if (format !== undefined) return format
  throw new ApiError('BAD_USER_INPUT', `format must be one of ${EXPORT_FORMATS.join(', ')}.`)
}

function acceptsGzip({ headers }: FastifyRequest): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/i.test(headers['accept-encoding'] ?? '')
}

function stream(
  context: Context,
  { wanted, reply, acceptsGzip }: { wanted: ExportRequest; reply: FastifyReply; acceptsGzip: boolean },
): FastifyReply {
  const rows = Readable.from(exportRows(context, wanted), { objectMode: false, highWaterMark: 1 })
  if (!acceptsGzip) return reply.send(rows)
  const gzip = createGzip()
  // What fails here ends the answer too; fastify logs nothing of it.
  pipeline(rows, gzip).catch(() => {})
  return reply.header('content-encoding', 'gzip').send(gzip)
}
