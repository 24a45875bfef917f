/**
 * The SQL that changes customers and records; rows of records are written by `save-records.ts`, and what lists, counts and exports
 * read is in `list.ts`.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Database } from '../db/client.ts'
import type { Schema } from '../db/schema.ts'
import { statementOnce } from '../db/statement-once.ts'
import { deleteLinksOf } from '../tag/store.ts'
import type { CustomerKey } from './customer-fields.ts'
import type { ListedCustomer, Profile } from './merge-customer.ts'
import type { StoredRecord } from './record-row.ts'
import { withTagIds } from './tagged.ts'

export type Executor = Database['sql'] | Transaction<Schema>

/** Rows of one INSERT: PostgreSQL takes 65 535 parameters a statement, and a record has some 30. */
const ROWS_PER_STATEMENT = 1_000

export interface OwnedKey extends CustomerKey {
  customerId: string
}

interface OfApp {
  workspaceId: string
  ns: string
}

/** Whose the keys are, of those that are somebody's. */
export async function findKeyOwners(
  executor: Executor,
  workspaceId: string,
  keys: readonly CustomerKey[],
): Promise<OwnedKey[]> {
  if (keys.length === 0) return []
  const kinds = keys.map(({ kind }) => kind)
  const values = keys.map(({ value }) => value)
  const apps = keys.map(({ ns }) => ns)
  const { rows } = await findOwners(executor, { workspaceId, kinds, values, apps })
  return rows
}

const findOwners = statementOnce<'workspaceId' | 'kinds' | 'values' | 'apps', OwnedKey>(
  ({ workspaceId, kinds, values, apps }, db) =>
    db
      .selectFrom(
        sql<CustomerKey>`unnest(${kinds}::text[], ${values}::text[], ${apps}::text[])`.as<'asked'>(
          sql`asked(kind, value, ns)`,
        ),
      )
      .innerJoinLateral(
        ({ selectFrom }) =>
          selectFrom('customerKey')
            .select(['kind', 'value', 'ns', 'customerId'])
            .where('customerKey.workspaceId', '=', workspaceId)
            .whereRef('customerKey.kind', '=', 'asked.kind')
            .whereRef('customerKey.value', '=', 'asked.value')
            .whereRef('customerKey.ns', '=', 'asked.ns')
            .limit(ONE_EACH)
            .as('owned'),
        (join) => join.onTrue(),
      )
      .selectAll('owned'),
)

/**
 * Of a lateral query by a unique key. For the planner: the key is looked up, however little it knows of the table; joined
 * freely, all of the workspace is read while the table has grown since it was last analysed.
 */
const ONE_EACH = 1

function isOneOf(keys: readonly CustomerKey[]) {
  const kinds = keys.map(({ kind }) => kind)
  const values = keys.map(({ value }) => value)
  const apps = keys.map(({ ns }) => ns)
  return sql<boolean>`(kind, value, ns) in (select * from unnest(${kinds}::text[], ${values}::text[], ${apps}::text[]))`
}

/**
 * Claims keys for customers, in one order for all transactions. A key that another transaction is claiming is waited for.
 * @returns those that were free
 */
export async function insertKeys(
  trx: Transaction<Schema>,
  workspaceId: string,
  keys: readonly OwnedKey[],
): Promise<CustomerKey[]> {
  const sorted = keys.map(({ kind, value, ns, customerId }) => ({ workspaceId, kind, value, ns, customerId }))
  sorted.sort((one, other) => (keyText(one) < keyText(other) ? -1 : 1))
  const claimed = await inChunks(sorted, (rows) =>
    trx
      .insertInto('customerKey')
      .values(rows)
      .onConflict((conflict) => conflict.columns(['workspaceId', 'kind', 'value', 'ns']).doNothing())
      .returning(['kind', 'value', 'ns'])
      .execute(),
  )
  return claimed.flat()
}

/** One text for each key. */
export function keyText({ kind, ns, value }: CustomerKey): string {
  return `${kind}\n${ns}\n${value}`
}

