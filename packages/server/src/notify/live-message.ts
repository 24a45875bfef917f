import type { StoredInstall } from '../install/store.ts'
import type { ListedEvent } from '../webhook/event-log.ts'

/** What a watcher is told. */
export interface LiveMessage {
  event: 'webhookEvent' | 'install' | 'gap'
  /** Of the app that it is about; absent: of none. */
  ns?: string
  /** Of an event of webhooks. */
  id?: string
  data: Record<string, unknown>
}

/** More happened than is told. */
export const GAP: LiveMessage = {
  event: 'gap',
  data: { message: 'More happened than is shown here: read the lists again.' },
}

/** The fields of `WebhookEvent` that change, under its names. */
export function eventMessage(event: ListedEvent): LiveMessage {
  const { id, createdAt, ns, status, transactionId, attempts, round, dueAt, processedAt, error } = event
  const data = {
    _id: id,
    createdAt,
    ns,
    event: event.event,
    status,
    transactionId,
    duplicates: event.duplicates ?? 0,
    attempts,
    round,
    dueAt,
    processedAt,
    error: error === null ? null : (JSON.parse(error) as unknown),
  }
  return { event: 'webhookEvent', ns, id, data }
}

/** @param install `undefined`: the app is not in the workspace any more */
export function installMessage(
  ns: string,
  install: Pick<StoredInstall, 'state' | 'errorCode' | 'accountName' | 'pendingRegistrations'> | undefined,
): LiveMessage {
  if (install === undefined) return { event: 'install', ns, data: { ns, status: 'not_installed' } }
  const { state: status, errorCode, accountName, pendingRegistrations } = install
  return { event: 'install', ns, data: { ns, status, errorCode, accountName, pendingRegistrations } }
}
