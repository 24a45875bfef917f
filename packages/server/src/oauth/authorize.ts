import { findWorkspace } from '../account/store.ts'
import type { Context } from '../context.ts'
import { isRetryable } from '../db/error.ts'
import { uuidv7 } from '../db/uuid.ts'
import { ApiError, publicError } from '../errors.ts'
import { openBags } from '../install/bags.ts'
import { notInstalled } from '../install/install-app.ts'
import { findInstall } from '../install/store.ts'
import { compiledVersion } from '../registry/compiled-version.ts'
import { authorizationAddress } from './authorization-address.ts'
import { browserCookieName, makeBrowserValue, setBrowserCookie } from './browser-cookie.ts'
import { callbackProblem, isSecure } from './callback-origin.ts'
import { type Ending, failed, type Refusal, refused } from './ending.ts'
import { openSecret, sealSecret } from './one-time-secret.ts'
import { makeOneTimeText, readOneTimeText, sha256 } from './one-time-text.ts'
import { makeCodeVerifier } from './pkce.ts'
import { LIFETIME_MS, refusalOfTicket } from './state.ts'
import { findTicket, insertState, type StoredTicket, takeTicket } from './store.ts'
import { readForm } from './ticket.ts'

export interface Start {
  ns: string
  /** The text of the ticket. */
  ticket: string
  requestId: string
}

export type StartOutcome =
  | { ok: true; location: string; cookie: string }
  /** The ticket is unused still, unless the ending says so. */
  | { ok: false; ending: Ending }

/**
 * Starts an authorization (specification 3.4): uses the ticket up, keeps a `state` bound to workspace, app, account and
 * browser, and says where the browser goes and which cookie it gets. Never throws for what somebody can put right.
 */
export async function startAuthorization(context: Context, start: Start): Promise<StartOutcome> {
  const { ns, requestId } = start
  const key = readOneTimeText(start.ticket)
  const ticket = key && (await findTicket(context.db.sql, key))
  const refusal = refusalOfTicket(ticket, { ns, now: context.now() })
  if (refusal || !ticket || !key) return refuse(context, refusal ?? 'unknown', { ...start, ticket })
  const line = { workspaceId: ticket.workspaceId, ns, requestId }
  try {
    const prepared = await prepare(context, ticket)
    const taken = await context.db.transaction(async (trx) => {
      if (!(await takeTicket(trx, { ...key, now: new Date(context.now()) }))) return false
      await insertState(trx, prepared.row)
      return true
    })
    if (!taken) return refuse(context, 'used', { ...start, ticket })
    context.log.info('authorization.started', line)
    return { ok: true, location: prepared.location, cookie: prepared.cookie }
  } catch (error) {
    const shown = publicError(error, isRetryable)
    context.log.warn('authorization.refused', { ...line, status: shown.code, error })
    return { ok: false, ending: failed(shown, { label: ns, opener: ticket }) }
  }
}

function refuse(
  context: Context,
  refusal: Refusal,
  { ns, requestId, ticket }: { ns: string; requestId: string; ticket: StoredTicket | undefined },
): StartOutcome {
  context.log.info('authorization.refused', {
    ...(ticket && { workspaceId: ticket.workspaceId, ns }),
    requestId,
    status: refusal,
  })
  return { ok: false, ending: refused(refusal, ticket) }
}

/** Everything that is not a matter of the transaction: the vault asks the database itself. */
async function prepare(context: Context, ticket: StoredTicket) {
  const { workspaceId, ns, accountId, openerOrigin } = ticket
  const problem = callbackProblem(context.config)
  if (problem) throw new ApiError('BAD_USER_INPUT', problem)
  const { form } = await openSecret(context, 'ticket', ticket)
  const install = await findInstall(context.db.sql, ticket)
  const workspace = await findWorkspace(context.db.sql, { id: workspaceId })
  if (!install || !workspace || install.state === 'suspended') throw notInstalled(ns)
  const compiled = await compiledVersion(context, install.versionId)
  const { credentials, config } = await openBags(context, { install, compiled })
  const state = makeOneTimeText(workspaceId)
  const codeVerifier = makeCodeVerifier()
  const location = authorizationAddress(context, {
    compiled,
    subdomain: workspace.subdomain,
    config,
    userInput: readForm(compiled, form, credentials),
    state: state.text,
    codeVerifier,
  })
  const secure = isSecure(context.config)
  const browser = makeBrowserValue()
  const now = context.now()
  const row = { workspaceId, ns, id: uuidv7(now) }
  return {
    location,
    cookie: setBrowserCookie(browserCookieName(state.hash, secure), browser, secure),
    row: {
      ...row,
      stateHash: state.hash,
      accountId,
      browserHash: sha256(browser),
      openerOrigin,
      secret: await sealSecret(context, 'state', { row, secret: { form, codeVerifier } }),
      createdAt: new Date(now),
      expiresAt: new Date(now + LIFETIME_MS),
    },
  }
}
