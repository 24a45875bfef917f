/** What becomes of one record by the events of a batch that are about it. Pure, but for the id of a new record. */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Source } from '../db/record-schema.ts'
import { storable } from '../db/text.ts'
import { uuidv7 } from '../db/uuid.ts'
import { extractColumns, searchedTexts, timeOf } from './content-type.ts'
import { MAX_CODE_CHARACTERS, readCode } from './customer-fields.ts'
import { CUSTOMER, type MergeEvent, mergeEvent, type RecordState, UNKNOWN_RECORD } from './merge-record.ts'
import { type RecordEffect, type RecordEvent, RecordRefusedError } from './record-event.ts'
import { columnsOf, type StateColumns, type StoredRecord, stateOf } from './record-row.ts'
import type { RecordToSave } from './save-records.ts'
import { searchTerms } from './search-terms.ts'
import type { RecordKey } from './store.ts'

/** An event in the form in which it is kept. */
export interface ReadEvent extends RecordKey, MergeEvent {
  hash: Buffer
  raw: string | undefined
  source: Source | undefined
}

/** @throws RecordRefusedError where it has no code that can be kept */
export function readEvent(event: RecordEvent): ReadEvent {
  const { contentType, operation, customerId, raw, source } = event
  const code = storable(readCode(event.code)).value
  if (code === undefined) {
    throw new RecordRefusedError(
      `The record has no usable code: mapping.code must give a text of 1 to ${MAX_CODE_CHARACTERS} characters, or a number, that names it at the provider.`,
    )
  }
  const fields = inJson({ ...event.fields, code })
  const extra = inJson(event.extra ?? {})
  const said = new Map([
    ...Object.entries(fields).map(([name, value]) => [`data.${name}`, value] as const),
    ...Object.entries(extra).map(([name, value]) => [`extra.${name}`, value] as const),
  ])
  const updatedAt = event.updatedAt === undefined ? timeOf(fields['updatedAt']) : event.updatedAt
  const at = updatedAt?.getTime()
  const whole = operation === 'create' ? 'upsert' : operation
  const hash = createHash('sha256')
    .update(JSON.stringify([whole, fields, extra, at, customerId]))
    .digest()
  return { contentType, code, operation, said, customerId, at, hash, raw: raw && storable(raw).value, source }
}

/** As it is read back: comparisons see no difference that the database does not keep. */
function inJson(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(storable(value).value)) as Record<string, unknown>
}

/** A record after the events of a batch, still to be linked to its customer and written. */
export interface ChangedRecord extends RecordKey {
  id: string
  stored: StoredRecord | undefined
  columns: StateColumns
  /** What the events themselves say. */
  customerId: string | null
  hash: Buffer | null
  raw: string | undefined
  /** Of the last event; undefined: that of the batch. */
  source: Source | undefined
  /** One for each event. */
  effects: RecordEffect[]
}

export function changeRecord(
  stored: StoredRecord | undefined,
  events: readonly [ReadEvent, ...ReadEvent[]],
  now: number,
): ChangedRecord {
  let state = stored === undefined ? UNKNOWN_RECORD : stateOf(stored)
  let { hash, raw }: { hash: Buffer | null; raw: string | undefined } = {
    hash: stored?.contentHash ?? null,
    raw: undefined,
  }
  let isKnown = stored !== undefined && !stored.deleted
  const effects = events.map((event): RecordEffect => {
    const merged = mergeEvent(state, event)
    if (merged === undefined) return 'stale'
    if (event.at === undefined || event.at === merged.writtenAt || merged.deleted) {
      hash = event.hash
      raw = event.raw ?? raw
    }
    const effect = effectOf(state, merged, isKnown)
    isKnown = !merged.deleted
    state = merged
    return effect
  })
  const [{ contentType, code }] = events
  const columns = columnsOf(state)
  const customerId = state.parts.get(CUSTOMER)?.value
  return {
    id: stored?.id ?? uuidv7(now),
    contentType,
    code,
    stored,
    columns,
    customerId: typeof customerId === 'string' ? customerId : null,
    hash,
    raw,
    source: events.at(-1)?.source,
    effects,
  }
}

function effectOf(before: RecordState, after: RecordState, isKnown: boolean): RecordEffect {
  if (after.deleted) return isKnown ? 'deleted' : 'unchanged'
  if (!isKnown) return 'created'
  return sameContent(columnsOf(before), columnsOf(after)) ? 'unchanged' : 'updated'
}

function sameContent(one: StateColumns, other: StateColumns): boolean {
  return (
    one.partial === other.partial &&
    isDeepStrictEqual(one.data, other.data) &&
    isDeepStrictEqual(one.extra, other.extra)
  )
}

/** How a record differs from what is stored: in what can be seen, in the times of its parts alone, or not at all. */
export function differenceOf({ stored, columns, customerId }: ChangedRecord): 'content' | 'times' | 'none' {
  if (stored === undefined || stored.archived || stored.deleted !== columns.deleted) return 'content'
  if (stored.customerId !== customerId || !sameContent(stored, columns)) return 'content'
  const sameTimes =
    stored.sourceUpdatedAt?.getTime() === columns.sourceUpdatedAt?.getTime() &&
    stored.sourceDeletedAt?.getTime() === columns.sourceDeletedAt?.getTime() &&
    isDeepStrictEqual(stored.partTimes, columns.partTimes)
  return sameTimes ? 'none' : 'times'
}

/** The row of a record that differs. */
export function rowOf(
  record: ChangedRecord,
  of: { workspaceId: string; ns: string; source: Source; now: number },
): RecordToSave {
  const { stored, columns, contentType, code } = record
  const now = new Date(of.now)
  const isSeen = differenceOf(record) === 'content'
  const { happenedAt, ...extracted } = extractColumns(contentType, columns.data)
  const words = columns.deleted ? [] : searchedTexts(contentType, code, columns.data)
  return {
    id: record.id,
    ns: of.ns,
    contentType,
    code,
    ...columns,
    ...extracted,
    raw: columns.deleted ? null : record.raw,
    source: record.source ?? of.source,
    archived: false,
    contentHash: record.hash,
    customerId: columns.deleted ? null : record.customerId,
    happenedAt: happenedAt ?? stored?.createdAt ?? now,
    searchTerms: searchTerms(of.workspaceId, words),
    version: (stored?.version ?? 0) + (isSeen ? 1 : 0),
    createdAt: stored?.createdAt ?? now,
    updatedAt: isSeen ? now : (stored?.updatedAt ?? now),
  }
}
