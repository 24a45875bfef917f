import { sql as query } from 'kysely'
import pg from 'pg'
import type { Database, OpenDatabaseOptions } from './client.ts'
import { DatabaseRefusedError, isDatabaseError } from './error.ts'
import { PostgresListener } from './listener.ts'
import { patientClient } from './patient-client.ts'
import { randomProcessId } from './process-id.ts'
import { createSubscriptions } from './subscription.ts'
import { createHandles } from './transaction.ts'

/** `server_version_num` of the oldest server that our SQL is written to. */
const OLDEST_VERSION_NUM = 150_000
const DEFAULT_POOL_SIZE = 10
/** Waiting longer for a free connection means overload: failing then is better than a growing queue. */
const CONNECTION_TIMEOUT_MS = 10_000
/** A query without an answer for so long means that the server, or the way to it, hangs. */
const DEFAULT_QUERY_TIMEOUT_MS = 30_000
/** Of {@link DEFAULT_QUERY_TIMEOUT_MS}. Nothing a request causes takes so long; migrations lift the limit for themselves. */
const STATEMENT_TIMEOUT_SHARE = 5 / 6
/** A transaction whose code hangs holds locks and keeps vacuum from its work. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000

export async function openPostgres(
  options: OpenDatabaseOptions & { databaseUrl: string },
): Promise<Database> {
  const { log } = options
  const connection = connectionConfig(options.databaseUrl)
  const queryTimeoutMs = options.queryTimeoutMs ?? DEFAULT_QUERY_TIMEOUT_MS
  const pool = new pg.Pool({
    ...connection,
    Client: patientClient(queryTimeoutMs),
    max: options.poolSize ?? DEFAULT_POOL_SIZE,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    statement_timeout: Math.round(queryTimeoutMs * STATEMENT_TIMEOUT_SHARE),
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
  })
  const { sql, transaction, load, close } = createHandles(pool)
  try {
    await checkServer(pool)
  } catch (error) {
    await close()
    throw error
  }

  const subscriptions = createSubscriptions(log)
  const processId = randomProcessId()
  const listener = new PostgresListener({ connection, processId, subscriptions, log })
  let closed: Promise<void> | undefined
  return {
    engine: 'postgres',
    sql,
    transaction,
    load,
    async listen(channel, onPayload, onLost) {
      const remove = subscriptions.add(channel, { onPayload, onLost })
      try {
        await listener.listen(channel)
      } catch (error) {
        remove()
        throw error
      }
      return async () => {
        if (remove()) await listener.unlisten(channel)
      }
    },
    async processId() {
      await listener.start()
      return processId
    },
    async isProcessAlive(id) {
      // Taken and let go in one statement: nobody holds it.
      const { rows } = await query<{
        free: boolean
      }>`select pg_try_advisory_xact_lock(${id}::bigint) as free`.execute(sql)
      return rows[0]?.free !== true
    },
    close() {
      closed ??= Promise.all([listener.close(), close()]).then(() => {})
      return closed
    },
  }
}

function connectionConfig(databaseUrl: string): pg.ClientConfig {
  if (!/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new DatabaseRefusedError('DATABASE_URL must start with postgres:// or postgresql://.')
  }
  return { connectionString: databaseUrl, keepAlive: true, application_name: 'miniapps' }
}

interface ServerFacts {
  version: string
  versionNum: number
  encoding: string
}

async function checkServer(pool: pg.Pool): Promise<void> {
  const { rows } = await pool
    .query<ServerFacts>(
      `select current_setting('server_version') as version,
        current_setting('server_version_num')::int as "versionNum",
        current_setting('server_encoding') as encoding`,
    )
    .catch((error: unknown) => {
      throw refusedConnection(error)
    })
  const refusal = rows[0] && refusalOf(rows[0])
  if (refusal !== undefined) throw new DatabaseRefusedError(refusal)
}

/** Why this server cannot be used, and what to do; undefined where it can. */
export function refusalOf({ version, versionNum, encoding }: ServerFacts): string | undefined {
  if (versionNum < OLDEST_VERSION_NUM) {
    return `The PostgreSQL server is version ${version}; version 15 or newer is needed. Upgrade the server, or point DATABASE_URL at a newer one.`
  }
  if (encoding !== 'UTF8') {
    return `The database's encoding is ${encoding}; it must be UTF8. Make it again with: create database … template template0 encoding 'UTF8'.`
  }
  return undefined
}

/** What the operator reads when the first connection fails; never the URL, which holds the password. */
function refusedConnection(error: unknown): unknown {
  const reason =
    error instanceof Error ? error.message || String((error as { code?: unknown }).code) : String(error)
  return new DatabaseRefusedError(
    isDatabaseError(error)
      ? `The PostgreSQL server of DATABASE_URL refused the connection: ${reason}.`
      : `The PostgreSQL server of DATABASE_URL cannot be reached: ${reason}.`,
    { cause: error },
  )
}
