import type { IncomingHttpHeaders } from 'node:http'
import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { type AddressedRequest, findAddressedWorkspace } from './address.ts'
import { type Caller, checkAppToken, type TokenRefusal } from './app-token.ts'
import type { Workspace } from './store.ts'

export interface Authenticated {
  caller: Caller
  /** Of the caller, and the one that the request is addressed to. */
  workspace: Workspace
}

const HOW_TO_GET_A_TOKEN =
  'The first token comes from the one-time link that the server prints at its first start (npm run miniapps -- login URL), further ones from appsAdd.'

const REFUSALS = {
  invalid: `The app token is not valid: it was copied in part, was removed, or belongs to another workspace. ${HOW_TO_GET_A_TOKEN}`,
  disabled:
    'The app token was switched off. Someone with the permission manageDeveloper can switch it on again (appsEdit).',
  expired:
    'The app token has expired. Someone with the permission manageDeveloper can move its date (appsEdit) or make a new one (appsAdd).',
} as const satisfies Record<TokenRefusal, string>

/** The token of `x-app-token`, else of `Authorization: Bearer`. */
function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const appToken = headers['x-app-token']
  if (typeof appToken === 'string' && appToken !== '') return appToken
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
}

/**
 * Finds who makes a request.
 *
 * @throws ApiError `UNAUTHENTICATED` without a token that is valid in the addressed workspace, with the way to get one;
 * `NOT_FOUND` where there is no workspace at the address
 */
export async function authenticate(
  context: Context,
  request: AddressedRequest & { headers: IncomingHttpHeaders },
): Promise<Authenticated> {
  const jwt = tokenOf(request.headers)
  if (jwt === undefined) {
    throw new ApiError(
      'UNAUTHENTICATED',
      `An app token is missing: send it in the header x-app-token (or Authorization: Bearer …). ${HOW_TO_GET_A_TOKEN}`,
    )
  }
  const workspace = await findAddressedWorkspace(context, request)
  if (workspace === undefined) throw noWorkspace()
  const check = await checkAppToken(context, jwt, workspace.id)
  if (!check.ok) throw new ApiError('UNAUTHENTICATED', REFUSALS[check.reason])
  return { caller: check.caller, workspace }
}

export function noWorkspace(): ApiError {
  return new ApiError('NOT_FOUND', 'There is no workspace at this address; check the subdomain.')
}
