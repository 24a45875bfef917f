/** What apps call tags: texts in what they say of customers (specification 5.5, 6.6). */
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { uuidv7 } from '../db/uuid.ts'
import { MAX_TAGS } from './edit-tag.ts'
import { countTags, findNames, insertTags, lockTree, type Tag } from './store.ts'
import { carriedBy, type TaggedType } from './tag-type.ts'
import { placeOf } from './tree.ts'

interface Named {
  workspaceId: string
  type: TaggedType
  /** In the form of `tagName`. */
  names: readonly string[]
}

/**
 * The ids of tags by what apps call them. What has no tag yet gets one, as a root, while the workspace has fewer than
 * {@link MAX_TAGS}; beyond that its names are left out.
 */
export async function findOrMakeTags(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  named: Named,
): Promise<ReadonlyMap<string, string>> {
  const known = await findTags(trx, named)
  const unknown = () => named.names.filter((name) => !known.has(name))
  if (unknown().length === 0 || (await roomFor(trx, named)) === 0) return known
  await lockTree(trx, named.workspaceId)
  // Somebody else may have made them meanwhile.
  for (const [name, id] of await findTags(trx, { ...named, names: unknown() })) known.set(name, id)
  const made = await makeTags(context, trx, { ...named, names: unknown() })
  for (const { name, id } of made) known.set(name, id)
  return known
}

/** A tag of the type itself goes before one of the whole service. */
async function findTags(
  trx: Transaction<Schema>,
  { workspaceId, type, names }: Named,
): Promise<Map<string, string>> {
  if (names.length === 0) return new Map()
  const found = await findNames(trx, workspaceId, { types: carriedBy(type), names })
  found.sort((one, other) => Number(one.type === type) - Number(other.type === type))
  return new Map(found.map(({ name, tagId }) => [name, tagId]))
}

async function makeTags(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  { workspaceId, type, names }: Named,
): Promise<Tag[]> {
  if (names.length === 0) return []
  const room = await roomFor(trx, { workspaceId })
  const now = context.now()
  const tags = [...new Set(names)].slice(0, room).map((name): Tag => {
    return {
      workspaceId,
      id: uuidv7(now),
      type,
      name,
      colorCode: null,
      ...placeOf(name, undefined),
      createdAt: new Date(now),
    }
  })
  await insertTags(trx, tags)
  return tags
}

/** How many more tags the workspace can have. */
async function roomFor(
  trx: Transaction<Schema>,
  { workspaceId }: Pick<Named, 'workspaceId'>,
): Promise<number> {
  return Math.max(0, MAX_TAGS - (await countTags(trx, { workspaceId })))
}
