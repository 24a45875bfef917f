/**
 * One-time permission to start an authorization without a session of the console, for embedding (specification 3.4). It is
 * made by the API, works once within ten minutes, and carries the values of the form that precedes the popup.
 */
import { type CompiledDefinition, MiniAppError } from 'miniapp'
import { callbackUrl } from '../account/address.ts'
import type { Context } from '../context.ts'
import { uuidv7 } from '../db/uuid.ts'
import { ApiError } from '../errors.ts'
import { openBags } from '../install/bags.ts'
import { notInstalled } from '../install/install-app.ts'
import { findInstall, type InstallKey } from '../install/store.ts'
import { compiledVersion } from '../registry/compiled-version.ts'
import { authorizationAddress } from './authorization-address.ts'
import { callbackProblem } from './callback-origin.ts'
import { sealSecret } from './one-time-secret.ts'
import { makeOneTimeText } from './one-time-text.ts'
import { isOpenerOrigin } from './opener-origin.ts'
import { LIFETIME_MS } from './state.ts'
import { insertTicket } from './store.ts'

export interface TicketRequest extends InstallKey {
  subdomain: string
  /** Who makes the ticket; the connection is made in their name. */
  accountId: string
  /** What the form before the popup holds, by field name. */
  credentials: unknown
  /** The origin of the page that opens the popup and is told the outcome. */
  openerOrigin: string | undefined
}

export interface Ticket {
  /** To be opened in a window of its own. */
  url: string
  /** ISO 8601. */
  expiresAt: string
}

/**
 * Makes a ticket, after everything that can be found wrong before the popup: the form, the address of the provider, the
 * set-up of this server.
 * @throws MiniAppError VALIDATION_ERROR (the form, `details.fields`), NOT_CONFIGURED (no OAuth client); ApiError NOT_FOUND
 *   (not installed), BAD_USER_INPUT (the app has no OAuth, the origin is none, or callbacks come over http)
 */
export async function makeTicket(context: Context, request: TicketRequest): Promise<Ticket> {
  const { workspaceId, ns, accountId } = request
  checkOpenerOrigin(request.openerOrigin)
  const problem = callbackProblem(context.config)
  if (problem) throw new ApiError('BAD_USER_INPUT', problem)
  await tryStart(context, request)
  const { text, hash } = makeOneTimeText(workspaceId)
  const now = context.now()
  const row = { workspaceId, ns, id: uuidv7(now) }
  const expiresAt = new Date(now + LIFETIME_MS)
  await insertTicket(context.db.sql, {
    ...row,
    ticketHash: hash,
    accountId,
    openerOrigin: request.openerOrigin ?? null,
    secret: await sealSecret(context, 'ticket', { row, secret: { form: request.credentials ?? {} } }),
    createdAt: new Date(now),
    expiresAt,
  })
  return { url: `${callbackUrl(context.config, ns)}?ticket=${text}`, expiresAt: expiresAt.toISOString() }
}

/** Resolves the provider's address without going there. */
async function tryStart(context: Context, request: TicketRequest): Promise<void> {
  const install = await findInstall(context.db.sql, request)
  if (!install || install.state === 'suspended') throw notInstalled(request.ns)
  const compiled = await compiledVersion(context, install.versionId)
  const { credentials, config } = await openBags(context, { install, compiled })
  authorizationAddress(context, {
    compiled,
    subdomain: request.subdomain,
    config,
    userInput: readForm(compiled, request.credentials, credentials),
    state: 'state',
    codeVerifier: 'verifier',
  })
}

/**
 * The open values of the form before the popup.
 * @param stored `credentials` of the install: empty secret fields keep their values
 * @throws MiniAppError VALIDATION_ERROR, with `details.fields`
 */
export function readForm(
  { auth }: CompiledDefinition,
  submitted: unknown,
  stored: Record<string, unknown>,
): Record<string, unknown> {
  const form = auth.readForm(submitted ?? {}, stored)
  if (form.ok) return form.userInput
  const [first] = form.fields
  const more = form.fields.length > 1 ? ` (and ${form.fields.length - 1} more)` : ''
  throw new MiniAppError('VALIDATION_ERROR', `The form does not fit: ${first?.message}${more}.`, {
    details: { fields: form.fields },
  })
}

function checkOpenerOrigin(openerOrigin: string | undefined): void {
  if (openerOrigin === undefined || isOpenerOrigin(openerOrigin)) return
  throw new ApiError(
    'BAD_USER_INPUT',
    'openerOrigin must be the exact origin of the page that opens the popup, such as https://app.example.com: https, or http on localhost, and nothing behind host and port.',
  )
}
