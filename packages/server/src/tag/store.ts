/** The SQL of tags and of what carries them. */
import { sql, type Transaction } from 'kysely'
import { isId } from '../account/id.ts'
import type { PageRange } from '../account/store.ts'
import type { Database } from '../db/client.ts'
import type { Row, Schema } from '../db/schema.ts'
import { NIL_UUID } from '../db/uuid.ts'

type Executor = Database['sql'] | Transaction<Schema>

export type Tag = Row<'tag'>

export interface TagFilter {
  workspaceId: string
  types?: readonly string[] | undefined
  name?: string | undefined
  /** A part of the name; case, accents and Arabic letter forms do not count. Folded already. */
  search?: string | undefined
  ids?: readonly string[] | undefined
  /** Further ids: those that are in both lists. */
  alsoIds?: readonly string[] | undefined
  exceptIds?: readonly string[] | undefined
  /** This tag and all below it. */
  within?: string | undefined
  rootsOnly?: boolean | undefined
}

/** Texts that are no ids find nothing. */
const anyOf = (ids: readonly string[]) => sql<string>`any(${ids.filter(isId)}::uuid[])`
const noneOf = (ids: readonly string[]) => sql<string>`all(${ids.filter(isId)}::uuid[])`

function tagsOf(executor: Executor, filter: TagFilter) {
  const { workspaceId, types, name, search, ids, alsoIds, exceptIds, within, rootsOnly } = filter
  let query = executor.selectFrom('tag').where('workspaceId', '=', workspaceId)
  if (types) query = query.where('type', 'in', [...types])
  if (name !== undefined) query = query.where('name', '=', name)
  if (search) query = query.where(sql<boolean>`strpos(folded, ${search}) > 0`)
  if (ids) query = query.where('id', '=', anyOf(ids))
  if (alsoIds) query = query.where('id', '=', anyOf(alsoIds))
  if (exceptIds) query = query.where('id', '!=', noneOf(exceptIds))
  if (within !== undefined) {
    query = query.where(sql<boolean>`(ancestors || id) && ${[within].filter(isId)}::uuid[]`)
  }
  return rootsOnly ? query.where('parentId', 'is', null) : query
}

/** In the order of the tree. */
export function listTags(executor: Executor, filter: TagFilter, range?: PageRange): Promise<Tag[]> {
  const { after } = range ?? {}
  return tagsOf(executor, filter)
    .selectAll()
    .$if(after !== undefined, (query) =>
      query.where(sql<boolean>`("order", id) > (${after?.value}::text, ${after?.id}::uuid)`),
    )
    .orderBy('order')
    .orderBy('id')
    .$if(range !== undefined, (query) => query.limit(range?.limit ?? 0).offset(range?.offset ?? 0))
    .execute()
}

