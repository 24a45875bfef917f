/**
 * Customers out of what apps say (specification 5.5.1): found by the code of the app, then by e-mail, then by phone, or made.
 * Whatever happens at the same time, a code, an address or a number leads to one customer: claiming it is one unique key.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { Source } from '../db/record-schema.ts'
import type { Schema } from '../db/schema.ts'
import { storable } from '../db/text.ts'
import { findOrMakeTags } from '../tag/find-or-make-tags.ts'
import { changeTags, holdTags } from '../tag/store.ts'
import { CUSTOMER_TYPE } from './content-type.ts'
import { type ReadCustomer, readCustomer } from './customer-fields.ts'
import type { Profile, SaidCustomer } from './merge-customer.ts'
import {
  type CustomerChange,
  type CustomerOutcome,
  type CustomerPlan,
  planCustomers,
  winnerOf,
} from './plan-customers.ts'
import { searchTerms } from './search-terms.ts'
import {
  deleteKeys,
  findKeyOwners,
  holdCustomers,
  insertKeys,
  keyText,
  linkRecords,
  lockCodes,
  lockCustomers,
  lookAtCustomers,
  saveCustomers,
} from './store.ts'
import { withTagIds } from './tagged.ts'
import { tellOfCustomers } from './tell.ts'

export interface CustomerBatch {
  workspaceId: string
  /** The app that says it; empty for a caller of the API. */
  ns: string
  source: Source
  /** As mapped, in the order of their arrival. */
  customers: readonly Readonly<Record<string, unknown>>[]
  /** When the entry at a place said a field, in milliseconds since the epoch. Default: now. */
  saidAt?: (place: number, field: string) => number
  /** Of the entry at a place. Default: `source`. */
  sourceOf?: (place: number) => Source
  /** False: the workspace is not told (specification 6.4, bulk runs). Default true. */
  emit?: boolean
}

/** Somebody else made, merged or removed the same customers in between: that many times in a row is no coincidence. */
const MAX_ATTEMPTS = 5

/** One customer; see {@link applyCustomers}. */
export async function applyCustomer(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  event: Omit<CustomerBatch, 'customers'> & { customer: CustomerBatch['customers'][number] },
): Promise<CustomerOutcome> {
  const { customer, ...rest } = event
  const [outcome] = await applyCustomers(context, trx, { ...rest, customers: [customer] })
  return outcome as CustomerOutcome
}

/**
 * Gets, makes and changes customers, with the events that tell of it. What two entries have in common makes them one.
 *
 * The transaction may end with a deadlock (`isSerializationFailure`) where others change the same customers in another
 * order: run it again.
 * @returns one outcome for each entry
 */
export async function applyCustomers(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  batch: CustomerBatch,
): Promise<CustomerOutcome[]> {
  const said = batch.customers.map((fields) => readCustomer(batch.ns, storable(fields).value))
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const planned = await plan(context, trx, { batch, said })
    if (planned === undefined || !(await carryOut(trx, batch, planned))) continue
    if (batch.emit !== false) await tellOfCustomers(context, trx, { ...batch, changes: planned.changes })
    return planned.outcomes
  }
  throw new Error(`Customers of ${batch.ns} changed under this transaction ${MAX_ATTEMPTS} times`)
}

interface Said {
  batch: CustomerBatch
  said: readonly ReadCustomer[]
}

/** @returns undefined where a customer was changed or removed in between */
async function plan(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  { batch, said }: Said,
): Promise<CustomerPlan | undefined> {
  const { workspaceId, saidAt = () => context.now(), sourceOf = () => batch.source } = batch
  const asked = new Map(said.flatMap(({ keys }) => keys.map((key) => [keyText(key), key])))
  const owners = new Map(
    (await findKeyOwners(trx, workspaceId, [...asked.values()])).map((key) => [keyText(key), key.customerId]),
  )
  const named = await withTags(context, trx, { batch, said })
  const ids = new Set(said.flatMap(({ keys }) => winnerOf(keys, owners) ?? []))
  const planOf = (known: readonly Profile[]) =>
    planCustomers(named, { known, owners, sourceOf, saidAt, now: context.now() })
  // Nothing new of anybody, as of most: batches of the same customers need not wait for each other.
  if (said.length > 1) {
    const looked = await lookAtCustomers(trx, workspaceId, [...ids])
    const planned = looked.length === ids.size ? planOf(looked) : undefined
    if (planned !== undefined && !changesKnown(planned, ids)) {
      const isHeld = await holdCustomers(trx, workspaceId, looked)
      return isHeld && (await haveTags(trx, workspaceId, { looked, named })) ? planned : undefined
    }
  }
  const known = await lockCustomers(trx, workspaceId, [...ids])
  return known.length < ids.size ? undefined : planOf(known)
}

