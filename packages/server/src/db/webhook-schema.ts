/** The tables of inbound webhooks (specification 05), as kysely sees them; see `schema.ts`. */
import type { ColumnType, Generated } from 'kysely'
import type { Bytes, TextOrNull, Timestamp, TimestampOrNull } from './column.ts'

/** Of kept events; duplicates and rejections are counted elsewhere (specification 5.5). */
export const WEBHOOK_STATUSES = ['received', 'processing', 'processed', 'failed', 'unknown'] as const
export type WebhookStatus = (typeof WEBHOOK_STATUSES)[number]

/**
 * One delivery that was kept, partitioned by the day (UTC) of `createdAt`, which is the time in its id. `dueAt` is null
 * where nothing is to be done about it (any more).
 */
interface WebhookEventTable {
  workspaceId: string
  createdAt: Timestamp
  id: string
  ns: string
  event: TextOrNull
  status: WebhookStatus
  transactionId: TextOrNull
  orderingKey: TextOrNull
  /** JSON text, without those that carry a proof or a session. */
  headers: string
  /** Exactly as it came. */
  body: Bytes
  note: TextOrNull
  /** Of this round; a process that ends in the middle has used one up. */
  attempts: Generated<number>
  /** How many times it was replayed. */
  round: Generated<number>
  dueAt: TimestampOrNull
  /** The process that is at it; null where none is. `dueAt` is when its claim runs out. */
  claimedBy: TextOrNull
  /** JSON text: the stages of this round. */
  stages: Generated<string>
  /** Why it failed. */
  error: TextOrNull
  customerId: TextOrNull
  processedAt: TimestampOrNull
}

/** The delivery that an id stands for until `expiresAt`, and how many came again: what makes duplicates impossible. */
interface WebhookTransactionTable {
  workspaceId: string
  ns: string
  /** Empty where the delivery has none. */
  event: string
  transactionId: string
  eventId: string
  expiresAt: Timestamp
  duplicates: Generated<number>
  duplicateAt: TimestampOrNull
}

/** Deliveries of one minute that were refused for one reason; the words and header names are those of the last. */
interface WebhookRejectionTable {
  workspaceId: string
  ns: string
  minute: Timestamp
  code: string
  count: number
  reason: string
  headerNames: ColumnType<string[], string[], string[]>
  firstAt: Timestamp
  lastAt: Timestamp
}

/** An event that triggers of an app are about, once for each round of its processing; the payload is the event's. */
interface TriggerFiringTable {
  workspaceId: string
  /** Of the event: both are dropped on the same day. */
  createdAt: Timestamp
  eventId: string
  /** Above 0: a replay. */
  round: number
  type: string
  event: string
  ns: string
  firedAt: Timestamp
}

export interface WebhookTables {
  webhookEvent: WebhookEventTable
  webhookTransaction: WebhookTransactionTable
  webhookRejection: WebhookRejectionTable
  triggerFiring: TriggerFiringTable
}

/** For `WORKSPACE_TABLES`. */
export const WEBHOOK_TABLES = {
  webhook_event: true,
  webhook_transaction: true,
  webhook_rejection: true,
  trigger_firing: true,
} as const
