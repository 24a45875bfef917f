/** Several customers that are one person (`customersMerge`, 10b section 4.1). */
import type { Caller } from '../account/app-token.ts'
import { isId } from '../account/id.ts'
import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import { CUSTOMER_STATES } from '../db/record-schema.ts'
import { retryCollisions } from '../db/retry-collisions.ts'
import { ApiError } from '../errors.ts'
import { holdTags } from '../tag/store.ts'
import { editProfile, readEdit } from './customer-edit.ts'
import { withHeldTags, writeProfile } from './edit-customer.ts'
import { customerNotFound } from './find.ts'
import { COLUMNS, type Profile } from './merge-customer.ts'
import { deleteCustomers, lockCustomers, moveToCustomer } from './store.ts'
import { tellOfMerged } from './tell.ts'

/** Customers of one call. */
export const MAX_MERGED = 20

/**
 * Makes the first of the customers all of them: what it lacks it takes from the others in their order, their addresses,
 * numbers, codes, tags and orders become its own, and their ids lead to it. It cannot be undone.
 *
 * @param merge.fields what a person says of the one that stays, as in `customersEdit`
 * @throws ApiError NOT_FOUND; BAD_USER_INPUT for fewer than two, or more than {@link MAX_MERGED}
 */
export function uniteCustomers(
  context: Pick<Context, 'db' | 'now'>,
  { workspaceId }: Caller,
  { ids, fields }: { ids: readonly string[]; fields: Readonly<Record<string, unknown>> },
): Promise<Profile> {
  const wanted = [...new Set(ids)]
  if (wanted.length < 2 || wanted.length > MAX_MERGED) {
    throw new ApiError('BAD_USER_INPUT', `customerIds must name 2 to ${MAX_MERGED} customers.`)
  }
  const edit = Object.keys(fields).length === 0 ? {} : readEdit(fields)
  return retryCollisions(() =>
    context.db.transaction(async (trx) => {
      const found = await lockCustomers(trx, workspaceId, wanted.filter(isId))
      const [first, ...others] = wanted.map((id) => {
        const profile = found.find((one) => one.id === id)
        if (profile === undefined) throw customerNotFound(JSON.stringify(id))
        return profile
      }) as [Profile, ...Profile[]]
      const mergedIds = others.map(({ id }) => id)
      const now = new Date(context.now())
      const united = others.reduce(uniteProfiles, first)
      const edited = editProfile(united, await withHeldTags(trx, { workspaceId }, edit), now)
      // One that was removed meanwhile is carried by nobody.
      const held = await holdTags(trx, workspaceId, edited.tagIds)
      const tagIds = held.map(({ id }) => id)
      const profile = { ...edited, tagIds, version: first.version + 1, updatedAt: now }
      await moveToCustomer(trx, workspaceId, { from: mergedIds, to: first.id })
      await writeProfile(trx, workspaceId, {
        before: united,
        change: { effect: 'updated', profile, tagsBefore: first.tagIds },
      })
      await deleteCustomers(trx, workspaceId, mergedIds)
      await tellOfMerged(context, trx, { workspaceId, profile, mergedIds })
      const details = { mergedIds }
      await recordAct(context, trx, { workspaceId, kind: 'customers.merged', subjectId: first.id, details })
      return profile
    }),
  )
}

/** Addresses and numbers of the other that the one has not as its primary. */
const FURTHER = { primaryEmail: 'emails', primaryPhone: 'phones' } as const

/** @returns the one, with what it lacks from the other */
export function uniteProfiles(one: Profile, other: Profile): Profile {
  const columns = Object.fromEntries(COLUMNS.map((field) => [field, one[field] ?? other[field]]))
  const further = Object.entries(FURTHER).map(([primary, list]) => {
    const values = [one, other].flatMap((profile) => [
      profile[primary as keyof typeof FURTHER],
      ...((profile.data[list] ?? []) as string[]),
    ])
    const kept = new Set(values.filter((value) => value !== null && value !== columns[primary]))
    return [list, [...kept]] as const
  })
  return {
    ...one,
    ...columns,
    state:
      CUSTOMER_STATES[Math.max(...[one, other].map(({ state }) => CUSTOMER_STATES.indexOf(state)))] ??
      one.state,
    data: {
      ...other.data,
      ...one.data,
      ...Object.fromEntries(further.filter(([, values]) => values.length > 0)),
    },
    externalCodes: { ...other.externalCodes, ...one.externalCodes },
    tagIds: [...new Set([...one.tagIds, ...other.tagIds])].sort(),
    fieldTimes: { ...other.fieldTimes, ...one.fieldTimes },
    createdAt: one.createdAt < other.createdAt ? one.createdAt : other.createdAt,
  }
}