/** Only where they belong to that customer still. */
export async function deleteKeys(
  trx: Transaction<Schema>,
  workspaceId: string,
  keys: readonly OwnedKey[],
): Promise<void> {
  if (keys.length === 0) return
  const owners = keys.map(({ customerId }) => customerId)
  await trx
    .deleteFrom('customerKey')
    .where('workspaceId', '=', workspaceId)
    .where(isOneOf(keys))
    .where('customerId', '=', sql<string>`any(${owners}::uuid[])`)
    .execute()
}

export const profileColumns = [
  'id',
  'state',
  'firstName',
  'lastName',
  'primaryEmail',
  'primaryPhone',
  'data',
  'externalCodes',
  'fieldTimes',
  'source',
  'version',
  'createdAt',
  'updatedAt',
] as const

/** Makes other changes of these customers wait for this transaction. */
export async function lockCustomers(
  trx: Transaction<Schema>,
  workspaceId: string,
  ids: readonly string[],
): Promise<Profile[]> {
  if (ids.length === 0) return []
  const { rows } = await lockRows(trx, { workspaceId, ids })
  // Now that they are locked: a statement that waits sees other tables as they were before.
  return withTagIds(trx, workspaceId, rows)
}

/**
 * Keeps customers as they were looked at until this transaction ends, for one that changes none of them: those that only hold
 * them, too, go on beside it.
 * @returns false where one is not as it was; their tags do not count
 */
export async function holdCustomers(
  trx: Transaction<Schema>,
  workspaceId: string,
  looked: readonly Profile[],
): Promise<boolean> {
  if (looked.length === 0) return true
  const { rows } = await holdRows(trx, { workspaceId, ids: looked.map(({ id }) => id) })
  const held = new Map(rows.map((row) => [row.id, row]))
  return looked.every(({ id, version, fieldTimes }) => {
    const row = held.get(id)
    return row?.version === version && isDeepStrictEqual(row.fieldTimes, fieldTimes)
  })
}

/** What can be seen of a customer changes with its version, which the times of its fields do not. */
const holdRows = statementOnce<'workspaceId' | 'ids', Pick<Profile, 'id' | 'version' | 'fieldTimes'>>(
  ({ workspaceId, ids }, db) =>
    db
      .selectFrom('customer')
      .select(['id', 'version', 'fieldTimes'])
      .where('workspaceId', '=', workspaceId)
      .where('id', '=', sql<string>`any(${ids}::uuid[])`)
      .orderBy('id')
      .forShare(),
)

/** As they are at the moment. */
export async function lookAtCustomers(
  trx: Transaction<Schema>,
  workspaceId: string,
  ids: readonly string[],
): Promise<Profile[]> {
  if (ids.length === 0) return []
  const { rows } = await lookAtRows(trx, { workspaceId, ids })
  return withTagIds(trx, workspaceId, rows)
}

const lookAtRows = statementOnce<'workspaceId' | 'ids', ListedCustomer>(selectCustomers)
const lockRows = statementOnce<'workspaceId' | 'ids', ListedCustomer>((places, db) =>
  selectCustomers(places, db).forNoKeyUpdate(),
)

function selectCustomers({ workspaceId, ids }: Record<'workspaceId' | 'ids', never>, db: Kysely<Schema>) {
  return db
    .selectFrom('customer')
    .select(profileColumns)
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', sql<string>`any(${ids}::uuid[])`)
    .orderBy('id')
}

/** Writes profiles that are new, or that this transaction has locked. */
export async function saveCustomers(
  trx: Transaction<Schema>,
  workspaceId: string,
  customers: readonly (Profile & { searchTerms: readonly string[] })[],
): Promise<void> {
  const rows = customers.map(({ searchTerms, tagIds: _, ...profile }) => ({
    ...profile,
    workspaceId,
    data: JSON.stringify(profile.data),
    externalCodes: JSON.stringify(profile.externalCodes),
    fieldTimes: JSON.stringify(profile.fieldTimes),
    source: JSON.stringify(profile.source),
    search: tsvector(searchTerms),
  }))
  await inChunks(rows, (chunk) =>
    trx
      .insertInto('customer')
      .values(chunk)
      .onConflict((conflict) =>
        conflict.columns(['workspaceId', 'id']).doUpdateSet((eb) => ({
          state: eb.ref('excluded.state'),
          firstName: eb.ref('excluded.firstName'),
          lastName: eb.ref('excluded.lastName'),
          primaryEmail: eb.ref('excluded.primaryEmail'),
          primaryPhone: eb.ref('excluded.primaryPhone'),
          data: eb.ref('excluded.data'),
          externalCodes: eb.ref('excluded.externalCodes'),
          fieldTimes: eb.ref('excluded.fieldTimes'),
          search: eb.ref('excluded.search'),
          version: eb.ref('excluded.version'),
          updatedAt: eb.ref('excluded.updatedAt'),
        })),
      )
      .execute(),
  )
}

