/** What is to be done to a record: the outcome of a mapping (specification 6.5). */
import type { Source } from '../db/record-schema.ts'

export const RECORD_OPERATIONS = ['create', 'update', 'upsert', 'delete'] as const
export type RecordOperation = (typeof RECORD_OPERATIONS)[number]

export interface RecordEvent {
  /** Such as `ecommerce:orders`; any other text is a type of the app's own. */
  contentType: string
  operation: RecordOperation
  /** The stable id at the provider. */
  code: string
  /** Known fields. What the payload did not hold is absent; null clears. Money is exact decimal text. */
  fields: Readonly<Record<string, unknown>>
  /** Mapped keys that are no known fields. */
  extra?: Readonly<Record<string, unknown>>
  /** When the provider changed it. Default: the field `updatedAt`; null, or none: the event counts as the newest. */
  updatedAt?: Date | null
  /** Of the event: an order that names no customer, or one that nobody knows, is linked to it. */
  customerId?: string
  /** The payload as text, where it is to be kept. */
  raw?: string
  /** Default: that of the batch. */
  source?: Source
}

/** Events of one app, in the order of their arrival. */
export interface RecordBatch {
  workspaceId: string
  ns: string
  source: Source
  records: readonly RecordEvent[]
  /** False: the workspace is not told (specification 6.4, bulk runs). Default true. */
  emit?: boolean
}

/** `stale`: older than what is known, or deleted since. */
export type RecordEffect = 'created' | 'updated' | 'deleted' | 'unchanged' | 'stale'

export interface RecordOutcome {
  effect: RecordEffect
  /** Undefined where an event was stale and nothing is known of the record. */
  recordId: string | undefined
  customerId: string | undefined
}

/** An event that can never be stored; what is wrong is in the message. */
export class RecordRefusedError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RecordRefusedError'
  }
}
