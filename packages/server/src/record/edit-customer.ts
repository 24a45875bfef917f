/**
 * Customers that people make and change (10b section 4.1). What a person says has its time: an older word of an app
 * (`merge-customer.ts`) changes nothing of it.
 */
import type { Transaction } from 'kysely'
import type { Caller } from '../account/app-token.ts'
import type { Context } from '../context.ts'
import { retryCollisions } from '../db/retry-collisions.ts'
import type { Schema } from '../db/schema.ts'
import { uuidv7 } from '../db/uuid.ts'
import { ApiError } from '../errors.ts'
import { holdSaidTags } from '../tag/hold-tags.ts'
import { carryOut } from './apply-customer.ts'
import { CUSTOMER_TYPE } from './content-type.ts'
import { type CustomerEdit, changeOf, editProfile, readEdit } from './customer-edit.ts'
import type { CustomerKey } from './customer-fields.ts'
import { BY_HAND } from './edit-record.ts'
import { customerNotFound, findCustomer } from './find.ts'
import { emptyProfile, type Profile } from './merge-customer.ts'
import { type CustomerChange, keysOfProfile } from './plan-customers.ts'
import { findKeyOwners, keyText, lockCustomers } from './store.ts'
import { tellOfCustomers } from './tell.ts'

type Editing = Pick<Context, 'db' | 'now'>
type Fields = Readonly<Record<string, unknown>>

/** @throws ApiError BAD_USER_INPUT where a value is none, or belongs to another customer */
export function addCustomer(context: Editing, caller: Caller, fields: Fields): Promise<Profile> {
  const edit = readEdit(fields)
  return retryCollisions(() =>
    context.db.transaction(async (trx) => {
      const now = new Date(context.now())
      const empty = emptyProfile(uuidv7(now.getTime()), { source: { token: caller.tokenId }, now })
      const profile = editProfile(empty, await withHeldTags(trx, caller, edit), now)
      return saveEdited(context, trx, { caller, before: undefined, profile })
    }),
  )
}

/** @throws ApiError NOT_FOUND; BAD_USER_INPUT where a value is none, or belongs to another customer */
export async function editCustomer(
  context: Editing,
  caller: Caller,
  { idOrCode, fields }: { idOrCode: string; fields: Fields },
): Promise<Profile> {
  const edit = readEdit(fields)
  const { id } = await findCustomer(context, { workspaceId: caller.workspaceId, idOrCode })
  return change(context, caller, { id, edit })
}

/** By what `customersEditByField` finds a customer, in the order in which it is tried. */
const SELECTORS = { primaryEmail: 'email', primaryPhone: 'phone', code: 'code' } as const

/**
 * @param change.selector the first of `primaryEmail`, `primaryPhone` and `code` that it has is the one that counts
 * @throws ApiError NOT_FOUND; BAD_USER_INPUT where the selector names nobody, or several
 */
export async function editCustomerByField(
  context: Editing,
  caller: Caller,
  { selector, fields }: { selector: Fields; fields: Fields },
): Promise<Profile> {
  const edit = readEdit(fields)
  const named = Object.entries(SELECTORS).find(([field]) => selector[field] != null && selector[field] !== '')
  if (named === undefined) {
    throw new ApiError('BAD_USER_INPUT', `selector must name one of ${Object.keys(SELECTORS).join(', ')}.`)
  }
  const [field, kind] = named
  const { workspaceId } = caller
  const value = readEdit({ [field]: selector[field] })[field] as string
  if (kind === 'code') return editCustomer(context, caller, { idOrCode: value, fields })
  const [owner] = await findKeyOwners(context.db.sql, workspaceId, [{ kind, value, ns: '' }])
  if (owner === undefined) throw customerNotFound(`with the ${field} ${JSON.stringify(value)}`)
  return change(context, caller, { id: owner.customerId, edit })
}

function change(
  context: Editing,
  caller: Caller,
  { id, edit }: { id: string; edit: CustomerEdit },
): Promise<Profile> {
  return retryCollisions(() =>
    context.db.transaction(async (trx) => {
      const [before] = await lockCustomers(trx, caller.workspaceId, [id])
      if (before === undefined) throw customerNotFound(JSON.stringify(id))
      const held = await withHeldTags(trx, caller, edit)
      const profile = editProfile(before, held, new Date(context.now()))
      return saveEdited(context, trx, { caller, before, profile })
    }),
  )
}

/**
 * What is said, with its tags held until the transaction ends.
 * @throws ApiError BAD_USER_INPUT where a tag is not there, or is for other things
 */
export async function withHeldTags(
  trx: Transaction<Schema>,
  { workspaceId }: Pick<Caller, 'workspaceId'>,
  edit: CustomerEdit,
): Promise<CustomerEdit> {
  if (edit['tagIds'] == null) return edit
  const tagIds = edit['tagIds'] as string[]
  return { ...edit, tagIds: await holdSaidTags(trx, { workspaceId, type: CUSTOMER_TYPE, tagIds }) }
}

interface Edited {
  caller: Pick<Caller, 'workspaceId'>
  /** Undefined: it is new. */
  before: Profile | undefined
  profile: Profile
}

async function saveEdited(
  context: Editing,
  trx: Transaction<Schema>,
  { caller: { workspaceId }, before, profile }: Edited,
): Promise<Profile> {
  const changed = changeOf(before, profile, new Date(context.now()))
  await writeProfile(trx, workspaceId, { before, change: changed })
  await tellOfCustomers(context, trx, { workspaceId, changes: [changed] })
  return changed.profile
}

/**
 * Writes a profile that a person changed, with the keys that lead to it.
 * @throws ApiError BAD_USER_INPUT where one of its values belongs to another customer
 */
export async function writeProfile(
  trx: Transaction<Schema>,
  workspaceId: string,
  { before, change: written }: { before: Profile | undefined; change: CustomerChange },
): Promise<void> {
  const keys = keysOfProfile(written.profile)
  const wanted = new Map(keys.map((key) => [keyText(key), key]))
  const owned = new Set<string>()
  for (const owner of await findKeyOwners(trx, workspaceId, keys)) {
    if (owner.customerId !== written.profile.id) throw belongsTo(owner.customerId, owner)
    owned.add(keyText(owner))
  }
  const plan = {
    changes: [written],
    newKeys: [...wanted.values()].filter((key) => !owned.has(keyText(key))),
    oldKeys: before === undefined ? [] : keysOfProfile(before).filter((key) => !wanted.has(keyText(key))),
  }
  if (await carryOut(trx, { workspaceId, ns: BY_HAND }, plan)) return
  throw new ApiError(
    'BAD_USER_INPUT',
    'Somebody else gave one of these values to another customer at the same moment. Look again, and try again.',
  )
}

const KEY_NAMES = {
  code: 'code',
  email: 'e-mail address',
  phone: 'phone number',
  merged: 'former id',
} as const satisfies Record<CustomerKey['kind'], string>

function belongsTo(customerId: string, { kind, value }: CustomerKey): ApiError {
  return new ApiError(
    'BAD_USER_INPUT',
    `The ${KEY_NAMES[kind]} ${JSON.stringify(value)} belongs to the customer ${customerId}. Edit that one, or merge the two with customersMerge.`,
    { details: { customerId } },
  )
}
