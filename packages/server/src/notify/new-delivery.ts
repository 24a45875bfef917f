import type { Insertable } from 'kysely'
import type { Schema } from '../db/schema.ts'
import { uuidTime, uuidv7 } from '../db/uuid.ts'
import type { Delivery } from './store.ts'

type Told = Pick<Delivery, 'workspaceId' | 'subscriptionId' | 'eventId' | 'event' | 'attemptNumber'>

/**
 * The row of an attempt that is still to be made.
 * @param now milliseconds since the epoch
 * @param dueAt default: at once
 */
export function newDelivery(
  told: Told,
  now: number,
  dueAt = new Date(now),
): Insertable<Schema['delivery']> & { id: string } {
  const { workspaceId, subscriptionId, eventId, event, attemptNumber } = told
  const id = uuidv7(now)
  return {
    workspaceId,
    createdAt: uuidTime(id),
    id,
    subscriptionId,
    eventId,
    event,
    attemptNumber,
    status: 'pending',
    dueAt,
  }
}