function tsvector(terms: readonly string[]) {
  return sql<string>`array_to_tsvector(${[...terms]}::text[])`
}

/** Deletes the customers with their keys and their tags; what was linked to them stays, unlinked. */
export async function deleteCustomers(
  trx: Transaction<Schema>,
  workspaceId: string,
  ids: readonly string[],
): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await trx
    .deleteFrom('customer')
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', sql<string>`any(${[...ids]}::uuid[])`)
    .returning('id')
    .execute()
  const deleted = rows.map(({ id }) => id)
  await deleteLinksOf(trx, workspaceId, deleted)
  return deleted
}

/**
 * What leads to customers, and what is linked to them, becomes another one's; their ids lead to it from now on.
 */
export async function moveToCustomer(
  trx: Transaction<Schema>,
  workspaceId: string,
  { from, to }: { from: readonly string[]; to: string },
): Promise<void> {
  const left = sql<string>`any(${[...from]}::uuid[])`
  await trx
    .updateTable('customerKey')
    .set({ customerId: to })
    .where('workspaceId', '=', workspaceId)
    .where('customerId', '=', left)
    .execute()
  await trx
    .updateTable('record')
    .set({ customerId: to })
    .where('workspaceId', '=', workspaceId)
    .where('customerId', '=', left)
    .execute()
  const keys = from.map((value) => ({ workspaceId, kind: 'merged' as const, value, ns: '', customerId: to }))
  await trx.insertInto('customerKey').values(keys).execute()
}

/** Whom ids lead to: a customer, or one that it was merged into. */
export async function findCustomerIds(
  executor: Executor,
  workspaceId: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await findIds(executor, { workspaceId, ids })
  const known = new Map(rows.map(({ id }) => [id, id]))
  const gone = ids.filter((id) => !known.has(id)).map((value) => ({ kind: 'merged' as const, value, ns: '' }))
  for (const { value, customerId } of await findKeyOwners(executor, workspaceId, gone))
    known.set(value, customerId)
  return known
}

const findIds = statementOnce<'workspaceId' | 'ids', { id: string }>(({ workspaceId, ids }, db) =>
  db
    .selectFrom('customer')
    .select('id')
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', sql<string>`any(${ids}::uuid[])`),
)

/** Orders that came before their customer. */
export async function linkRecords(
  trx: Transaction<Schema>,
  { workspaceId, ns }: OfApp,
  links: readonly { code: string; customerId: string }[],
): Promise<void> {
  if (links.length === 0) return
  const codes = links.map(({ code }) => code)
  const owners = links.map(({ customerId }) => customerId)
  await trx
    .updateTable('record')
    .from(
      sql<{ code: string; owner: string }>`unnest(${codes}::text[], ${owners}::uuid[])`.as<'link'>(
        sql`link(code, owner)`,
      ),
    )
    .set((eb) => ({ customerId: eb.ref('link.owner') }))
    .where('record.workspaceId', '=', workspaceId)
    .where('record.ns', '=', ns)
    .where('record.customerId', 'is', null)
    .whereRef('record.customerCode', '=', 'link.code')
    .execute()
}

/** Groups of codes of an app that one lock stands for: a transaction holds at most so many, however large its batch. */
const CODE_LOCKS = 64

/**
 * Until the transaction ends nobody else, who asks too, finds out that these codes belong to no customer, or gives them to
 * one: an order and its customer that are stored at the same moment do not miss each other.
 */
