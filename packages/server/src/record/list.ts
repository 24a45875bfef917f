/** The SQL of lists, counts and exports of customers and records. */
import { type ExpressionBuilder, type SelectQueryBuilder, sql } from 'kysely'
import { isId } from '../account/id.ts'
import type { PageRange } from '../account/store.ts'
import type { Row, Schema } from '../db/schema.ts'
import type { CustomerFilter, RecordFilter } from './filter.ts'
import type { ListedCustomer } from './merge-customer.ts'
import { searchQuery } from './search-terms.ts'
import { CUSTOMER_SORTS, RECORD_SORTS, type Sort, type SortKey } from './sort.ts'
import { type Executor, profileColumns } from './store.ts'

type Query<Table extends 'customer' | 'record', Output> = SelectQueryBuilder<Schema, Table, Output>

function customersOf(executor: Executor, filter: CustomerFilter) {
  const { workspaceId, search, ids, exceptIds, from, until, states, tag } = filter
  let query = executor.selectFrom('customer').where('customer.workspaceId', '=', workspaceId)
  if (search !== undefined) query = query.where(found(workspaceId, search))
  if (ids) query = query.where('id', '=', anyId(ids))
  if (exceptIds) query = query.where('id', '!=', noId(exceptIds))
  if (from) query = query.where('createdAt', '>=', from)
  if (until) query = query.where('createdAt', '<', until)
  if (states) query = query.where('state', 'in', [...states])
  if (tag !== undefined) query = query.where(carries(workspaceId, tag, 'customer.id'))
  for (const [field, value] of Object.entries(filter.data ?? {})) query = query.where(hasValue(field, value))
  return ofCodes(query, filter)
}

/** Customers that an app knows, or that have a code. */
function ofCodes<Output>(query: Query<'customer', Output>, { workspaceId, ns, code }: CustomerFilter) {
  if (ns === undefined && code === undefined) return query
  return query.where((eb) => {
    let codes = eb
      .selectFrom('customerKey')
      .select('customerKey.kind')
      .whereRef('customerKey.customerId', '=', 'customer.id')
      .where('customerKey.workspaceId', '=', workspaceId)
      .where('customerKey.kind', '=', 'code')
    if (ns !== undefined) codes = codes.where('customerKey.ns', '=', ns)
    if (code !== undefined) codes = codes.where('customerKey.value', '=', code)
    return eb.exists(codes)
  })
}

function hasValue(field: string, value: string) {
  return sql<boolean>`data ->> ${field}::text = ${value}`
}

/** The tag itself; those below it are other tags. */
function carries(workspaceId: string, tag: string, id: 'customer.id' | 'record.id') {
  return ({ exists, selectFrom }: ExpressionBuilder<Schema, 'customer' | 'record'>) =>
    exists(
      selectFrom('tagged')
        .select('tagged.tagId')
        .where('tagged.workspaceId', '=', workspaceId)
        .where('tagged.tagId', '=', anyId([tag]))
        .where('tagged.targetId', '=', sql.ref<string>(id)),
    )
}

/** A search without a word finds everything. */
function found(workspaceId: string, search: string) {
  const words = searchQuery(workspaceId, search)
  return words === undefined ? sql<boolean>`true` : sql<boolean>`search @@ ${words}::tsquery`
}

/** Texts that are no ids find nothing. */
function anyId(ids: readonly string[]) {
  return sql<string>`any(${ids.filter(isId)}::uuid[])`
}

function noId(ids: readonly string[]) {
  return sql<string>`all(${ids.filter(isId)}::uuid[])`
}

/** @param sort default: the newest first */
export function listCustomers(
  executor: Executor,
  filter: CustomerFilter,
  { sort, ...range }: PageRange & { sort?: Sort<ListedCustomer> | undefined },
): Promise<ListedCustomer[]> {
  const query = customersOf(executor, filter).select(profileColumns)
  return rangeOf(query, sort ?? { key: CUSTOMER_SORTS.createdAt, direction: 'desc' }, range).execute()
}

export function countCustomers(executor: Executor, filter: CustomerFilter): Promise<number> {
  return countOf(customersOf(executor, filter))
}

/** By what customers are counted in groups. */
const CUSTOMER_GROUPS = {
  state: sql<string | null>`state`,
  tag: sql<string | null>`tag_id::text`,
  leadStatus: sql<string | null>`data ->> 'leadStatus'`,
  ns: sql<string | null>`jsonb_object_keys(external_codes)`,
}

export type CustomerGroup = keyof typeof CUSTOMER_GROUPS

/** Groups of one count: more are no overview. */
export const MAX_GROUPS = 1_000

