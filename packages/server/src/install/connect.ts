import { type CompiledDefinition, MiniAppError, runAuthRequests } from 'miniapp'
import { type Context, effectsFor } from '../context.ts'
import { ApiError } from '../errors.ts'
import { compiledVersion } from '../registry/compiled-version.ts'
import { openBags } from './bags.ts'
import { type Connection, completeConnect } from './complete-connect.ts'
import { keepConnectError } from './connect-error.ts'
import { notInstalled } from './install-app.ts'
import { findInstall, type InstallKey } from './store.ts'
import { systemValues } from './system-values.ts'

/** From the first auth request to the last, retries included. */
const CONNECT_DEADLINE_MS = 60_000

export interface ConnectRequest extends InstallKey {
  subdomain: string
  requestId: string
  /** What the credential form holds, by field name. */
  credentials: unknown
  /** Registers again although it is the same account. */
  reregister?: boolean
}

/**
 * Connects an account with a form (specification 3.3): tries what was submitted at the provider, stores all bags in one
 * transaction, or nothing, and registers what the app needs there. A failed attempt leaves an existing connection as it is and is kept as
 * `lastConnectError`.
 * @throws MiniAppError VALIDATION_ERROR (the form, `details.fields`), TEST_FAILED (the provider refused),
 *   DUPLICATE_INTEGRATION; ApiError NOT_FOUND (not installed) or BAD_USER_INPUT (nothing to connect with a form)
 */
export async function connectWithForm(context: Context, request: ConnectRequest): Promise<Connection> {
  const startedAt = context.now()
  const key: InstallKey = { workspaceId: request.workspaceId, ns: request.ns }
  const line = { ...key, requestId: request.requestId }
  try {
    const connection = await connect(context, key, request)
    context.log.info('install.connected', { ...line, durationMs: Math.round(context.now() - startedAt) })
    return connection
  } catch (error) {
    const status =
      error instanceof MiniAppError || error instanceof ApiError ? error.code : 'INTERNAL_SERVER_ERROR'
    context.log.info('install.refused', {
      ...line,
      status,
      durationMs: Math.round(context.now() - startedAt),
    })
    await keepConnectError(context, key, error)
    throw error
  }
}

async function connect(context: Context, key: InstallKey, request: ConnectRequest): Promise<Connection> {
  const install = await findInstall(context.db.sql, key)
  if (!install || install.state === 'suspended') throw notInstalled(key.ns)
  const compiled = await compiledVersion(context, install.versionId)
  refuseOtherWaysToConnect(compiled)
  const stored = await openBags(context, { install, compiled })
  const outcome = await runAuthRequests(
    compiled,
    {
      submitted: request.credentials,
      stored: stored.credentials,
      config: stored.config,
      system: systemValues(context, { subdomain: request.subdomain, ns: key.ns, uid: null }),
    },
    effectsFor(context, key.workspaceId),
    { deadlineMs: CONNECT_DEADLINE_MS, allowHttp: context.config.allowPrivateNetworks !== undefined },
  )
  if (!outcome.ok) throw outcome.error
  const { subdomain, requestId, reregister = false } = request
  return completeConnect(context, { install, subdomain, requestId, outcome, reregister })
}

function refuseOtherWaysToConnect({ definition }: CompiledDefinition): void {
  const { ns } = definition
  const reasons = {
    none: `"${ns}" needs no connection: its actions run as soon as it is installed.`,
    oauth2: `"${ns}" connects through OAuth 2.0: miniAppOauthTicket makes the address of the popup.`,
    bearer_token: undefined,
    apikey: undefined,
  } as const satisfies Record<typeof definition.auth.type, string | undefined>
  const reason = reasons[definition.auth.type]
  if (reason) throw new ApiError('BAD_USER_INPUT', reason)
}
