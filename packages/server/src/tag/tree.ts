/** Where tags stand: below one another, in an order, no deeper than a limit. Pure. */
import { foldText } from '../db/fold-text.ts'
import { ApiError } from '../errors.ts'
import type { Tag } from './store.ts'

/** Levels of tags, a root being the first. */
export const MAX_TAG_LEVELS = 10

type Place = Pick<Tag, 'parentId' | 'ancestors' | 'folded' | 'order'>

/** @param parent undefined: it is a root */
export function placeOf(name: string, parent: Tag | undefined): Place {
  const folded = foldText(name)
  return {
    parentId: parent?.id ?? null,
    ancestors: parent === undefined ? [] : [...parent.ancestors, parent.id],
    folded,
    order: `${parent?.order ?? ''}${folded}/`,
  }
}

interface Moved {
  /** What the tag, or those that are moved, will stand below. */
  parent: Tag
  /** Levels of what is moved: 1 for a tag with none below it. */
  levels: number
}

/** @throws ApiError BAD_USER_INPUT */
export function refuseTooDeep({ parent, levels }: Moved): void {
  if (parent.ancestors.length + 1 + levels <= MAX_TAG_LEVELS) return
  throw new ApiError(
    'BAD_USER_INPUT',
    `Tags stand on at most ${MAX_TAG_LEVELS} levels. Choose a parent closer to the root than ${JSON.stringify(parent.name)}.`,
  )
}

/** Levels of a tag and those below it. */
export function levelsOf(tag: Tag, descendants: readonly Pick<Tag, 'ancestors'>[]): number {
  const depths = descendants.map(({ ancestors }) => ancestors.length - tag.ancestors.length)
  return 1 + Math.max(0, ...depths)
}
