import type { CompiledDefinition } from 'miniapp'
import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { compiledVersion } from '../registry/compiled-version.ts'
import type { Connection } from './complete-connect.ts'
import { connectAccount, recordAttempt } from './connect-account.ts'
import { notInstalled } from './install-app.ts'
import { findInstall, type InstallKey } from './store.ts'

export interface ConnectRequest extends InstallKey {
  subdomain: string
  requestId: string
  /** What the credential form holds, by field name. */
  credentials: unknown
  /** Registers again although it is the same account. */
  reregister?: boolean
}

/**
 * Connects an account with a form (specification 3.3). A failed attempt leaves an existing connection as it is and is
 * kept as `lastConnectError`.
 * @throws MiniAppError VALIDATION_ERROR (the form, `details.fields`), TEST_FAILED (the provider refused),
 *   DUPLICATE_INTEGRATION; ApiError NOT_FOUND (not installed) or BAD_USER_INPUT (nothing to connect with a form)
 */
export function connectWithForm(context: Context, request: ConnectRequest): Promise<Connection> {
  return recordAttempt(context, request, async () => {
    const install = await findInstall(context.db.sql, request)
    if (!install || install.state === 'suspended') throw notInstalled(request.ns)
    const compiled = await compiledVersion(context, install.versionId)
    refuseOtherWaysToConnect(compiled)
    const { credentials: submitted, workspaceId: _workspaceId, ns: _ns, ...rest } = request
    return connectAccount(context, { ...rest, install, compiled, submitted })
  })
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
