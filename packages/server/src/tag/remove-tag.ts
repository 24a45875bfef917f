import type { Caller } from '../account/app-token.ts'
import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import { retryCollisions } from '../db/retry-collisions.ts'
import { ApiError } from '../errors.ts'
import { tagNotFound } from './edit-tag.ts'
import { deleteTag, listChildren, lockTags, lockTree, type Tag } from './store.ts'

/**
 * Removes a tag and takes it off all that carries it; those are not told of as changed. An app that names it later makes it
 * again.
 * @throws ApiError NOT_FOUND; BAD_USER_INPUT while tags stand below it
 */
export function removeTag(
  context: Pick<Context, 'db' | 'now'>,
  { workspaceId }: Caller,
  id: string,
): Promise<Tag> {
  return retryCollisions(() =>
    context.db.transaction(async (trx) => {
      await lockTree(trx, workspaceId)
      const [tag] = await lockTags(trx, workspaceId, [id])
      if (tag === undefined) throw tagNotFound(id)
      const children = await listChildren(trx, workspaceId, [id])
      if (children.length > 0) {
        throw new ApiError(
          'BAD_USER_INPUT',
          `${children.length} tags stand below ${JSON.stringify(tag.name)}. Move or remove them first.`,
          { details: { childIds: children.slice(0, MAX_NAMED).map((child) => child.id) } },
        )
      }
      await deleteTag(trx, tag)
      const details = { name: tag.name, type: tag.type }
      await recordAct(context, trx, { workspaceId, kind: 'tag.removed', subjectId: id, details })
      return tag
    }),
  )
}

/** Ids that a message names. */
const MAX_NAMED = 50
