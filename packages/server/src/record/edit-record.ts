/**
 * Records that people make, change and remove (10b sections 4.3 and 4.4). What a person says is an event like those of apps,
 * with its time: an event of an app that is older overwrites nothing of it, whenever it arrives.
 */
import { randomInt } from 'node:crypto'
import type { Transaction } from 'kysely'
import type { Caller } from '../account/app-token.ts'
import type { Context } from '../context.ts'
import { retryCollisions } from '../db/retry-collisions.ts'
import type { Schema } from '../db/schema.ts'
import { ApiError } from '../errors.ts'
import { deleteLinksOf } from '../tag/store.ts'
import { applyRecord } from './apply-record.ts'
import { readCode } from './customer-fields.ts'
import { findRecord } from './find.ts'
import { type ListedRecord, listRecords } from './list.ts'
import type { RecordOperation } from './record-event.ts'
import { lockRecords } from './store.ts'

/** The `ns` of what people made. */
export const BY_HAND = ''

/** Characters of a code that nobody chose: 32^10 codes, so that two are never the same. */
const CODE_CHARACTERS = 10
/** Without letters that look like digits. */
const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'

type Editing = Pick<Context, 'db' | 'now'>

interface Kind {
  contentType: string
  /** In messages, such as `product`. */
  what: string
}

type Fields = Readonly<Record<string, unknown>>

/**
 * @param made.fields in the form in which they are kept; `code` is chosen where there is none
 * @throws ApiError BAD_USER_INPUT where the code is taken or cannot be kept
 */
export async function addRecord(
  context: Editing,
  caller: Caller,
  { contentType, what, fields }: Kind & { fields: Fields },
): Promise<ListedRecord> {
  const code = fields['code'] == null ? newCode() : readCode(fields['code'])
  if (code === undefined) throw new ApiError('BAD_USER_INPUT', 'code must be a text of 1 to 500 characters.')
  const id = await inTransaction(context, async (trx) => {
    const of = { contentType, code, ns: BY_HAND, fields, operation: 'create' } as const
    const { effect, recordId } = await apply(context, trx, { caller, event: of })
    if (effect === 'created') {
      // Those of a removed one that had the code.
      await deleteLinksOf(trx, caller.workspaceId, [String(recordId)])
      return recordId
    }
    throw new ApiError('BAD_USER_INPUT', `There is a ${what} with the code ${JSON.stringify(code)} already.`)
  })
  return findRecord(context, { workspaceId: caller.workspaceId, contentType, what, idOrCode: String(id) })
}

/**
 * @param change.fields those that are said; null clears
 * @throws ApiError NOT_FOUND; BAD_USER_INPUT where several apps use the code
 */
export async function editRecord(
  context: Editing,
  caller: Caller,
  { contentType, what, idOrCode, fields }: Kind & { idOrCode: string; fields: Fields },
): Promise<ListedRecord> {
  const { workspaceId } = caller
  const { ns, code, id } = await findRecord(context, { workspaceId, contentType, what, idOrCode })
  await inTransaction(context, (trx) =>
    apply(context, trx, { caller, event: { contentType, code, ns, fields, operation: 'update' } }),
  )
  return findRecord(context, { workspaceId, contentType, what, idOrCode: id })
}

/** Records of one call of {@link removeRecords}: one transaction, whose locks others wait for. */
export const MAX_REMOVED_RECORDS = 500

/**
 * @param removed.ids what is no id of a record of this kind is passed over
 * @returns the ids of those that were removed
 * @throws ApiError BAD_USER_INPUT for more than {@link MAX_REMOVED_RECORDS}
 */
export async function removeRecords(
  context: Editing,
  caller: Caller,
  { contentType, ids }: { contentType: string; ids: readonly string[] },
): Promise<string[]> {
  const wanted = [...new Set(ids)]
  if (wanted.length > MAX_REMOVED_RECORDS) {
    throw new ApiError('BAD_USER_INPUT', `At most ${MAX_REMOVED_RECORDS} ids go into one call.`)
  }
  const filter = { workspaceId: caller.workspaceId, contentType, ids: wanted, archived: true }
  const found = await listRecords(context.db.sql, filter, { limit: wanted.length + 1, offset: 0 })
  // In one order for all transactions.
  found.sort((one, other) => (one.id < other.id ? -1 : 1))
  await inTransaction(context, async (trx) => {
    for (const { code, ns } of found) {
      await apply(context, trx, { caller, event: { contentType, code, ns, fields: {}, operation: 'delete' } })
    }
  })
  return found.map(({ id }) => id)
}

interface EventByHand {
  contentType: string
  code: string
  ns: string
  fields: Fields
  operation: RecordOperation
}

async function apply(
  context: Editing,
  trx: Transaction<Schema>,
  { caller, event }: { caller: Caller; event: EventByHand },
) {
  const { workspaceId, tokenId } = caller
  const { ns, contentType, code } = event
  const [stored] = await lockRecords(trx, { workspaceId, ns }, [{ contentType, code }])
  // The clock of a shop may be ahead of ours: what a person says now is newer than all that is known.
  const known = [stored?.sourceUpdatedAt?.getTime() ?? 0, (stored?.sourceDeletedAt?.getTime() ?? -1) + 1]
  const updatedAt = new Date(Math.max(context.now(), ...known))
  return applyRecord(context, trx, {
    workspaceId,
    ns,
    source: { token: tokenId },
    record: { ...event, updatedAt },
  })
}

function inTransaction<T>(context: Editing, body: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
  return retryCollisions(() => context.db.transaction(body))
}

function newCode(): string {
  return Array.from({ length: CODE_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}
