import { AsyncLocalStorage } from 'node:async_hooks'
import { CamelCasePlugin, Kysely, type Transaction } from 'kysely'
import type { Pool, PoolClient } from 'pg'
import { writeParameters } from './bind-message.ts'
import type { Database } from './client.ts'
import { TransactionScopeError } from './error.ts'
import type { Schema } from './schema.ts'
import { GuardedDialect } from './workspace-guard.ts'

export interface Handles {
  sql: Kysely<Schema>
  transaction<T>(body: (trx: Transaction<Schema>) => Promise<T>): Promise<T>
  load: Database['load']
  /** Waits for what is under way and ends the pool. */
  close(): Promise<void>
}

/** The query builder over a pool, and transactions that know which code runs inside them. */
export function createHandles(pool: Pool): Handles {
  // A connection that breaks while it is in use fails its query, and says so again in an event that would, unhandled, end
  // the process; so does an idle one, which the pool replaces when it is next needed.
  pool.on('connect', (client) => {
    client.on('error', () => {})
    writeParameters(client)
  })
  pool.on('error', () => {})

  const scopes = new AsyncLocalStorage<{ active: boolean }>()
  const guardedPool = {
    options: pool.options,
    connect(): Promise<PoolClient> {
      // Work that a body started and did not await outlives the transaction: it is free again once that has ended.
      if (scopes.getStore()?.active) return Promise.reject(new TransactionScopeError())
      return pool.connect()
    },
    end: () => pool.end(),
  }
  const sql = new Kysely<Schema>({
    dialect: new GuardedDialect({ pool: guardedPool }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  })

  async function transaction<T>(body: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
    const scope = { active: true }
    let failure: { error: unknown } | undefined
    try {
      return await sql.transaction().execute(async (trx) => {
        try {
          return await scopes.run(scope, () => body(trx))
        } catch (error) {
          failure = { error }
          throw error
        } finally {
          scope.active = false
        }
      })
    } catch (error) {
      // A connection that is gone fails its ROLLBACK too; what matters is why the body failed.
      throw failure === undefined ? error : failure.error
    }
  }

  async function close(): Promise<void> {
    await sql.destroy()
    // kysely ends only a pool that it has used.
    if (!pool.ending) await pool.end()
  }
  const load = () => {
    const { totalCount, idleCount: idle, waitingCount: waiting } = pool
    return { busy: totalCount - idle, idle, waiting }
  }
  return { sql, transaction, load, close }
}