export async function countTags(executor: Executor, filter: TagFilter): Promise<number> {
  const { count } = await tagsOf(executor, filter)
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** The tags right below each. */
export function listChildren(
  executor: Executor,
  workspaceId: string,
  parentIds: readonly string[],
): Promise<Tag[]> {
  return executor
    .selectFrom('tag')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .where('parentId', '=', anyOf(parentIds))
    .orderBy('order')
    .orderBy('id')
    .execute()
}

/** The tags on any level below each, in the order of the tree. */
export function listDescendants(
  executor: Executor,
  workspaceId: string,
  ids: readonly string[],
): Promise<Pick<Tag, 'id' | 'ancestors'>[]> {
  return executor
    .selectFrom('tag')
    .select(['id', 'ancestors'])
    .where('workspaceId', '=', workspaceId)
    .where(sql<boolean>`ancestors && ${ids.filter(isId)}::uuid[]`)
    .orderBy('order')
    .orderBy('id')
    .execute()
}

/**
 * Until the transaction ends nobody else makes, moves, renames, merges or removes tags of the workspace: names, limits and
 * the tree stay as they are read from here on.
 */
export async function lockTree(trx: Transaction<Schema>, workspaceId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`tags/${workspaceId}`}, 0))`.execute(trx)
}

/** Makes whoever wants to put these tags on something wait, and waits for those who do, in one order for all. */
export function lockTags(
  trx: Transaction<Schema>,
  workspaceId: string,
  ids: readonly string[],
): Promise<Tag[]> {
  return tagsOf(trx, { workspaceId, ids }).selectAll().orderBy('id').forUpdate().execute()
}

/** Keeps tags from being removed, merged or given another type until the transaction ends; many may hold one at once. */
export async function holdTags(
  trx: Transaction<Schema>,
  workspaceId: string,
  ids: readonly string[],
): Promise<Pick<Tag, 'id' | 'type'>[]> {
  if (ids.length === 0) return []
  return tagsOf(trx, { workspaceId, ids }).select(['id', 'type']).orderBy('id').forKeyShare().execute()
}

/** Rows of one INSERT: PostgreSQL takes 65 535 parameters a statement, and a tag has nine. */
const ROWS_PER_STATEMENT = 5_000

export async function insertTags(trx: Transaction<Schema>, tags: readonly Tag[]): Promise<void> {
  for (let from = 0; from < tags.length; from += ROWS_PER_STATEMENT) {
    const rows = tags.slice(from, from + ROWS_PER_STATEMENT)
    await trx.insertInto('tag').values(rows).execute()
    await nameTags(trx, rows)
  }
}

/** From now on apps mean these tags by their names, whichever they meant before. */
export async function nameTags(
  trx: Transaction<Schema>,
  tags: readonly Pick<Tag, 'workspaceId' | 'id' | 'type' | 'name'>[],
): Promise<void> {
  await trx
    .insertInto('tagName')
    .values(tags.map(({ workspaceId, id, type, name }) => ({ workspaceId, type, name, tagId: id })))
    .onConflict((conflict) =>
      conflict
        .columns(['workspaceId', 'type', 'name'])
        .doUpdateSet((eb) => ({ tagId: eb.ref('excluded.tagId') })),
    )
    .execute()
}

export async function updateTag(
  trx: Transaction<Schema>,
  { workspaceId, id, ...fields }: Omit<Tag, 'createdAt'>,
): Promise<void> {
  await trx
    .updateTable('tag')
    .set(fields)
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', id)
    .execute()
}

/** What stands below a tag that was moved or renamed follows it. */
export async function moveBelow(trx: Transaction<Schema>, before: Tag, after: Tag): Promise<void> {
  // PostgreSQL counts characters, not code units.
  const formerCharacters = [...before.order].length
  await trx
    .updateTable('tag')
    .set({
      ancestors: sql<string[]>`${after.ancestors}::uuid[] || ancestors[${before.ancestors.length + 1}::int:]`,
      order: sql<string>`${after.order}::text || substr("order", ${formerCharacters + 1}::int)`,
    })
    .where('workspaceId', '=', before.workspaceId)
    .where(sql<boolean>`${before.id}::uuid = any(ancestors)`)
    .execute()
}

/** With its names, and off all that carries it. */
export async function deleteTag(
  trx: Transaction<Schema>,
  { workspaceId, id }: Pick<Tag, 'workspaceId' | 'id'>,
): Promise<void> {
  await deleteNames(trx, { workspaceId, id })
  await trx.deleteFrom('tag').where('workspaceId', '=', workspaceId).where('id', '=', id).execute()
}

/** Forgets by which names apps knew it. */
export async function deleteNames(
  trx: Transaction<Schema>,
  { workspaceId, id }: Pick<Tag, 'workspaceId' | 'id'>,
): Promise<void> {
  await trx.deleteFrom('tagName').where('workspaceId', '=', workspaceId).where('tagId', '=', id).execute()
}

/** Which tags apps mean by names, by type and name. */
export function findNames(
  executor: Executor,
  workspaceId: string,
  { types, names }: { types: readonly string[]; names: readonly string[] },
): Promise<Row<'tagName'>[]> {
  return executor
    .selectFrom('tagName')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .where('type', 'in', [...types])
    .where('name', '=', sql<string>`any(${[...names]}::text[])`)
    .execute()
}

/** The tags of each target, in the order of their ids; targets without any are left out. */
export async function findTagIds(
  executor: Executor,
  workspaceId: string,
  targetIds: readonly string[],
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  if (targetIds.length === 0) return found
  const links = await executor
    .selectFrom('tagged')
    .select(['targetId', 'tagId'])
    .where('workspaceId', '=', workspaceId)
    .where('targetId', '=', anyOf(targetIds))
    .orderBy('tagId')
    .execute()
  for (const { targetId, tagId } of links) {
    const tagIds = found.get(targetId)
    if (tagIds === undefined) found.set(targetId, [tagId])
    else tagIds.push(tagId)
  }
  return found
}

export interface TagChange {
  targetId: string
  before: readonly string[]
  after: readonly string[]
}

/**
 * Puts tags on targets, and takes them off, that this transaction has locked or made. The new tags are held by it; what a
 * target carries, and is not to, goes, also where another tag has taken the place of a former one meanwhile.
 */
export async function changeTags(
  trx: Transaction<Schema>,
  { workspaceId, type }: { workspaceId: string; type: string },
  changes: readonly TagChange[],
): Promise<void> {
  const losing = changes.filter(({ before, after }) => before.some((tagId) => !after.includes(tagId)))
  if (losing.length > 0) await takeOthersOff(trx, workspaceId, losing)
  const added = changes.flatMap(({ targetId, before, after }) =>
    after.filter((tagId) => !before.includes(tagId)).map((tagId) => ({ workspaceId, targetId, tagId, type })),
  )
  for (let from = 0; from < added.length; from += ROWS_PER_STATEMENT) {
    await trx
      .insertInto('tagged')
      .values(added.slice(from, from + ROWS_PER_STATEMENT))
      .onConflict((conflict) => conflict.columns(['workspaceId', 'targetId', 'tagId']).doNothing())
      .execute()
  }
}

async function takeOthersOff(
  trx: Transaction<Schema>,
  workspaceId: string,
  changes: readonly TagChange[],
): Promise<void> {
  const kept = changes.flatMap(({ targetId, after }) => after.map((tagId) => ({ targetId, tagId })))
  const targets = kept.map(({ targetId }) => targetId)
  const tags = kept.map(({ tagId }) => tagId)
  await trx
    .deleteFrom('tagged')
    .where('workspaceId', '=', workspaceId)
    .where('targetId', '=', anyOf(changes.map(({ targetId }) => targetId)))
    .where(
      sql<boolean>`(target_id, tag_id) not in (select * from unnest(${targets}::uuid[], ${tags}::uuid[]))`,
    )
    .execute()
}

/** Of targets that are no more. */
export async function deleteLinksOf(
  trx: Transaction<Schema>,
  workspaceId: string,
  targetIds: readonly string[],
): Promise<void> {
  if (targetIds.length === 0) return
  await trx
    .deleteFrom('tagged')
    .where('workspaceId', '=', workspaceId)
    .where('targetId', '=', anyOf(targetIds))
    .execute()
}

/** So that one ends within the time that a statement has, on whatever machine: 50,000 took 4 s on the embedded engine. */
export const LINKS_PER_STATEMENT = 20_000

/** Whatever carries one tag carries the other instead; what means the one by name means the other. Both are locked. */
export async function moveToTag(
  trx: Transaction<Schema>,
  workspaceId: string,
  move: { from: string; to: string },
): Promise<void> {
  for (let after: string | undefined = NIL_UUID; after !== undefined; )
    after = await moveLinks(trx, workspaceId, { ...move, after })
  await trx
    .updateTable('tagName')
    .set({ tagId: move.to })
    .where('workspaceId', '=', workspaceId)
    .where('tagId', '=', move.from)
    .execute()
}

/**
 * One batch, by lists of ids: joins of the table with itself are planned badly until it was analysed.
 * @returns the target behind which the next batch begins; undefined: there is none. What carries both is left as it is
 */
async function moveLinks(
  trx: Transaction<Schema>,
  workspaceId: string,
  { from, to, after }: { from: string; to: string; after: string },
): Promise<string | undefined> {
  const carrying = (tagId: string) =>
    trx
      .selectFrom('tagged')
      .select('targetId')
      .where('workspaceId', '=', workspaceId)
      .where('tagId', '=', tagId)
  const found = await carrying(from)
    .where('targetId', '>', after)
    .orderBy('targetId')
    .limit(LINKS_PER_STATEMENT)
    .execute()
  const targets = found.map(({ targetId }) => targetId)
  const both = new Set(
    (await carrying(to).where('targetId', '=', anyOf(targets)).execute()).map(({ targetId }) => targetId),
  )
  await trx
    .updateTable('tagged')
    .set({ tagId: to })
    .where('workspaceId', '=', workspaceId)
    .where('tagId', '=', from)
    .where('targetId', '=', anyOf(targets.filter((id) => !both.has(id))))
    .execute()
  return targets.length < LINKS_PER_STATEMENT ? undefined : targets.at(-1)
}

export async function isCarried(
  executor: Executor,
  { workspaceId, id }: Pick<Tag, 'workspaceId' | 'id'>,
): Promise<boolean> {
  const link = await executor
    .selectFrom('tagged')
    .select('tagId')
    .where('workspaceId', '=', workspaceId)
    .where('tagId', '=', id)
    .limit(1)
    .executeTakeFirst()
  return link !== undefined
}
