import type { FastifyInstance } from 'fastify'
import { actAs } from '../audit/author.ts'
import type { Context } from '../context.ts'
import { isRetryable } from '../db/error.ts'
import { httpStatusOf, publicError } from '../errors.ts'
import { findAddressedWorkspace, routePrefix, workspaceUrl } from './address.ts'
import { noWorkspace } from './authenticate.ts'
import { isLoginLink, useLoginLink } from './login-link.ts'
import { html, PAGE_HEADERS, page } from './page.ts'
import type { Workspace } from './store.ts'

/** Bytes; the body of the trade is not read. */
const MAX_BODY_BYTES = 1024

interface LinkRoute {
  Params: { link: string }
}

/**
 * `GET /login/:link` shows the command that uses the link and leaves it alone, so that previews and virus scanners do
 * no harm; `POST /login/:link` trades it, once, for `{ accessToken, workspace: { id, subdomain, name }, apiUrl }`.
 * Mounted under the path of `SAAS_API_URL`.
 */
export function loginRoutes(server: FastifyInstance, context: Context): void {
  server.register(async (scope) => routes(scope, context), { prefix: routePrefix(context.config) })
}

function routes(scope: FastifyInstance, context: Context): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null))
  scope.setErrorHandler((error, request, reply) => {
    const { code, message } = publicError(error, isRetryable)
    const { requestId, status } = { requestId: request.id, status: httpStatusOf(code) }
    if (status >= 500) context.log.error('request.handled', { requestId, status, error })
    return reply.code(status).headers(ANSWER_HEADERS).send({ error: { code, message, requestId } })
  })
  scope.get<LinkRoute>('/login/:link', async (request, reply) => {
    const workspace = await findAddressedWorkspace(context, request)
    if (workspace === undefined) throw noWorkspace()
    const { link } = request.params
    reply.code(isLoginLink(link) ? 200 : 404).headers(PAGE_HEADERS)
    return isLoginLink(link) ? signInPage(context, { workspace, link }) : brokenLinkPage()
  })
  scope.post<LinkRoute>('/login/:link', { bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
    const workspace = await findAddressedWorkspace(context, request)
    if (workspace === undefined) throw noWorkspace()
    const author = { requestId: request.id, address: request.ip }
    const { accessToken, tokenId } = await actAs(context, author, () =>
      useLoginLink(context, { workspace, link: request.params.link }),
    )
    context.log.info('link.used', { requestId: request.id, workspaceId: workspace.id, tokenId })
    const { id, subdomain, name } = workspace
    const apiUrl = workspaceUrl(context.config, subdomain)
    return reply.headers(ANSWER_HEADERS).send({ accessToken, workspace: { id, subdomain, name }, apiUrl })
  })
}

const ANSWER_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const

function signInPage(context: Context, { workspace, link }: { workspace: Workspace; link: string }): string {
  const url = `${workspaceUrl(context.config, workspace.subdomain)}/login/${link}`
  return page(
    `Sign in to ${workspace.name}`,
    html`<p>Run this command where the project is checked out. It trades this one-time link for an app token of the
owner and keeps it for the command line:</p>
<pre>npm run miniapps -- login ${url}</pre>
<p>The link works once, for 24 hours. Opening this page does not use it up.</p>`,
  )
}

function brokenLinkPage(): string {
  return page(
    'This sign-in link is not complete',
    html`<p>Copy the whole link from where you got it, up to its last character.</p>`,
  )
}
