import type { Transaction } from 'kysely'
import type { Schema } from '../db/schema.ts'
import { ApiError } from '../errors.ts'
import { holdTags } from './store.ts'
import { carriedBy, type TaggedType } from './tag-type.ts'

/** Tags that somebody puts on one thing, and that apps bring it to. */
export const MAX_TAGS_OF_ONE = 100

interface SaidTags {
  workspaceId: string
  /** Of what is to carry them. */
  type: TaggedType
  tagIds: readonly string[]
}

/**
 * Checks the tags that somebody names, and keeps them from being removed until the transaction ends.
 * @returns each once, in the order of their ids
 * @throws ApiError BAD_USER_INPUT where one is not there, or is for other things
 */
export async function holdSaidTags(
  trx: Transaction<Schema>,
  { workspaceId, type, tagIds }: SaidTags,
): Promise<string[]> {
  const wanted = [...new Set(tagIds)]
  const held = new Map((await holdTags(trx, workspaceId, wanted)).map((tag) => [tag.id, tag.type]))
  const types = carriedBy(type)
  for (const id of wanted) {
    const found = held.get(id.toLowerCase())
    if (found === undefined) {
      throw new ApiError(
        'BAD_USER_INPUT',
        `tagIds: There is no tag ${JSON.stringify(id)} in this workspace. Nothing was changed.`,
      )
    }
    if (!types.includes(found)) {
      throw new ApiError(
        'BAD_USER_INPUT',
        `tagIds: the tag ${id} is of type ${found}; ${type} takes ${types.join(' and ')}. Nothing was changed.`,
      )
    }
  }
  return [...held.keys()].sort()
}