export async function lockCodes(
  trx: Transaction<Schema>,
  { workspaceId, ns }: OfApp,
  codes: readonly string[],
): Promise<void> {
  const groups = new Set(codes.map((code) => `customer-code/${workspaceId}/${ns}/${groupOf(code)}`))
  if (groups.size === 0) return
  await sql`select pg_advisory_xact_lock(hashtextextended(name, 0)) from unnest(${[...groups].sort()}::text[]) as name`.execute(
    trx,
  )
}

function groupOf(code: string): number {
  let hash = 0
  for (let index = 0; index < code.length; index++) hash = (hash * 31 + code.charCodeAt(index)) % 65_536
  return hash % CODE_LOCKS
}

export interface RecordKey {
  contentType: string
  code: string
}

export interface RecordHead extends RecordKey {
  id: string
  contentHash: Buffer | null
  customerId: string | null
  archived: boolean
}

/** Enough to see that an event was applied already, or that nothing is known of its record. */
export async function findRecordHeads(
  executor: Executor,
  app: OfApp,
  keys: readonly RecordKey[],
): Promise<RecordHead[]> {
  return (await findHeads(executor, { ...app, ...asked(keys) })).rows
}

type AskedRecords = 'workspaceId' | 'ns' | 'types' | 'codes'

const findHeads = statementOnce<AskedRecords, RecordHead>((place, db) =>
  db
    .selectFrom(askedRecords(place))
    .innerJoinLateral(
      ({ selectFrom }) =>
        selectFrom('record')
          .select(['id', 'contentType', 'code', 'contentHash', 'customerId', 'archived'])
          .where('record.workspaceId', '=', place.workspaceId)
          .where('record.ns', '=', place.ns)
          .whereRef('record.contentType', '=', 'asked.contentType')
          .whereRef('record.code', '=', 'asked.code')
          .limit(ONE_EACH)
          .as('head'),
      (join) => join.onTrue(),
    )
    .selectAll('head'),
)

const recordColumns = [
  'id',
  'ns',
  'contentType',
  'code',
  'data',
  'extra',
  'partial',
  'deleted',
  'archived',
  'sourceUpdatedAt',
  'sourceDeletedAt',
  'partTimes',
  'contentHash',
  'customerId',
  'happenedAt',
  'version',
  'createdAt',
  'updatedAt',
] as const

/** Makes other changes of these records wait for this transaction: in one order, whoever asks. */
export async function lockRecords(
  trx: Transaction<Schema>,
  app: OfApp,
  keys: readonly RecordKey[],
): Promise<StoredRecord[]> {
  if (keys.length === 0) return []
  return (await lockAsked(trx, { ...app, ...asked([...keys].sort(inOrder)) })).rows
}

const lockAsked = statementOnce<AskedRecords, StoredRecord>((place, db) =>
  db
    .selectFrom(askedRecords(place))
    .innerJoinLateral(
      ({ selectFrom }) =>
        selectFrom('record')
          .select(recordColumns)
          .where('record.workspaceId', '=', place.workspaceId)
          .where('record.ns', '=', place.ns)
          .whereRef('record.contentType', '=', 'asked.contentType')
          .whereRef('record.code', '=', 'asked.code')
          .limit(ONE_EACH)
          .forNoKeyUpdate()
          .as('locked'),
      (join) => join.onTrue(),
    )
    .selectAll('locked'),
)

function asked(keys: readonly RecordKey[]) {
  return { types: keys.map(({ contentType }) => contentType), codes: keys.map(({ code }) => code) }
}

function askedRecords({ types, codes }: Record<'types' | 'codes', never>) {
  return sql<RecordKey>`unnest(${types}::text[], ${codes}::text[])`.as<'asked'>(
    sql`asked(content_type, code)`,
  )
}

/** Of the index: transactions that write the same records wait for each other instead of in a circle. */
export function inOrder(one: RecordKey, other: RecordKey): number {
  return recordText(one) < recordText(other) ? -1 : 1
}

/** One text for each record. */
export function recordText({ contentType, code }: RecordKey): string {
  return `${contentType}\n${code}`
}

/** Runs what takes so many rows a statement. */
export async function inChunks<Row, Result>(
  rows: readonly Row[],
  run: (chunk: Row[]) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
    results.push(await run(rows.slice(from, from + ROWS_PER_STATEMENT)))
  }
  return results
}
