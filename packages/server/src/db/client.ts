/**
 * The one door to the database. Two engines, one SQL dialect (PostgreSQL 15) and one driver (`pg`): PostgreSQL itself,
 * or PGlite in a worker thread of this process.
 *
 * `bigint` is read as a string, `timestamptz` as a `Date`, `bytea` as a `Buffer`; `jsonb` is parsed, so a column that may
 * hold numbers beyond 2^53 is selected as text by its store.
 */
import type { Kysely, Transaction } from 'kysely'
import type { Log } from '../log.ts'
import { openEmbedded } from './embedded.ts'
import { openPostgres } from './postgres.ts'
import type { Schema } from './schema.ts'

export { embeddedDataExists } from './embedded.ts'

export interface Database {
  readonly engine: 'embedded' | 'postgres'
  /** The outer handle: every statement is a transaction of its own. */
  readonly sql: Kysely<Schema>
  /**
   * Runs `body` in one transaction (read committed): committed when its promise fulfils, rolled back when it rejects.
   * Nothing is repeated: a caller that can, asks `isRetryable`. A query on {@link sql}, or another transaction, from
   * within the body is refused with `TransactionScopeError`, on both engines: on the embedded one it would wait for the
   * only connection, which the body holds.
   */
  transaction<T>(body: (trx: Transaction<Schema>) => Promise<T>): Promise<T>
  /**
   * Calls `onPayload` for each NOTIFY on the channel that is committed from now on, by any process.
   *
   * @param channel lower-case identifier
   * @param onLost called after the listening connection was lost and made again: notifications may have been missed, so
   * whoever caches by them drops the cache
   * @returns a function that ends the subscription
   */
  listen(
    channel: string,
    onPayload: (payload: string) => void,
    onLost?: () => void,
  ): Promise<() => Promise<void>>
  /**
   * This process, as the others know it: an identifier that {@link isProcessAlive} is asked about.
   * @returns a decimal number of up to 63 bits; another one after each start
   */
  processId(): Promise<string>
  /**
   * Whether a process that has asked for its {@link processId} still holds its connection to the database. A process that
   * ends, however, is told dead at once; one whose machine vanished within half a minute. A connection that is being made
   * again looks dead for that moment: ask twice, {@link RECONNECTING_MS} apart.
   */
  isProcessAlive(id: string): Promise<boolean>
  /** Connections now, and statements that wait for one. */
  load(): { busy: number; idle: number; waiting: number }
  /** Waits for queries under way, then lets go of the server, or of the data directory. May be called twice. */
  close(): Promise<void>
}

/** Milliseconds in which a process whose connection broke has made another, unless the database itself is away. */
export const RECONNECTING_MS = 5_000

export interface OpenDatabaseOptions {
  /** `postgres://…`; absent: the embedded database in `dataDir`. */
  databaseUrl?: string | undefined
  /** Directory of the installation's data; the embedded database lives in `database/` below it. */
  dataDir: string
  log: Log
  /** Connections to PostgreSQL, at most. Default 10. The embedded database has one. */
  poolSize?: number
  /** A query that has not answered after so long is given up, and its connection made again. Default 30 s. */
  queryTimeoutMs?: number
}

/** @throws DatabaseRefusedError where trying again cannot help: wrong version, directory in use, wrong address */
export function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  return options.databaseUrl === undefined
    ? openEmbedded(options)
    : openPostgres({ ...options, databaseUrl: options.databaseUrl })
}
