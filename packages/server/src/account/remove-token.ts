import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import type { Caller } from './app-token.ts'
import { appNotFound } from './edit-token.ts'
import { deleteToken, lockToken } from './store.ts'

/**
 * Removes a token that was switched off, with the system user behind it.
 *
 * @throws ApiError `NOT_FOUND` where the workspace has no such token, `BAD_USER_INPUT` where it is enabled
 */
export async function removeToken(context: Context, caller: Caller, id: string): Promise<void> {
  const key = { workspaceId: caller.workspaceId, id }
  await context.db.transaction(async (trx) => {
    const token = await lockToken(trx, key)
    if (token === undefined) throw appNotFound()
    if (token.isEnabled) {
      throw new ApiError(
        'BAD_USER_INPUT',
        'Can not remove an enabled app. Switch it off first: appsEdit with isEnabled: false.',
      )
    }
    await deleteToken(trx, token)
    const { workspaceId, name } = token
    await recordAct(context, trx, {
      workspaceId,
      kind: 'token.removed',
      subjectId: id,
      details: { name },
    })
  })
}
