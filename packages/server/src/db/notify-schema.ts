/** The tables of outbound workspace webhooks (specification 11), as kysely sees them; see `schema.ts`. */
import type { ColumnType, Generated } from 'kysely'
import type { Bytes, JsonText, TextOrNull, Timestamp, TimestampOrNull } from './column.ts'

/** `pending`: it is still to be sent, or being sent. */
export const DELIVERY_STATUSES = ['pending', 'success', 'failed'] as const
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number]

/** Kinds of events that a subscription wants, as its owner calls them. */
export interface SubscribedAction {
  type: string
  action: string
  label: string
}

/** A server of the workspace that wants to be told; the API calls it a webhook. */
interface SubscriptionTable {
  workspaceId: string
  id: string
  url: string
  name: TextOrNull
  description: TextOrNull
  actions: JsonText<SubscribedAction[]>
  maxAttempts: number
  /** Milliseconds after the first attempt, the second and so on; the last one counts for all further. */
  backoffMs: ColumnType<number[], number[], number[]>
  rateLimitPerMinute: number
  isActive: boolean
  /** Sealed: token, secret, and the secret before. */
  secrets: Bytes
  previousSecretExpiresAt: TimestampOrNull
  /** Failed attempts in a row. */
  consecutiveFailures: Generated<number>
  circuitOpenUntil: TimestampOrNull
  /** Nothing is sent before: the rate limit. */
  heldUntil: TimestampOrNull
  /** When a delivery may be due, at the earliest; null: none waits. */
  dueAt: TimestampOrNull
  lastDeliveryAt: TimestampOrNull
  createdAt: Timestamp
  updatedAt: Timestamp
}

/**
 * One attempt to tell one subscription of one event, partitioned by the day (UTC) of `createdAt`, which is the time in its
 * id. A retry is another row with the next number.
 */
interface DeliveryTable {
  workspaceId: string
  createdAt: Timestamp
  id: string
  subscriptionId: string
  eventId: string
  /** `{type}.{action}` */
  event: string
  attemptNumber: number
  status: DeliveryStatus
  /** How many times a process has taken it; more than once where one ended in the middle. */
  claims: Generated<number>
  /** When it is sent, or taken from a process that did not settle it; null where it is settled. */
  dueAt: TimestampOrNull
  /** The process that is at it; null where none is. */
  claimedBy: TextOrNull
  /** JSON text, without the token. */
  requestHeaders: TextOrNull
  requestBody: TextOrNull
  responseStatus: ColumnType<number | null, number | null | undefined, number | null>
  responseBody: TextOrNull
  error: TextOrNull
  durationMs: ColumnType<number | null, number | null | undefined, number | null>
}

export interface NotifyTables {
  subscription: SubscriptionTable
  delivery: DeliveryTable
}

/** For `WORKSPACE_TABLES`. */
export const NOTIFY_TABLES = { subscription: true, delivery: true } as const
