/**
 * How an event changes what is known of a record (specification 6.5). Providers deliver out of order and in parts, so each
 * part (a field, and three of our own) keeps the mapped `updatedAt` of the event that said it: the newest word on a part
 * stands, whatever the order of arrival. A deletion takes with it what was said before it. Pure.
 */
import type { RecordOperation } from './record-event.ts'

export interface Part {
  value: unknown
  /** Milliseconds since the epoch; -Infinity where the event had no time. */
  at: number
}

export interface RecordState {
  /** By `data.{field}`, `extra.{key}`, {@link COMPLETE}, {@link CUSTOMER}. */
  parts: ReadonlyMap<string, Part>
  deleted: boolean
  /** The newest time of a write that no deletion took with it, and of a deletion: milliseconds since the epoch. */
  writtenAt: number | undefined
  deletedAt: number | undefined
}

/** That more than updates were seen: the record is not partial. */
export const COMPLETE = 'complete'
/** The customer of the event, where the record itself names none. */
export const CUSTOMER = 'customer'

const NO_TIME = -Infinity

export const UNKNOWN_RECORD: RecordState = {
  parts: new Map(),
  deleted: false,
  writtenAt: undefined,
  deletedAt: undefined,
}

export interface MergeEvent {
  operation: RecordOperation
  /** What the event says: `data.{field}` and `extra.{key}`; a field that is not said is absent, null clears. */
  said: ReadonlyMap<string, unknown>
  customerId: string | undefined
  /** The mapped `updatedAt`, in milliseconds since the epoch. */
  at: number | undefined
}

/**
 * Events with a time end in the same state in every order. Of two with the same time the later arrival stands, and a
 * deletion before a write. An event without a time counts as the newest; it brings back what was deleted only as a
 * `create` or `upsert`.
 *
 * @returns undefined where the event is older than all that it could change
 */
export function mergeEvent(state: RecordState, event: MergeEvent): RecordState | undefined {
  return event.operation === 'delete' ? mergeDeletion(state, event.at) : mergeWrite(state, event)
}

function mergeDeletion(state: RecordState, at: number | undefined): RecordState | undefined {
  const { writtenAt, deletedAt } = state
  if (at === undefined) {
    return { ...UNKNOWN_RECORD, deleted: true, deletedAt: latest(writtenAt, deletedAt) }
  }
  if (deletedAt !== undefined && at < deletedAt) return undefined
  const isDeleted = writtenAt === undefined || writtenAt <= at
  return {
    parts: new Map([...state.parts].filter(([, part]) => part.at > at)),
    deleted: isDeleted,
    writtenAt: isDeleted ? undefined : writtenAt,
    deletedAt: at,
  }
}

function mergeWrite(state: RecordState, event: MergeEvent): RecordState | undefined {
  const { at } = event
  if (isBuried(state, event)) return undefined
  const parts = new Map(state.parts)
  let told = state.deleted || state.writtenAt === undefined || at === undefined || at >= state.writtenAt
  for (const [name, value] of partsOf(event)) {
    const known = parts.get(name)
    if (at !== undefined && known !== undefined && at < known.at) continue
    told = true
    parts.set(name, { value, at: at ?? known?.at ?? NO_TIME })
  }
  if (!told) return undefined
  return { parts, deleted: false, writtenAt: latest(state.writtenAt, at), deletedAt: state.deletedAt }
}

/** Whether the write was deleted before it arrived. */
function isBuried({ deleted, deletedAt }: RecordState, { at, operation }: MergeEvent): boolean {
  if (at !== undefined && deletedAt !== undefined) return at <= deletedAt
  return deleted && operation === 'update'
}

function partsOf({ said, operation, customerId }: MergeEvent): [string, unknown][] {
  const parts: [string, unknown][] = [...said]
  if (operation !== 'update') parts.push([COMPLETE, true])
  if (customerId !== undefined) parts.push([CUSTOMER, customerId])
  return parts
}

function latest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.max(one, other)
}
