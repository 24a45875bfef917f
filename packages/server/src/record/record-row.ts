/** A record as its row holds it, and as `merge-record.ts` sees it. */
import type { Row } from '../db/schema.ts'
import { COMPLETE, CUSTOMER, type Part, type RecordState } from './merge-record.ts'

/** What is read of a record in order to change it. */
export type StoredRecord = Pick<
  Row<'record'>,
  | 'id'
  | 'ns'
  | 'contentType'
  | 'code'
  | 'data'
  | 'extra'
  | 'partial'
  | 'deleted'
  | 'archived'
  | 'sourceUpdatedAt'
  | 'sourceDeletedAt'
  | 'partTimes'
  | 'contentHash'
  | 'customerId'
  | 'happenedAt'
  | 'version'
  | 'createdAt'
  | 'updatedAt'
>

/** The parts of a state that columns hold. */
export interface StateColumns {
  data: Record<string, unknown>
  extra: Record<string, unknown>
  partial: boolean
  deleted: boolean
  sourceUpdatedAt: Date | null
  sourceDeletedAt: Date | null
  /** Only what differs from `sourceUpdatedAt`: mostly nothing. */
  partTimes: Record<string, number | null>
}

export function stateOf(row: StoredRecord): RecordState {
  const writtenAt = row.sourceUpdatedAt?.getTime()
  const parts = new Map<string, Part>()
  const add = (name: string, value: unknown) => {
    const told = Object.hasOwn(row.partTimes, name) ? row.partTimes[name] : writtenAt
    parts.set(name, { value, at: told ?? -Infinity })
  }
  for (const [field, value] of Object.entries(row.data)) add(`data.${field}`, value)
  for (const [key, value] of Object.entries(row.extra)) add(`extra.${key}`, value)
  if (!row.partial && !row.deleted) add(COMPLETE, true)
  if (row.customerId !== null) add(CUSTOMER, row.customerId)
  return { parts, deleted: row.deleted, writtenAt, deletedAt: row.sourceDeletedAt?.getTime() }
}

export function columnsOf({ parts, deleted, writtenAt, deletedAt }: RecordState): StateColumns {
  const data: [string, unknown][] = []
  const extra: [string, unknown][] = []
  const partTimes: [string, number | null][] = []
  for (const [name, { value, at }] of parts) {
    if (name.startsWith('data.')) data.push([name.slice('data.'.length), value])
    if (name.startsWith('extra.')) extra.push([name.slice('extra.'.length), value])
    if (at !== (writtenAt ?? -Infinity)) partTimes.push([name, Number.isFinite(at) ? at : null])
  }
  return {
    data: Object.fromEntries(data),
    extra: Object.fromEntries(extra),
    partial: !deleted && !parts.has(COMPLETE),
    deleted,
    sourceUpdatedAt: writtenAt === undefined ? null : new Date(writtenAt),
    sourceDeletedAt: deletedAt === undefined ? null : new Date(deletedAt),
    partTimes: Object.fromEntries(partTimes),
  }
}
