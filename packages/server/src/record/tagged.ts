/** The SQL of customers and products together with the tags that they carry. */
import { expressionBuilder, sql, type Transaction } from 'kysely'
import { isId } from '../account/id.ts'
import type { Database } from '../db/client.ts'
import type { Schema } from '../db/schema.ts'
import { findTagIds, listTags } from '../tag/store.ts'
import { CUSTOMER_TYPE, PRODUCT_TYPE } from './content-type.ts'

type Executor = Database['sql'] | Transaction<Schema>

/** @returns the same rows, each with its tags in the order of their ids */
export async function withTagIds<Item extends { id: string }>(
  executor: Executor,
  workspaceId: string,
  items: readonly Item[],
): Promise<(Item & { tagIds: string[] })[]> {
  const ids = items.map(({ id }) => id)
  const found = await findTagIds(executor, workspaceId, ids)
  return items.map((item) => ({ ...item, tagIds: found.get(item.id) ?? [] }))
}

/** `tags`: what those of `tagIds` are called; one that was removed meanwhile has no name. */
export type WithTagNames<Item> = Item & { tags: string[] }

export async function withTagNames<Item extends { tagIds: readonly string[] }>(
  executor: Executor,
  workspaceId: string,
  items: readonly Item[],
): Promise<WithTagNames<Item>[]> {
  const ids = [...new Set(items.flatMap(({ tagIds }) => tagIds))]
  const tags = ids.length === 0 ? [] : await listTags(executor, { workspaceId, ids })
  const names = new Map(tags.map(({ id, name }) => [id, name]))
  return items.map((item) => ({ ...item, tags: item.tagIds.flatMap((id) => names.get(id) ?? []) }))
}

/** Makes other changes of the tags of these products wait for this transaction. Those that were removed are left out. */
export async function lockProducts(
  trx: Transaction<Schema>,
  workspaceId: string,
  ids: readonly string[],
): Promise<string[]> {
  const rows = await trx
    .selectFrom('record')
    .select('id')
    .where('workspaceId', '=', workspaceId)
    .where('contentType', '=', PRODUCT_TYPE)
    .where('id', '=', sql<string>`any(${ids.filter(isId)}::uuid[])`)
    .where('deleted', '=', false)
    .orderBy('id')
    .forNoKeyUpdate()
    .execute()
  return rows.map(({ id }) => id)
}

/** That somebody changed what can be seen of products. */
export async function touchProducts(
  trx: Transaction<Schema>,
  workspaceId: string,
  { ids, now }: { ids: readonly string[]; now: Date },
): Promise<void> {
  if (ids.length === 0) return
  await trx
    .updateTable('record')
    .set((eb) => ({ version: eb('version', '+', 1), updatedAt: now }))
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', sql<string>`any(${[...ids]}::uuid[])`)
    .execute()
}

/** Who carries what, as lists show it: products that were removed, or that their shop has no more, keep their tags. */
function listedLinks(workspaceId: string) {
  return expressionBuilder<Schema>()
    .selectFrom('tagged')
    .select(['tagged.targetId', 'tagged.tagId', 'tagged.type'])
    .where('tagged.workspaceId', '=', workspaceId)
    .where(({ or, eb, exists, selectFrom }) =>
      or([
        eb('tagged.type', '=', CUSTOMER_TYPE),
        exists(
          selectFrom('record')
            .select('record.id')
            .where('record.workspaceId', '=', workspaceId)
            .whereRef('record.id', '=', 'tagged.targetId')
            .where('record.deleted', '=', false)
            .where('record.archived', '=', false),
        ),
      ]),
    )
    .as('link')
}

/** How many things carry each tag itself; tags that nothing carries are left out. */
export async function countTagged(
  executor: Executor,
  workspaceId: string,
  tagIds: readonly string[],
): Promise<Map<string, number>> {
  const rows = await executor
    .selectFrom(listedLinks(workspaceId))
    .select(({ fn }) => ['link.tagId', fn.countAll<string>().as('count')])
    .where('link.tagId', '=', sql<string>`any(${[...tagIds]}::uuid[])`)
    .groupBy('link.tagId')
    .execute()
  return new Map(rows.map(({ tagId, count }) => [tagId, Number(count)]))
}

/** How many things carry each tag, or one below it: each thing once. */
export async function countTaggedWithin(
  executor: Executor,
  workspaceId: string,
  tagIds: readonly string[],
): Promise<Map<string, number>> {
  const rows = await executor
    .selectFrom('tag as upper')
    .innerJoin('tag as lower', (join) =>
      join
        .onRef('lower.workspaceId', '=', 'upper.workspaceId')
        .on(sql<boolean>`upper.id = any(lower.ancestors || lower.id)`),
    )
    .innerJoin(listedLinks(workspaceId), (join) => join.onRef('link.tagId', '=', 'lower.id'))
    .select(({ fn }) => ['upper.id', fn.count<string>('link.targetId').distinct().as('count')])
    .where('upper.workspaceId', '=', workspaceId)
    .where('upper.id', '=', sql<string>`any(${[...tagIds]}::uuid[])`)
    .groupBy('upper.id')
    .execute()
  return new Map(rows.map(({ id, count }) => [id, Number(count)]))
}

/** How many products carry each tag, by the ids of the tags, the most first. */
export async function countProductsByTag(
  executor: Executor,
  workspaceId: string,
  limit: number,
): Promise<Record<string, number>> {
  const rows = await executor
    .selectFrom(listedLinks(workspaceId))
    .select(({ fn }) => ['link.tagId', fn.countAll<string>().as('count')])
    .where('link.type', '=', PRODUCT_TYPE)
    .groupBy('link.tagId')
    .orderBy('count', 'desc')
    .orderBy('link.tagId')
    .limit(limit)
    .execute()
  return Object.fromEntries(rows.map(({ tagId, count }) => [tagId, Number(count)]))
}
