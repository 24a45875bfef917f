import { createRedactor, MiniAppError, type Redactor } from 'miniapp'
import { findWorkspace } from '../account/store.ts'
import { actAs, authorOf } from '../audit/author.ts'
import type { Context } from '../context.ts'
import { isRetryable } from '../db/error.ts'
import { httpStatusOf, publicError } from '../errors.ts'
import { openBags } from '../install/bags.ts'
import type { Connection } from '../install/complete-connect.ts'
import { connectAccount, recordAttempt } from '../install/connect-account.ts'
import { notInstalled } from '../install/install-app.ts'
import { findInstall } from '../install/store.ts'
import { compiledVersion } from '../registry/compiled-version.ts'
import { browserCookieName, cookieValues, dropBrowserCookie } from './browser-cookie.ts'
import { isSecure } from './callback-origin.ts'
import { type CallbackParameters, readCallback } from './callback-parameters.ts'
import { connected, type Ending, failed, type Refusal, refused } from './ending.ts'
import { openSecret } from './one-time-secret.ts'
import { readOneTimeText, sha256 } from './one-time-text.ts'
import { refusalOfState } from './state.ts'
import { findState, type StoredState, takeState } from './store.ts'

export interface Callback {
  ns: string
  query: URLSearchParams
  /** The `Cookie` header. */
  cookies: string | undefined
  requestId: string
}

export interface CallbackOutcome {
  ending: Ending
  /** Removes the cookie of a state that is used up. */
  cookie?: string
}

/**
 * Completes an authorization (specification 3.4): checks the answer's `state` and browser, uses the state up, exchanges
 * the code and connects the account. Every way out is an ending for the popup; nothing of a refused answer is shown.
 */
export async function completeAuthorization(context: Context, callback: Callback): Promise<CallbackOutcome> {
  const { ns, requestId } = callback
  const parameters = readCallback(callback.query)
  const key = parameters && readOneTimeText(parameters.state)
  if (!parameters || !key) return refuse(context, parameters ? 'unknown' : 'malformed', callback)
  const state = await findState(context.db.sql, key)
  const name = browserCookieName(key.hash, isSecure(context.config))
  const now = context.now()
  const browserHashes = cookieValues(callback.cookies, name).map(sha256)
  const refusal = refusalOfState(state, { ns, now, browserHashes })
  if (refusal || !state) return refuse(context, refusal ?? 'unknown', callback, state)
  if (!(await takeState(context.db.sql, { ...key, now: new Date(now) }))) {
    return refuse(context, 'used', callback, state)
  }
  // Who began the authorization completes it: the cookie has shown it.
  const author = { requestId, ...authorOf(context), accountId: state.accountId }
  const ending = await actAs(context, author, () => finish(context, state, { parameters, requestId }))
  return { ending, cookie: dropBrowserCookie(name, isSecure(context.config)) }
}

function refuse(
  context: Context,
  refusal: Refusal,
  { ns, requestId }: Callback,
  state?: StoredState,
): CallbackOutcome {
  context.log.info('authorization.refused', {
    ...(state && { workspaceId: state.workspaceId, ns }),
    requestId,
    status: refusal,
  })
  return { ending: refused(refusal, state) }
}

interface Answer {
  parameters: CallbackParameters
  requestId: string
}

/** The state is used up: from here on the opener is told whatever happens. */
async function finish(context: Context, state: StoredState, answer: Answer): Promise<Ending> {
  const { workspaceId, ns } = state
  const { requestId } = answer
  let label = ns
  try {
    const connection = await recordAttempt(context, { workspaceId, ns, requestId }, async () => {
      const target = await findTarget(context, state)
      label = target.compiled.definition.label
      return connect(context, state, { ...target, ...answer })
    })
    return connected(connection, { label, opener: state })
  } catch (error) {
    const shown = publicError(error, isRetryable)
    if (httpStatusOf(shown.code) >= 500) {
      context.log.error('request.handled', { workspaceId, ns, requestId, status: shown.code, error })
    }
    return failed(shown, { label, opener: state })
  }
}

async function findTarget(context: Context, { workspaceId, ns }: StoredState) {
  const [install, workspace] = await Promise.all([
    findInstall(context.db.sql, { workspaceId, ns }),
    findWorkspace(context.db.sql, { id: workspaceId }),
  ])
  if (!install || !workspace || install.state === 'suspended') throw notInstalled(ns)
  const compiled = await compiledVersion(context, install.versionId)
  return { install, compiled, subdomain: workspace.subdomain }
}

type Target = Awaited<ReturnType<typeof findTarget>> & Answer

async function connect(
  context: Context,
  state: StoredState,
  { parameters, ...target }: Target,
): Promise<Connection> {
  const { form, codeVerifier } = await openSecret(context, 'state', state)
  if ('error' in parameters) {
    const bags = await openBags(context, target)
    const credentials = { ...bags.credentials, ...(form as Record<string, unknown> | null) }
    const known = target.compiled.secretsOf({ ...bags, credentials })
    const secrets = [...known, codeVerifier, parameters.state]
    throw notGranted(parameters, createRedactor(secrets))
  }
  const authValues = { code: parameters.code, state: parameters.state, code_verifier: codeVerifier }
  return connectAccount(context, { ...target, submitted: form, authValues })
}

/** What the provider says when somebody said no, or it could not ask (RFC 6749, 4.1.2.1). */
function notGranted(
  { error, description }: { error: string; description: string | undefined },
  redact: Redactor,
): MiniAppError {
  const said = description === undefined ? undefined : redact(description)
  const words = said === undefined ? '' : ` It says: ${said}`
  return new MiniAppError('TEST_FAILED', `The provider gave no access (${redact(error)}).${words}`, {
    details: { providerMessage: said ?? redact(error) },
  })
}
