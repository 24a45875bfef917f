/** Notifications of a workspace: written by others in the transaction of what they tell of, read by its people. */
import type { Selectable, Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { NotificationKind, NotificationTable, Schema } from '../db/schema.ts'
import { storable } from '../db/text.ts'
import { uuidv7 } from '../db/uuid.ts'
import {
  countNotifications,
  insertNotification,
  listNotifications,
  markRead,
  type NotificationFilter,
  type NotificationPage,
} from './store.ts'

export type Notification = Selectable<NotificationTable>

export interface NewNotification {
  workspaceId: string
  kind: NotificationKind
  /** The app it is about. */
  ns: string
  /** What happened, in a few words. */
  title: string
  /** What happened and what to do next; holds no secret. */
  message: string
}

/** Tells a workspace something, if and only if the transaction commits. */
export async function addNotification(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  notification: NewNotification,
): Promise<void> {
  const now = context.now()
  const { title, message } = storable({ title: notification.title, message: notification.message }).value
  await insertNotification(trx, {
    ...notification,
    id: uuidv7(now),
    title,
    message,
    createdAt: new Date(now),
    readAt: null,
  })
}

/** The newest first. */
export function readNotifications(context: Context, page: NotificationPage): Promise<Notification[]> {
  return listNotifications(context.db.sql, page)
}

export function countNotificationsOf(context: Context, filter: NotificationFilter): Promise<number> {
  return countNotifications(context.db.sql, filter)
}

/**
 * Marks notifications of a workspace as read; those that are already, or that it does not have, stay as they are.
 * @param ids absent: all
 * @returns how many were unread before
 */
export function readAll(
  context: Context,
  of: { workspaceId: string; ids?: readonly string[] },
): Promise<number> {
  return markRead(context.db.sql, { ...of, readAt: new Date(context.now()) })
}
