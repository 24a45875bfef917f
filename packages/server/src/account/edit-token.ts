import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import type { Caller } from './app-token.ts'
import { checkedName } from './create-workspace.ts'
import { futureDate, refuseEscalation } from './make-token.ts'
import { type AppToken, lockToken, updateToken } from './store.ts'

/** What is absent or null stays as it is. What a token may do cannot be changed. */
export interface TokenEdit {
  id: string
  name?: string | null | undefined
  expireDate?: Date | null | undefined
  noExpire?: boolean | null | undefined
  isEnabled?: boolean | null | undefined
}

type Change = Parameters<typeof updateToken>[2]

/**
 * Renames a token, moves its expiry, switches it off or on. Counts at once, in every process.
 *
 * @throws ApiError `NOT_FOUND` where the workspace has no such token, `BAD_USER_INPUT` where a value does not fit,
 * `FORBIDDEN` where the edit would lengthen the life of a token that may do more than the caller
 */
export async function editToken(context: Context, caller: Caller, edit: TokenEdit): Promise<AppToken> {
  const key = { workspaceId: caller.workspaceId, id: edit.id }
  return context.db.transaction(async (trx) => {
    const token = await lockToken(trx, key)
    if (token === undefined) throw appNotFound()
    const change = changeOf(token, edit, context.now())
    const lengthens = change.expireDate !== undefined || (change.isEnabled === true && !token.isEnabled)
    if (lengthens) refuseEscalation(caller, token)
    if (Object.keys(change).length === 0) return token
    await recordAct(context, trx, {
      workspaceId: key.workspaceId,
      kind: 'token.changed',
      subjectId: key.id,
      details: change,
    })
    return updateToken(trx, key, change)
  })
}

export function appNotFound(): ApiError {
  return new ApiError('NOT_FOUND', 'App not found')
}

function changeOf(token: AppToken, edit: TokenEdit, now: number): Change {
  return {
    ...(edit.name != null && { name: checkedName(edit.name, 'name') }),
    ...(edit.isEnabled != null && { isEnabled: edit.isEnabled }),
    ...expiryOf(token, edit, now),
  }
}

/** `noExpire` wins over `expireDate`; a date given alone makes the token expire (10b section 5). */
function expiryOf(token: AppToken, edit: TokenEdit, now: number): Change {
  if (edit.noExpire === true) return { noExpire: true, expireDate: null }
  if (edit.expireDate != null) return { noExpire: false, expireDate: futureDate(edit.expireDate, now) }
  if (edit.noExpire === false && token.noExpire) {
    throw new ApiError('BAD_USER_INPUT', 'expireDate is required where noExpire is set to false.')
  }
  return {}
}
