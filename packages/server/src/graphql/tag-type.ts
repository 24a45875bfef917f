/** Tags (10b section 4.2), and those that customers and products carry. */
import { countTagged, countTaggedWithin } from '../record/tagged.ts'
import { findTagIds, listChildren, listDescendants, listTags, type Tag } from '../tag/store.ts'
import { builder } from './builder.ts'
import { defineLoader } from './loader.ts'
import type { RequestContext } from './request-context.ts'

export const TagType = builder.objectRef<Tag>('Tag')

const childrenOf = defineLoader<string, Tag[]>(async ({ context, caller }, ids) => {
  const children = Map.groupBy(
    await listChildren(context.db.sql, caller.workspaceId, ids),
    ({ parentId }) => parentId,
  )
  return ids.map((id) => children.get(id) ?? [])
})

const relatedTo = defineLoader<string, string[]>(async ({ context, caller }, ids) => {
  const below = await listDescendants(context.db.sql, caller.workspaceId, ids)
  return ids.map((id) => below.filter(({ ancestors }) => ancestors.includes(id)).map((tag) => tag.id))
})

const countOf = defineLoader<string, number>(async ({ context, caller }, ids) => {
  const counts = await countTagged(context.db.sql, caller.workspaceId, ids)
  return ids.map((id) => counts.get(id) ?? 0)
})

const countWithin = defineLoader<string, number>(async ({ context, caller }, ids) => {
  const counts = await countTaggedWithin(context.db.sql, caller.workspaceId, ids)
  return ids.map((id) => counts.get(id) ?? 0)
})

TagType.implement({
  description: 'A word that customers and products are sorted by.',
  fields: (t) => ({
    _id: t.exposeString('id', { nullable: false }),
    name: t.exposeString('name'),
    type: t.exposeString('type', {
      description: 'What it is for: a content type, or {service}:all for every type of the service.',
    }),
    colorCode: t.exposeString('colorCode'),
    createdAt: t.expose('createdAt', { type: 'Date' }),
    objectCount: t.int({
      description: 'Customers and products that carry the tag itself.',
      resolve: ({ id }, _args, request) => countOf(request).load(id),
    }),
    totalObjectCount: t.int({
      description: 'Customers and products that carry the tag or one below it, each counted once.',
      resolve: ({ id }, _args, request) => countWithin(request).load(id),
    }),
    parentId: t.exposeString('parentId'),
    order: t.exposeString('order', {
      description:
        'Its place in the tree: the names from the root on, folded for sorting, each with a / behind it.',
    }),
    relatedIds: t.stringList({
      description: 'The tags on all levels below it.',
      resolve: ({ id }, _args, request) => relatedTo(request).load(id),
    }),
    childTags: t.field({
      type: [TagType],
      description: 'The tags right below it.',
      resolve: ({ id }, _args, request) => childrenOf(request).load(id),
    }),
  }),
})

/** The ids of the tags of customers and products, by their ids. */
export const tagIdsOf = defineLoader<string, string[]>(async ({ context, caller }, ids) => {
  const found = await findTagIds(context.db.sql, caller.workspaceId, ids)
  return ids.map((id) => found.get(id) ?? [])
})

const tagOf = defineLoader<string, Tag | null>(async ({ context, caller }, ids) => {
  const found = await listTags(context.db.sql, { workspaceId: caller.workspaceId, ids })
  const byId = new Map(found.map((tag) => [tag.id, tag]))
  return ids.map((id) => byId.get(id) ?? null)
})

/** The tags that a customer or a product carries, in the order of `tagIds`. */
export async function tagsOf(request: RequestContext, id: string): Promise<Tag[]> {
  const tags = await tagOf(request).loadMany(await tagIdsOf(request).load(id))
  return tags.map(thrown).filter((tag) => tag !== null)
}

export async function namesOfTags(request: RequestContext, id: string): Promise<string[]> {
  return (await tagsOf(request, id)).map(({ name }) => name)
}

function thrown<Value>(loaded: Value | Error): Value {
  if (loaded instanceof Error) throw loaded
  return loaded
}