/** @returns the largest groups, by name, tags by their ids; customers that are in none are left out */
export async function countCustomersBy(
  executor: Executor,
  filter: CustomerFilter,
  group: CustomerGroup,
): Promise<Record<string, number>> {
  const customers = customersOf(executor, filter)
  const grouped =
    group === 'tag'
      ? customers.innerJoin('tagged', (join) =>
          join
            .onRef('tagged.workspaceId', '=', 'customer.workspaceId')
            .onRef('tagged.targetId', '=', 'customer.id'),
        )
      : customers
  const rows = await (grouped as typeof customers)
    .select(CUSTOMER_GROUPS[group].as('name'))
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .groupBy(sql`1`)
    .orderBy(sql`2`, 'desc')
    .orderBy(sql`1`)
    .limit(MAX_GROUPS)
    .execute()
  return Object.fromEntries(
    rows.flatMap(({ name, count }) => (name === null ? [] : [[name, Number(count)] as const])),
  )
}

const listedColumns = [
  'id',
  'ns',
  'contentType',
  'code',
  'data',
  'extra',
  'partial',
  'archived',
  'status',
  'name',
  'categoryCode',
  'customerCode',
  'customerId',
  'happenedAt',
  'version',
  'createdAt',
  'updatedAt',
] as const

export type ListedRecord = Pick<Row<'record'>, (typeof listedColumns)[number]>

function recordsOf(executor: Executor, filter: RecordFilter) {
  const { workspaceId, contentType, search, ns, ids, exceptIds, codes, from, until, exceptStatuses, tag } =
    filter
  let query = executor
    .selectFrom('record')
    .where('workspaceId', '=', workspaceId)
    .where('contentType', '=', contentType)
    .where(sql<boolean>`not deleted`)
  if (search !== undefined) query = query.where(found(workspaceId, search))
  if (ns !== undefined) query = query.where('ns', '=', ns)
  if (ids) query = query.where('id', '=', anyId(ids))
  if (exceptIds) query = query.where('id', '!=', noId(exceptIds))
  if (codes) query = query.where('code', '=', sql<string>`any(${[...codes]}::text[])`)
  if (filter.exceptCodes)
    query = query.where('code', '!=', sql<string>`all(${[...filter.exceptCodes]}::text[])`)
  for (const [field, value] of Object.entries(filter.data ?? {})) query = query.where(hasValue(field, value))
  if (from) query = query.where('happenedAt', '>=', from)
  if (until) query = query.where('happenedAt', '<', until)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  if (exceptStatuses)
    query = query.where(sql<boolean>`coalesce(status, '') <> all(${[...exceptStatuses]}::text[])`)
  if (filter.customerId !== undefined) query = query.where('customerId', '=', anyId([filter.customerId]))
  if (filter.categoryCode !== undefined) query = query.where('categoryCode', '=', filter.categoryCode)
  if (filter.categories) query = query.where(isIn(filter.categories, 'category_code'))
  if (filter.keys) query = query.where(isIn(filter.keys, 'code'))
  if (tag !== undefined) query = query.where(carries(workspaceId, tag, 'record.id'))
  if (filter.parents) query = query.where(isIn(filter.parents, `data ->> 'parentCode'`))
  return filter.archived === true ? query : query.where('archived', '=', false)
}

/** Codes are an app's own: each is compared together with the app. */
function isIn(
  categories: readonly { ns: string; code: string }[],
  column: 'code' | 'category_code' | `data ->> 'parentCode'`,
) {
  const apps = categories.map(({ ns }) => ns)
  const codes = categories.map(({ code }) => code)
  return sql<boolean>`(ns, ${sql.raw(column)}) in (select * from unnest(${apps}::text[], ${codes}::text[]))`
}

/** @param sort default: the newest first, by when it happened */
export function listRecords(
  executor: Executor,
  filter: RecordFilter,
  { sort, ...range }: PageRange & { sort?: Sort<ListedRecord> | undefined },
): Promise<ListedRecord[]> {
  const query = recordsOf(executor, filter).select(listedColumns)
  return rangeOf(query, sort ?? { key: RECORD_SORTS.happenedAt, direction: 'desc' }, range).execute()
}

export function countRecords(executor: Executor, filter: RecordFilter): Promise<number> {
  return countOf(recordsOf(executor, filter))
}

function rangeOf<Table extends 'customer' | 'record', Output>(
  query: Query<Table, Output>,
  { key, direction }: { key: Pick<SortKey<never>, 'column'>; direction: 'asc' | 'desc' },
  { limit, offset, after }: PageRange,
): Query<Table, Output> {
  const { column } = key
  const beyond = sql.raw(direction === 'asc' ? '>' : '<')
  return query
    .$if(after !== undefined, (rows) =>
      rows.where(sql<boolean>`(${column}, id) ${beyond} (${after?.value}, ${after?.id}::uuid)`),
    )
    .orderBy(column, direction)
    .orderBy(sql`id`, direction)
    .limit(limit)
    .offset(offset)
}

async function countOf(query: Query<'customer', object> | Query<'record', object>): Promise<number> {
  const { count } = await (query as Query<'record', object>)
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}
