/** Tags that somebody puts on customers and products (`tagsTag`, 10b section 4.2). */
import type { Transaction } from 'kysely'
import type { Caller } from '../account/app-token.ts'
import { isId } from '../account/id.ts'
import type { Context } from '../context.ts'
import { retryCollisions } from '../db/retry-collisions.ts'
import type { Schema } from '../db/schema.ts'
import { ApiError } from '../errors.ts'
import { holdSaidTags, MAX_TAGS_OF_ONE } from '../tag/hold-tags.ts'
import { changeTags } from '../tag/store.ts'
import { readTaggedType, type TaggedType } from '../tag/tag-type.ts'
import { saveProfiles } from './apply-customer.ts'
import { changeOf, editProfile } from './customer-edit.ts'
import { findCustomerIds, lockCustomers } from './store.ts'
import { lockProducts, touchProducts, withTagIds } from './tagged.ts'
import { tellOfCustomers } from './tell.ts'

/** Things of one call: one transaction, whose locks others wait for. */
export const MAX_TAGGED = 500

interface Tagging {
  workspaceId: string
  targetIds: readonly string[]
  tagIds: readonly string[]
}

type SetTags = (context: Pick<Context, 'now'>, trx: Transaction<Schema>, tagging: Tagging) => Promise<void>

/**
 * Gives each of the targets these tags and no others: a person's word, against which older words of apps do not count. All
 * of it is done, or nothing.
 *
 * @param tagging.tagIds none: they are left without tags
 * @returns how many targets there are
 * @throws ApiError BAD_USER_INPUT for a tag that is not there or is for other things, and over a limit; NOT_FOUND for a
 * target that is not there
 */
export async function setTags(
  context: Pick<Context, 'db' | 'now'>,
  { workspaceId }: Caller,
  { type, targetIds, tagIds }: { type: string; targetIds: readonly string[]; tagIds: readonly string[] },
): Promise<number> {
  const tagged = readTaggedType(type)
  const targets = [...new Set(targetIds.map((id) => id.toLowerCase()))]
  if (targets.length > MAX_TAGGED) {
    throw new ApiError('BAD_USER_INPUT', `At most ${MAX_TAGGED} targetIds go into one call.`)
  }
  if (new Set(tagIds).size > MAX_TAGS_OF_ONE) {
    throw new ApiError('BAD_USER_INPUT', `tagIds must be at most ${MAX_TAGS_OF_ONE} tags.`)
  }
  await retryCollisions(() =>
    context.db.transaction((trx) =>
      SET_TAGS[tagged](context, trx, { workspaceId, targetIds: targets, tagIds }),
    ),
  )
  return targets.length
}

const SET_TAGS = {
  'core:customer': setTagsOfCustomers,
  'core:product': setTagsOfProducts,
} as const satisfies Record<TaggedType, SetTags>

async function setTagsOfCustomers(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  { workspaceId, targetIds, tagIds }: Tagging,
): Promise<void> {
  const ids = await findCustomerIds(trx, workspaceId, targetIds.filter(isId))
  const profiles = await lockCustomers(trx, workspaceId, [...new Set(ids.values())])
  const locked = new Set(profiles.map(({ id }) => id))
  refuseMissing(targetIds, { what: 'customer', isThere: (id) => locked.has(ids.get(id) ?? '') })
  const held = await holdSaidTags(trx, { workspaceId, type: 'core:customer', tagIds })
  const now = new Date(context.now())
  const changes = profiles.map((before) => changeOf(before, editProfile(before, { tagIds: held }, now), now))
  await saveProfiles(trx, workspaceId, changes)
  await tellOfCustomers(context, trx, { workspaceId, changes })
}

async function setTagsOfProducts(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  { workspaceId, targetIds, tagIds }: Tagging,
): Promise<void> {
  const locked = await lockProducts(trx, workspaceId, targetIds)
  refuseMissing(targetIds, { what: 'product', isThere: (id) => locked.includes(id) })
  const type = 'core:product'
  const after = await holdSaidTags(trx, { workspaceId, type, tagIds })
  const products = await withTagIds(
    trx,
    workspaceId,
    locked.map((id) => ({ id })),
  )
  const changes = products
    .map(({ id, tagIds: before }) => ({ targetId: id, before, after }))
    .filter(({ before }) => before.join() !== after.join())
  await changeTags(trx, { workspaceId, type }, changes)
  const ids = changes.map(({ targetId }) => targetId)
  await touchProducts(trx, workspaceId, { ids, now: new Date(context.now()) })
}

function refuseMissing(
  targetIds: readonly string[],
  { what, isThere }: { what: string; isThere: (id: string) => boolean },
): void {
  const missing = targetIds.find((id) => !isThere(id))
  if (missing === undefined) return
  throw new ApiError(
    'NOT_FOUND',
    `targetIds: There is no ${what} ${JSON.stringify(missing)} in this workspace. Nothing was changed.`,
  )
}
