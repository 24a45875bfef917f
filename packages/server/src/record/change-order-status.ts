import type { Caller } from '../account/app-token.ts'
import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { ORDER_TYPE } from './content-type.ts'
import { editRecord } from './edit-record.ts'
import type { ListedRecord } from './list.ts'

/** Those that are shown in words (10b section 4.4); shops have further ones of their own. */
export const ORDER_STATUSES = [
  'created',
  'pending',
  'processing',
  'shipped',
  'delivered',
  'completed',
  'cancelled',
  'refunded',
  'returned',
  'on_hold',
] as const

/** Characters: a word or two. */
export const MAX_STATUS_CHARACTERS = 100

/**
 * Here alone: nothing is sent to the shop, and what its app says later of the status stands again.
 *
 * @throws ApiError NOT_FOUND; BAD_USER_INPUT for a status that is none, or where several apps use the code
 */
export function changeOrderStatus(
  context: Pick<Context, 'db' | 'now'>,
  caller: Caller,
  { idOrCode, status }: { idOrCode: string; status: string },
): Promise<ListedRecord> {
  const text = status.trim()
  if (text === '' || text.length > MAX_STATUS_CHARACTERS) {
    throw new ApiError('BAD_USER_INPUT', `status must have 1 to ${MAX_STATUS_CHARACTERS} characters.`)
  }
  const order = { contentType: ORDER_TYPE, what: 'order', idOrCode, fields: { status: text } }
  return editRecord(context, caller, order)
}
