import type { Caller } from '../account/app-token.ts'
import { isId } from '../account/id.ts'
import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import { retryCollisions } from '../db/retry-collisions.ts'
import { ApiError } from '../errors.ts'
import { deleteCustomers, lockCustomers } from './store.ts'
import { tellOfRemoved } from './tell.ts'

/** Customers of one call: one transaction, whose locks others wait for. */
export const MAX_REMOVED_CUSTOMERS = 500
/** Ids that an entry of the audit log names. */
const MAX_NAMED = 50

/**
 * Removes customers with all that leads to them; their orders stay, without a customer. An app that says something new of
 * one makes it again.
 *
 * @param ids what is no id of a customer is passed over
 * @returns the ids of those that were removed
 * @throws ApiError BAD_USER_INPUT for more than {@link MAX_REMOVED_CUSTOMERS}
 */
export function removeCustomers(
  context: Pick<Context, 'db' | 'now'>,
  { workspaceId }: Caller,
  ids: readonly string[],
): Promise<string[]> {
  const wanted = [...new Set(ids.filter(isId))]
  if (wanted.length > MAX_REMOVED_CUSTOMERS) {
    throw new ApiError('BAD_USER_INPUT', `At most ${MAX_REMOVED_CUSTOMERS} ids go into one call.`)
  }
  return retryCollisions(() =>
    context.db.transaction(async (trx) => {
      await lockCustomers(trx, workspaceId, wanted)
      const removed = (await deleteCustomers(trx, workspaceId, wanted)).sort()
      if (removed.length === 0) return removed
      const details = { count: removed.length, ids: removed.slice(0, MAX_NAMED) }
      await tellOfRemoved(context, trx, { workspaceId, ids: removed })
      await recordAct(context, trx, { workspaceId, kind: 'customers.removed', details })
      return removed
    }),
  )
}
