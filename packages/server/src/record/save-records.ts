import { type Insertable, sql, type Transaction } from 'kysely'
import { columnArrays } from '../db/column-arrays.ts'
import { exempt } from '../db/exemptions.ts'
import type { Source } from '../db/record-schema.ts'
import type { Schema } from '../db/schema.ts'
import { statementOnce } from '../db/statement-once.ts'
import { inChunks } from './store.ts'

export type RecordToSave = Omit<
  Insertable<Schema['record']>,
  'workspaceId' | 'search' | 'raw' | 'data' | 'extra' | 'source' | 'partTimes'
> & {
  data: Readonly<Record<string, unknown>>
  extra: Readonly<Record<string, unknown>>
  source: Source
  partTimes: Readonly<Record<string, number | null>>
  searchTerms: readonly string[]
  /** Undefined: the one before stays. */
  raw: string | null | undefined
}

/**
 * Writes records that are new, or that this transaction has locked.
 * @returns the ids of those written: one that another transaction made meanwhile, under an id of its own, is left as it is
 */
export async function saveRecords(
  trx: Transaction<Schema>,
  workspaceId: string,
  records: readonly RecordToSave[],
): Promise<Set<string>> {
  const saved = await inChunks(records, async (chunk) => {
    const rows = chunk.map((record) => ({ ...record, searchTerms: record.searchTerms.join(' ') }))
    return (await saveRows(trx, { workspaceId, ...COLUMNS.values(rows) })).rows
  })
  return new Set(saved.flat().map(({ id }) => id))
}

const COLUMNS = columnArrays({
  id: 'uuid',
  ns: 'text',
  contentType: 'text',
  code: 'text',
  data: 'jsonb',
  extra: 'jsonb',
  raw: 'text',
  source: 'jsonb',
  partial: 'boolean',
  deleted: 'boolean',
  archived: 'boolean',
  sourceUpdatedAt: 'timestamptz',
  sourceDeletedAt: 'timestamptz',
  partTimes: 'jsonb',
  contentHash: 'bytea',
  status: 'text',
  name: 'text',
  categoryCode: 'text',
  customerCode: 'text',
  customerId: 'uuid',
  happenedAt: 'timestamptz',
  /** Letters and digits, with blanks between them. */
  searchTerms: 'text',
  version: 'int',
  createdAt: 'timestamptz',
  updatedAt: 'timestamptz',
})

const saveRows = statementOnce<'workspaceId' | keyof ReturnType<typeof COLUMNS.values>, { id: string }>(
  (places) => sql<{ id: string }>`
    insert into record as r (workspace_id, id, ns, content_type, code, data, extra, raw, source, partial, deleted, archived,
      source_updated_at, source_deleted_at, part_times, content_hash, status, name, category_code, customer_code,
      customer_id, happened_at, search, version, created_at, updated_at)
    select ${places.workspaceId}::uuid, id, ns, content_type, code, data, extra, raw, source, partial, deleted, archived,
      source_updated_at, source_deleted_at, part_times, content_hash, status, name, category_code, customer_code,
      customer_id, happened_at, array_to_tsvector(string_to_array(search_terms, ' ')), version, created_at, updated_at
    from ${COLUMNS.from(places, 'row')}
    on conflict (workspace_id, ns, content_type, code) do update set
      data = excluded.data, extra = excluded.extra,
      raw = case when excluded.deleted then null else coalesce(excluded.raw, r.raw) end,
      source = excluded.source, partial = excluded.partial, deleted = excluded.deleted, archived = excluded.archived,
      source_updated_at = excluded.source_updated_at, source_deleted_at = excluded.source_deleted_at,
      part_times = excluded.part_times, content_hash = excluded.content_hash, status = excluded.status,
      name = excluded.name, category_code = excluded.category_code, customer_code = excluded.customer_code,
      customer_id = excluded.customer_id, happened_at = excluded.happened_at, search = excluded.search,
      version = excluded.version, updated_at = excluded.updated_at
    where r.id = excluded.id
    returning r.id`,
  { name: 'record.saveRecords', handleOf: (db) => exempt(db, 'record.saveRecords') },
)
