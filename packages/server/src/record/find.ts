/** One customer or record, by its id or by what providers call it. */

import { isId } from '../account/id.ts'
import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { type ListedRecord, listCustomers, listRecords } from './list.ts'
import type { ListedCustomer } from './merge-customer.ts'
import { findKeyOwners } from './store.ts'

interface Wanted {
  workspaceId: string
  idOrCode: string
}

const ALL = { limit: 2, offset: 0 }

/**
 * @param wanted.idOrCode `_id`, also of one that was merged into it, or a code: its own, or that of an app
 * @throws ApiError NOT_FOUND; BAD_USER_INPUT where several apps use the code
 */
export async function findCustomer(
  context: Pick<Context, 'db'>,
  { workspaceId, idOrCode }: Wanted,
): Promise<ListedCustomer> {
  const { sql } = context.db
  const [byId] = await listCustomers(sql, { workspaceId, ids: [idOrCode] }, ALL)
  if (byId !== undefined) return byId
  const byCode = await listCustomers(sql, { workspaceId, code: idOrCode }, ALL)
  if (byCode.length > 0 || !isId(idOrCode)) return only(byCode, { what: 'customer', idOrCode })
  const [merged] = await findKeyOwners(sql, workspaceId, [{ kind: 'merged', value: idOrCode, ns: '' }])
  const ids = merged === undefined ? [] : [merged.customerId]
  return only(await listCustomers(sql, { workspaceId, ids }, ALL), { what: 'customer', idOrCode })
}

/**
 * @param wanted.idOrCode `_id`, or the code at the provider
 * @throws ApiError NOT_FOUND; BAD_USER_INPUT where several apps use the code
 */
export async function findRecord(
  context: Pick<Context, 'db'>,
  { workspaceId, idOrCode, contentType, what }: Wanted & { contentType: string; what: string },
): Promise<ListedRecord> {
  const filter = { workspaceId, contentType, archived: true }
  const { sql } = context.db
  const [byId] = await listRecords(sql, { ...filter, ids: [idOrCode] }, ALL)
  const found = byId === undefined ? await listRecords(sql, { ...filter, codes: [idOrCode] }, ALL) : [byId]
  return only(found, { what, idOrCode })
}

function only<Found>(
  [first, second]: Found[],
  { what, idOrCode }: { what: string; idOrCode: string },
): Found {
  if (first === undefined) throw notFound(what, JSON.stringify(idOrCode))
  if (second === undefined) return first
  throw new ApiError(
    'BAD_USER_INPUT',
    `Several apps know a ${what} by the code ${JSON.stringify(idOrCode)}: name the one that is meant by its _id.`,
  )
}

function notFound(what: string, named: string): ApiError {
  return new ApiError('NOT_FOUND', `There is no ${what} ${named} in this workspace.`)
}

/** @param named in words, such as `with the code "7"` */
export function customerNotFound(named: string): ApiError {
  return notFound('customer', named)
}
