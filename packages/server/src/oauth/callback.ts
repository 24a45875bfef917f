import { MiniAppError, runAuthRequests } from 'miniapp'
import { findWorkspace } from '../account/store.ts'
import { type Context, effectsFor } from '../context.ts'
import { isRetryable } from '../db/error.ts'
import { publicError } from '../errors.ts'
import { openBags } from '../install/bags.ts'
import { type Connection, completeConnect } from '../install/complete-connect.ts'
import { keepConnectError } from '../install/connect-error.ts'
import { notInstalled } from '../install/install-app.ts'
import { findInstall } from '../install/store.ts'
import { systemValues } from '../install/system-values.ts'
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

/** From the exchange of the code to the last question who is connected, retries included. */
const CONNECT_DEADLINE_MS = 60_000

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
  const ending = await finish(context, state, { parameters, requestId })
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
  const startedAt = context.now()
  const { workspaceId, ns } = state
  const line = { workspaceId, ns, requestId: answer.requestId }
  const durationMs = () => Math.round(context.now() - startedAt)
  let label = ns
  try {
    const target = await findTarget(context, state)
    label = target.compiled.definition.label
    const connection = await connect(context, state, { ...target, ...answer })
    context.log.info('install.connected', { ...line, durationMs: durationMs() })
    return connected(connection, { label, opener: state })
  } catch (error) {
    const shown = publicError(error, isRetryable)
    const level = shown.code === 'INTERNAL_SERVER_ERROR' ? 'error' : 'info'
    context.log[level]('install.refused', {
      ...line,
      status: shown.code,
      durationMs: durationMs(),
      ...(level === 'error' && { error }),
    })
    await keepConnectError(context, { workspaceId, ns }, error)
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

async function connect(context: Context, state: StoredState, target: Target): Promise<Connection> {
  const { install, compiled, subdomain, parameters, requestId } = target
  if ('error' in parameters) throw notGranted(parameters)
  const { form, codeVerifier } = await openSecret(context, 'state', state)
  const stored = await openBags(context, { install, compiled })
  const system = systemValues(context, { subdomain, ns: install.ns, uid: null })
  const outcome = await runAuthRequests(
    compiled,
    {
      submitted: form,
      stored: stored.credentials,
      config: stored.config,
      system,
      authValues: {
        code: parameters.code,
        state: parameters.state,
        redirect_uri: system['redirect_uri'],
        code_verifier: codeVerifier,
      },
    },
    effectsFor(context, install.workspaceId),
    { deadlineMs: CONNECT_DEADLINE_MS, allowHttp: context.config.allowPrivateNetworks !== undefined },
  )
  if (!outcome.ok) throw outcome.error
  return completeConnect(context, { install, subdomain, requestId, outcome })
}

/** What the provider says when somebody said no, or it could not ask (RFC 6749, 4.1.2.1). */
function notGranted({
  error,
  description,
}: {
  error: string
  description: string | undefined
}): MiniAppError {
  const words = description === undefined ? '' : ` It says: ${description}`
  return new MiniAppError('TEST_FAILED', `The provider gave no access (${error}).${words}`, {
    details: { providerMessage: description ?? error },
  })
}
