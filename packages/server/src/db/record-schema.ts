/** The tables of customers, records and what the workspace is told about them (specification 6.6, 11). */
import type { ColumnType, Generated } from 'kysely'
import type { BytesOrNull, JsonText, TextOrNull, Timestamp, TimestampOrNull } from './column.ts'

/** Specification 5.5, from the loosest to the closest. */
export const CUSTOMER_STATES = ['visitor', 'lead', 'customer'] as const
export type CustomerState = (typeof CUSTOMER_STATES)[number]

/** By what a customer is found, the strongest first; `merged` is the id of one that was merged into it. */
export const CUSTOMER_KEY_KINDS = ['code', 'email', 'phone', 'merged'] as const
export type CustomerKeyKind = (typeof CUSTOMER_KEY_KINDS)[number]

/** Where something was learnt: an app's event or sync run, or a caller of the API. */
export type Source =
  | { ns: string; event: string }
  | { ns: string; run: string }
  | { ns: string }
  | { token: string }

/** Lexemes that begin with the workspace: `search-terms.ts`. Written as an expression, never read. */
type SearchTerms = ColumnType<string, string, string>

/** One person of a workspace, put together from what every app knows. */
export interface CustomerTable {
  workspaceId: string
  id: string
  state: CustomerState
  firstName: TextOrNull
  lastName: TextOrNull
  /** Normalised, as are all e-mail addresses and phone numbers here. */
  primaryEmail: TextOrNull
  primaryPhone: TextOrNull
  /** Every other field. */
  data: JsonText<Record<string, unknown>>
  /** The latest code of each app that knows the customer. */
  externalCodes: JsonText<Record<string, string>>
  /** When the fields were last said that a person has changed: milliseconds since the epoch. */
  fieldTimes: JsonText<Record<string, number>>
  /** Of the first sight. */
  source: JsonText<Source>
  search: SearchTerms
  version: number
  createdAt: Timestamp
  updatedAt: Timestamp
}

/** That no two customers answer to one code of an app, one e-mail address or one phone number is this primary key. */
export interface CustomerKeyTable {
  workspaceId: string
  kind: CustomerKeyKind
  value: string
  /** Of a code; otherwise empty. */
  ns: string
  customerId: string
}

/** What one app says about one thing; a tombstone where it was deleted. */
export interface RecordTable {
  workspaceId: string
  id: string
  ns: string
  contentType: string
  code: string
  data: JsonText<Record<string, unknown>>
  extra: JsonText<Record<string, unknown>>
  /** The last payload, where it is kept. */
  raw: TextOrNull
  /** Of the last change. */
  source: JsonText<Source>
  /** Only updates have been seen yet, never the whole. */
  partial: boolean
  deleted: boolean
  /** A full sync did not see it any more. */
  archived: boolean
  /** The newest mapped `updatedAt` of what was written. */
  sourceUpdatedAt: TimestampOrNull
  /** The newest mapped `updatedAt` of what was deleted. */
  sourceDeletedAt: TimestampOrNull
  /** When parts were said that are older than `sourceUpdatedAt`: milliseconds since the epoch, null for no time. */
  partTimes: JsonText<Record<string, number | null>>
  /** SHA-256 of the newest event: the same one again is not written. */
  contentHash: BytesOrNull
  status: TextOrNull
  /** Name, or number of an order. */
  name: TextOrNull
  categoryCode: TextOrNull
  customerCode: TextOrNull
  customerId: TextOrNull
  /** When the order was placed, the cart left, else the record first seen: what lists are ordered by. */
  happenedAt: Timestamp
  search: SearchTerms
  /** Grows by one with every change that can be seen. */
  version: number
  createdAt: Timestamp
  updatedAt: Timestamp
}

/** An event that the workspace's servers are told of (specification 11), written with the change that it tells of. */
export interface OutboxTable {
  workspaceId: string
  id: string
  type: string
  action: string
  data: JsonText<unknown>
  createdAt: Timestamp
  /** Its deliveries are not written yet. */
  pending: Generated<boolean>
}
