import type { Context } from '../context.ts'
import { CATEGORY_TYPE } from './content-type.ts'
import type { CategoryKey } from './filter.ts'
import { findRecord } from './find.ts'
import { listRecords } from './list.ts'

/** Levels below a category that are looked at: shops have three or four, and mistaken parents may form a ring. */
const MAX_DEPTH = 20
/** Categories of one level. */
const MAX_CHILDREN = 2_000

interface Wanted {
  workspaceId: string
  idOrCode: string
}

export function findCategory(context: Pick<Context, 'db'>, wanted: Wanted) {
  return findRecord(context, { ...wanted, contentType: CATEGORY_TYPE, what: 'category' })
}

/**
 * A category and all below it.
 * @throws ApiError NOT_FOUND; BAD_USER_INPUT where several apps use the code
 */
export async function categoryWithDescendants(
  context: Pick<Context, 'db'>,
  wanted: Wanted,
): Promise<CategoryKey[]> {
  const { ns, code } = await findCategory(context, wanted)
  const filter = { workspaceId: wanted.workspaceId, contentType: CATEGORY_TYPE, archived: true }
  const codes = new Set([code])
  let level = [code]
  for (let depth = 0; level.length > 0 && depth < MAX_DEPTH; depth++) {
    const parents = level.map((parent) => ({ ns, code: parent }))
    const range = { limit: MAX_CHILDREN, offset: 0 }
    const children = await listRecords(context.db.sql, { ...filter, parents }, range)
    level = children.map((child) => child.code).filter((child) => !codes.has(child))
    for (const child of level) codes.add(child)
  }
  return [...codes].map((one) => ({ ns, code: one }))
}