/** Whether customers that are held carry what they did when they were looked at, where it matters. */
async function haveTags(
  trx: Transaction<Schema>,
  workspaceId: string,
  { looked, named }: { looked: readonly Profile[]; named: readonly SaidCustomer[] },
): Promise<boolean> {
  if (named.every(({ tagIds }) => tagIds.length === 0)) return true
  const held = await withTagIds(trx, workspaceId, looked)
  return looked.every(({ tagIds }, place) => isDeepStrictEqual(tagIds, held[place]?.tagIds))
}

/** Tags that an app names are made where they are not there yet. */
async function withTags(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  { batch: { workspaceId }, said }: Said,
): Promise<SaidCustomer[]> {
  const names = said.flatMap(({ keys, tags }) => (keys.length === 0 ? [] : tags))
  const ids = await findOrMakeTags(context, trx, { workspaceId, type: CUSTOMER_TYPE, names })
  return said.map(({ tags, ...entry }) => ({
    ...entry,
    tagIds: [...new Set(tags.flatMap((name) => ids.get(name) ?? []))],
  }))
}

function changesKnown({ changes }: CustomerPlan, known: ReadonlySet<string>): boolean {
  return changes.some(({ profile }) => known.has(profile.id))
}

/** @returns false where a key was claimed, or a tag removed, by somebody else meanwhile; nothing is changed then */
export async function carryOut(
  trx: Transaction<Schema>,
  { workspaceId, ns }: Pick<CustomerBatch, 'workspaceId' | 'ns'>,
  { newKeys, oldKeys, changes }: Pick<CustomerPlan, 'newKeys' | 'oldKeys' | 'changes'>,
): Promise<boolean> {
  const added = new Set(
    changes.flatMap(({ profile, tagsBefore }) => profile.tagIds.filter((id) => !tagsBefore.includes(id))),
  )
  if ((await holdTags(trx, workspaceId, [...added])).length < added.size) return false
  const codes = newKeys.filter(({ kind }) => kind === 'code')
  await lockCodes(
    trx,
    { workspaceId, ns },
    codes.map(({ value }) => value),
  )
  const claimed = new Set((await insertKeys(trx, workspaceId, newKeys)).map(keyText))
  if (claimed.size < newKeys.length) {
    await deleteKeys(
      trx,
      workspaceId,
      newKeys.filter((key) => claimed.has(keyText(key))),
    )
    return false
  }
  await saveProfiles(trx, workspaceId, changes)
  await deleteKeys(trx, workspaceId, oldKeys)
  await linkRecords(
    trx,
    { workspaceId, ns },
    codes.map(({ value, customerId }) => ({ code: value, customerId })),
  )
  return true
}

/** Writes profiles that are new, or that this transaction has locked, with the tags that it holds for them. */
export async function saveProfiles(
  trx: Transaction<Schema>,
  workspaceId: string,
  changes: readonly CustomerChange[],
): Promise<void> {
  await saveCustomers(
    trx,
    workspaceId,
    changes.map(({ profile }) => ({
      ...profile,
      searchTerms: searchTerms(workspaceId, searchedOf(profile)),
    })),
  )
  await changeTags(
    trx,
    { workspaceId, type: CUSTOMER_TYPE },
    changes.map(({ profile, tagsBefore: before }) => ({
      targetId: profile.id,
      before,
      after: profile.tagIds,
    })),
  )
}

function searchedOf({ firstName, lastName, primaryEmail, primaryPhone, data, externalCodes }: Profile) {
  return [firstName, lastName, primaryEmail, primaryPhone, data['code'], ...Object.values(externalCodes)]
}
