/** Tags that people make and change (10b section 4.2). */
import type { Transaction } from 'kysely'
import type { Caller } from '../account/app-token.ts'
import type { Context } from '../context.ts'
import { retryCollisions } from '../db/retry-collisions.ts'
import type { Schema } from '../db/schema.ts'
import { uuidv7 } from '../db/uuid.ts'
import { ApiError } from '../errors.ts'
import {
  countTags,
  deleteNames,
  insertTags,
  isCarried,
  listDescendants,
  listTags,
  lockTags,
  lockTree,
  moveBelow,
  nameTags,
  type Tag,
  updateTag,
} from './store.ts'
import { MAX_TAG_NAME_CHARACTERS, tagName } from './tag-name.ts'
import { readTagType } from './tag-type.ts'
import { levelsOf, placeOf, refuseTooDeep } from './tree.ts'

type Editing = Pick<Context, 'db' | 'now'>

/** Tags of a workspace: trees and pickers are read whole. */
export const MAX_TAGS = 10_000
/** Characters of `colorCode`, such as `#4f7cff`. */
export const MAX_COLOR_CHARACTERS = 50

export interface SaidTag {
  name: string
  type: string
  /** Null: none. Undefined: of a new tag none, else it stays. */
  colorCode?: string | null | undefined
  /** Null: it is a root. Undefined: a new tag is one, another one stays where it is. */
  parentId?: string | null | undefined
}

/** @throws ApiError BAD_USER_INPUT where a value is none, the name is taken, or a limit is reached */
export function addTag(context: Editing, { workspaceId }: Caller, said: SaidTag): Promise<Tag> {
  const { name, type, colorCode } = readTag(said)
  return inTree(context, workspaceId, async (trx) => {
    if ((await countTags(trx, { workspaceId })) >= MAX_TAGS) {
      throw new ApiError(
        'BAD_USER_INPUT',
        `A workspace has at most ${MAX_TAGS} tags. Remove or merge some that are not needed.`,
      )
    }
    await refuseTaken(trx, { workspaceId, type, name, id: undefined })
    const parent = await findParent(trx, { workspaceId, type, parentId: said.parentId })
    if (parent !== undefined) refuseTooDeep({ parent, levels: 1 })
    const now = context.now()
    const tag: Tag = {
      workspaceId,
      id: uuidv7(now),
      type,
      name,
      colorCode: colorCode ?? null,
      ...placeOf(name, parent),
      createdAt: new Date(now),
    }
    await insertTags(trx, [tag])
    return tag
  })
}

/**
 * Apps that know the tag by its former name still mean it.
 * @throws ApiError NOT_FOUND; BAD_USER_INPUT where a value is none, the name is taken, or the tag would stand below itself
 */
export function editTag(
  context: Editing,
  { workspaceId }: Caller,
  { id, ...said }: SaidTag & { id: string },
): Promise<Tag> {
  const { name, type, colorCode } = readTag(said)
  return inTree(context, workspaceId, async (trx) => {
    const [before] = await lockTags(trx, workspaceId, [id])
    if (before === undefined) throw tagNotFound(id)
    const descendants = await listDescendants(trx, workspaceId, [id])
    if (type !== before.type) await refuseUsed(trx, { tag: before, descendants })
    await refuseTaken(trx, { workspaceId, type, name, id })
    const parentId = said.parentId === undefined ? before.parentId : said.parentId
    const parent = await findParent(trx, { workspaceId, type, parentId })
    if (parent !== undefined) {
      if (parent.id === id || parent.ancestors.includes(id)) throw belowItself(parent)
      refuseTooDeep({ parent, levels: levelsOf(before, descendants) })
    }
    const color = colorCode === undefined ? before.colorCode : colorCode
    const after: Tag = { ...before, name, type, colorCode: color, ...placeOf(name, parent) }
    const { createdAt: _, ...fields } = after
    await updateTag(trx, fields)
    if (descendants.length > 0) await moveBelow(trx, before, after)
    if (type !== before.type) await deleteNames(trx, before)
    await nameTags(trx, [after])
    return after
  })
}

function inTree<T>(
  context: Editing,
  workspaceId: string,
  body: (trx: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  return retryCollisions(() =>
    context.db.transaction(async (trx) => {
      await lockTree(trx, workspaceId)
      return body(trx)
    }),
  )
}

function readTag({ name, type, colorCode }: SaidTag) {
  const kept = tagName(name)
  if (kept === '' || name.normalize('NFC').trim().length > MAX_TAG_NAME_CHARACTERS) {
    throw new ApiError('BAD_USER_INPUT', `name must be a text of 1 to ${MAX_TAG_NAME_CHARACTERS} characters.`)
  }
  if (colorCode != null && colorCode.length > MAX_COLOR_CHARACTERS) {
    throw new ApiError('BAD_USER_INPUT', `colorCode must have at most ${MAX_COLOR_CHARACTERS} characters.`)
  }
  return {
    name: kept,
    type: readTagType(type),
    colorCode: colorCode === undefined ? undefined : colorCode || null,
  }
}

async function refuseTaken(
  trx: Transaction<Schema>,
  {
    workspaceId,
    type,
    name,
    id,
  }: { workspaceId: string; type: string; name: string; id: string | undefined },
): Promise<void> {
  const [owner] = await listTags(trx, { workspaceId, types: [type], name })
  if (owner === undefined || owner.id === id) return
  throw new ApiError(
    'BAD_USER_INPUT',
    `There is a tag ${JSON.stringify(name)} of this type already: ${owner.id}. Choose another name, or make one of the two with tagsMerge.`,
    { details: { tagId: owner.id } },
  )
}

async function findParent(
  trx: Transaction<Schema>,
  { workspaceId, type, parentId }: { workspaceId: string; type: string; parentId: string | null | undefined },
): Promise<Tag | undefined> {
  if (parentId == null || parentId === '') return undefined
  const [parent] = await listTags(trx, { workspaceId, ids: [parentId] })
  if (parent === undefined) {
    throw new ApiError(
      'BAD_USER_INPUT',
      `parentId: There is no tag ${JSON.stringify(parentId)} in this workspace.`,
    )
  }
  if (parent.type === type) return parent
  throw new ApiError(
    'BAD_USER_INPUT',
    `parentId: the tag ${JSON.stringify(parent.name)} is of type ${parent.type}. A tag stands below one of its own type.`,
  )
}

async function refuseUsed(
  trx: Transaction<Schema>,
  { tag, descendants }: { tag: Tag; descendants: readonly unknown[] },
): Promise<void> {
  if (descendants.length === 0 && !(await isCarried(trx, tag))) return
  throw new ApiError(
    'BAD_USER_INPUT',
    `The type of a tag that something carries, or that has tags below it, stays ${tag.type}.`,
  )
}

function belowItself({ name }: Tag): ApiError {
  return new ApiError(
    'BAD_USER_INPUT',
    `parentId: ${JSON.stringify(name)} is this tag or stands below it. Move that one out first.`,
  )
}

export function tagNotFound(id: string): ApiError {
  return new ApiError('NOT_FOUND', `There is no tag ${JSON.stringify(id)} in this workspace.`)
}
