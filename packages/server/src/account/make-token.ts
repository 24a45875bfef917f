import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import { uuidv7 } from '../db/uuid.ts'
import { ApiError } from '../errors.ts'
import { type Caller, insertNewToken, tokenSigner } from './app-token.ts'
import { checkedName } from './create-workspace.ts'
import { type Grant, isPermission, lackingOf, PERMISSIONS } from './permission.ts'
import { insertAccount } from './store.ts'

/** Milliseconds a token works where the caller says nothing: what the published form fills in (10b section 5). */
export const DEFAULT_LIFETIME_MS = 30 * 24 * 60 * 60 * 1000

/** As published for `appsAdd`, with `permissions` in the place of user groups, which do not exist here. */
export interface WantedToken {
  name?: string | null | undefined
  userGroupId?: string | null | undefined
  workspaceId?: string | null | undefined
  expireDate?: Date | null | undefined
  allowAllPermission?: boolean | null | undefined
  noExpire?: boolean | null | undefined
  permissions?: readonly string[] | null | undefined
}

/**
 * Makes an app token and the system user behind it.
 *
 * @returns the JWT, which cannot be read again
 * @throws ApiError `BAD_USER_INPUT` where an argument does not fit, `NOT_FOUND` for another workspace, `FORBIDDEN` where
 * the caller lacks a permission that it wants to give
 */
export async function makeToken(
  context: Context,
  caller: Caller,
  wanted: WantedToken,
): Promise<{ id: string; accessToken: string }> {
  const { workspaceId } = caller
  const name = checkedName(wanted.name, 'name')
  if (wanted.workspaceId != null && wanted.workspaceId !== workspaceId) {
    throw new ApiError('NOT_FOUND', 'There is no such workspace. Leave workspaceId away to mean your own.')
  }
  const grant = wantedGrant(wanted)
  const now = context.now()
  const expireDate = wanted.noExpire
    ? null
    : futureDate(wanted.expireDate ?? new Date(now + DEFAULT_LIFETIME_MS), now)
  refuseEscalation(caller, grant)
  const signer = await tokenSigner(context, workspaceId)
  const accountId = uuidv7(now)
  return context.db.transaction(async (trx) => {
    await insertAccount(trx, { id: accountId, kind: 'system', name, createdAt: new Date(now) })
    const token = await insertNewToken(
      trx,
      { workspaceId, accountId, name, grant, expireDate },
      { signer, now },
    )
    const details = { name, ...grant, expireDate }
    await recordAct(context, trx, { workspaceId, kind: 'token.made', subjectId: token.id, details })
    return token
  })
}

/** @throws ApiError `FORBIDDEN` where the grant holds what the caller lacks */
export function refuseEscalation(caller: Caller, grant: Grant): void {
  const lacking = lackingOf(caller.grant, grant)
  if (lacking.length === 0) return
  throw new ApiError(
    'FORBIDDEN',
    `Permission denied: a token can only give what it has itself, and yours lacks ${lacking.join(', ')}.`,
    { details: { lacking } },
  )
}

/** @throws ApiError `BAD_USER_INPUT` where the date has passed */
export function futureDate(date: Date, now: number): Date {
  if (date.getTime() > now) return date
  throw new ApiError(
    'BAD_USER_INPUT',
    'expireDate must lie in the future. To end a token at once, use appsEdit with isEnabled: false.',
  )
}

function wantedGrant(wanted: WantedToken): Grant {
  const allowAllPermission = wanted.allowAllPermission === true
  if (wanted.userGroupId) {
    throw new ApiError(
      'BAD_USER_INPUT',
      'There are no user groups here: leave userGroupId away and pass permissions instead, for example permissions: ["showMiniAppsConnections", "executeMiniApps"].',
    )
  }
  if (!allowAllPermission && wanted.permissions == null) {
    throw new ApiError(
      'BAD_USER_INPUT',
      'userGroupId is required unless allowAllPermission is true. There are no user groups here: pass permissions instead, for example permissions: ["showMiniAppsConnections", "executeMiniApps"].',
    )
  }
  const permissions = [...new Set(wanted.permissions)]
  const unknown = permissions.filter((permission) => !isPermission(permission))
  if (unknown.length > 0) {
    throw new ApiError(
      'BAD_USER_INPUT',
      `There is no permission ${unknown.map((name) => JSON.stringify(name)).join(', ')}. There are: ${Object.keys(PERMISSIONS).join(', ')}.`,
    )
  }
  return { allowAllPermission, permissions }
}
