/** All SQL on authorizations that were started and on the tickets to start them. */
import type { Insertable, Transaction } from 'kysely'
import type { Database } from '../db/client.ts'
import { exempt } from '../db/exemptions.ts'
import type { Row, Schema } from '../db/schema.ts'
import type { OneTimeKey } from './one-time-text.ts'

type Executor = Database['sql'] | Transaction<Schema>

/** What was sealed is needed once: the reader has it, the row forgets it. */
const NOTHING = Buffer.alloc(0)

export type StoredState = Row<'oauthState'>
export type StoredTicket = Row<'oauthTicket'>

export async function insertTicket(
  executor: Executor,
  ticket: Omit<Insertable<Schema['oauthTicket']>, 'usedAt'>,
): Promise<void> {
  await executor.insertInto('oauthTicket').values(ticket).execute()
}

export async function findTicket(executor: Executor, key: OneTimeKey): Promise<StoredTicket | undefined> {
  return executor
    .selectFrom('oauthTicket')
    .selectAll()
    .where('workspaceId', '=', key.workspaceId)
    .where('ticketHash', '=', key.hash)
    .executeTakeFirst()
}

/**
 * Uses a ticket up and forgets its form; read it before.
 * @returns whether this call did so: of several that try, one does
 */
export async function takeTicket(
  trx: Transaction<Schema>,
  key: OneTimeKey & { now: Date },
): Promise<boolean> {
  const taken = await trx
    .updateTable('oauthTicket')
    .set({ usedAt: key.now, secret: NOTHING })
    .where('workspaceId', '=', key.workspaceId)
    .where('ticketHash', '=', key.hash)
    .where('usedAt', 'is', null)
    .where('expiresAt', '>', key.now)
    .returning('id')
    .executeTakeFirst()
  return taken !== undefined
}

export async function insertState(
  trx: Transaction<Schema>,
  state: Omit<Insertable<Schema['oauthState']>, 'usedAt'>,
): Promise<void> {
  await trx.insertInto('oauthState').values(state).execute()
}

export async function findState(executor: Executor, key: OneTimeKey): Promise<StoredState | undefined> {
  return executor
    .selectFrom('oauthState')
    .selectAll()
    .where('workspaceId', '=', key.workspaceId)
    .where('stateHash', '=', key.hash)
    .executeTakeFirst()
}

/**
 * Uses a state up and forgets its verifier and form; read it before.
 * @returns whether this call did so: of several that try, one does
 */
export async function takeState(executor: Executor, key: OneTimeKey & { now: Date }): Promise<boolean> {
  const taken = await executor
    .updateTable('oauthState')
    .set({ usedAt: key.now, secret: NOTHING })
    .where('workspaceId', '=', key.workspaceId)
    .where('stateHash', '=', key.hash)
    .where('usedAt', 'is', null)
    .where('expiresAt', '>', key.now)
    .returning('id')
    .executeTakeFirst()
  return taken !== undefined
}

/** @returns how many rows went */
export async function deleteExpiredBefore(database: Database, before: Date): Promise<number> {
  const expired = exempt(database.sql, 'oauth.deleteExpiredBefore')
  const states = await expired.deleteFrom('oauthState').where('expiresAt', '<', before).executeTakeFirst()
  const tickets = await expired.deleteFrom('oauthTicket').where('expiresAt', '<', before).executeTakeFirst()
  return Number(states.numDeletedRows + tickets.numDeletedRows)
}
