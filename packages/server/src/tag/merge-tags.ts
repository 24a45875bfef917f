import type { Transaction } from 'kysely'
import type { Caller } from '../account/app-token.ts'
import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import { retryCollisions } from '../db/retry-collisions.ts'
import type { Schema } from '../db/schema.ts'
import { ApiError } from '../errors.ts'
import { tagNotFound } from './edit-tag.ts'
import {
  deleteTag,
  listChildren,
  listDescendants,
  listTags,
  lockTags,
  lockTree,
  moveBelow,
  moveToTag,
  type Tag,
  updateTag,
} from './store.ts'
import { levelsOf, placeOf, refuseTooDeep } from './tree.ts'

/**
 * Makes one tag of two, for good: whatever carries the source carries the destination, the tags below it stand below that,
 * and apps that name the source mean it. A destination that stands below the source takes its place.
 *
 * @returns the destination
 * @throws ApiError NOT_FOUND; BAD_USER_INPUT for one and the same, two types, or too many levels
 */
export function mergeTags(
  context: Pick<Context, 'db' | 'now'>,
  { workspaceId }: Caller,
  { sourceId, destId }: { sourceId: string; destId: string },
): Promise<Tag> {
  if (sourceId === destId) throw new ApiError('BAD_USER_INPUT', 'sourceId and destId name the same tag.')
  return retryCollisions(() =>
    context.db.transaction(async (trx) => {
      await lockTree(trx, workspaceId)
      const found = await lockTags(trx, workspaceId, [sourceId, destId])
      const [source, dest] = [sourceId, destId].map((id) => {
        const tag = found.find((one) => one.id === id)
        if (tag === undefined) throw tagNotFound(id)
        return tag
      }) as [Tag, Tag]
      if (source.type !== dest.type) {
        throw new ApiError(
          'BAD_USER_INPUT',
          `The one tag is of type ${source.type}, the other of ${dest.type}. Only tags of one type can be merged.`,
        )
      }
      const merged = await unite(trx, source, dest)
      const details = { mergedId: sourceId, name: source.name, type: source.type }
      await recordAct(context, trx, { workspaceId, kind: 'tag.merged', subjectId: destId, details })
      return merged
    }),
  )
}

async function unite(trx: Transaction<Schema>, source: Tag, dest: Tag): Promise<Tag> {
  const { workspaceId, id: sourceId } = source
  const stays = dest.ancestors.includes(sourceId)
    ? await move(trx, dest, await findTag(trx, workspaceId, source.parentId))
    : dest
  for (const child of await listChildren(trx, workspaceId, [sourceId])) await move(trx, child, stays)
  await moveToTag(trx, workspaceId, { from: sourceId, to: stays.id })
  await deleteTag(trx, source)
  return stays
}

async function findTag(
  trx: Transaction<Schema>,
  workspaceId: string,
  id: string | null,
): Promise<Tag | undefined> {
  if (id === null) return undefined
  const [tag] = await listTags(trx, { workspaceId, ids: [id] })
  return tag
}

/** @returns the tag where it stands now, with all below it */
async function move(trx: Transaction<Schema>, tag: Tag, parent: Tag | undefined): Promise<Tag> {
  const descendants = await listDescendants(trx, tag.workspaceId, [tag.id])
  if (parent !== undefined) refuseTooDeep({ parent, levels: levelsOf(tag, descendants) })
  const { createdAt, ...fields } = { ...tag, ...placeOf(tag.name, parent) }
  await updateTag(trx, fields)
  await moveBelow(trx, tag, { ...fields, createdAt })
  return { ...fields, createdAt }
}
