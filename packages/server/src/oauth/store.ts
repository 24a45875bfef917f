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

export async function insertState(
  trx: Transaction<Schema>,
  state: Omit<Insertable<Schema['oauthState']>, 'usedAt'>,
): Promise<void> {
  await trx.insertInto('oauthState').values(state).execute()
}

/** Tickets and states are found by a hash, and are good once. */
const HASHES = { oauthTicket: 'ticketHash', oauthState: 'stateHash' } as const satisfies Partial<
  Record<keyof Schema, string>
>
type OneTime = keyof typeof HASHES

export const findTicket = (executor: Executor, key: OneTimeKey): Promise<StoredTicket | undefined> =>
  find(executor, 'oauthTicket', key)

export const findState = (executor: Executor, key: OneTimeKey): Promise<StoredState | undefined> =>
  find(executor, 'oauthState', key)

/** Uses a ticket up, as {@link take} does. */
export const takeTicket = (trx: Transaction<Schema>, key: OneTimeKey & { now: Date }): Promise<boolean> =>
  take(trx, 'oauthTicket', key)

/** Uses a state up, as {@link take} does. */
export const takeState = (executor: Executor, key: OneTimeKey & { now: Date }): Promise<boolean> =>
  take(executor, 'oauthState', key)

async function find<Table extends OneTime>(
  executor: Executor,
  table: Table,
  key: OneTimeKey,
): Promise<Row<Table> | undefined> {
  const row = await executor
    .selectFrom(table as 'oauthState')
    .selectAll()
    .where('workspaceId', '=', key.workspaceId)
    .where(HASHES[table] as 'stateHash', '=', key.hash)
    .executeTakeFirst()
  return row as Row<Table> | undefined
}

/**
 * Uses a row up and forgets what was sealed in it; read it before.
 * @returns whether this call did so: of several that try, one does
 */
async function take(executor: Executor, table: OneTime, key: OneTimeKey & { now: Date }): Promise<boolean> {
  const taken = await executor
    .updateTable(table as 'oauthState')
    .set({ usedAt: key.now, secret: NOTHING })
    .where('workspaceId', '=', key.workspaceId)
    .where(HASHES[table] as 'stateHash', '=', key.hash)
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
