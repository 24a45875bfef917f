import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { Database, OpenDatabaseOptions } from './client.ts'
import { lockDirectory } from './directory-lock.ts'
import { createCluster } from './embedded-cluster.ts'
import { startEngine } from './embedded-engine.ts'
import { EmbeddedSocket } from './embedded-socket.ts'
import { DatabaseRefusedError } from './error.ts'
import { randomProcessId } from './process-id.ts'
import { createSubscriptions } from './subscription.ts'
import { makeDirectory } from './sync-path.ts'
import { createHandles } from './transaction.ts'

/** PostgreSQL's major version inside the pinned PGlite; the test beside this file compares it with the engine. */
export const EMBEDDED_MAJOR = 18
const DEFAULT_QUERY_TIMEOUT_MS = 30_000
/** Waiting longer for the only connection means overload, or a transaction that hangs. */
const CONNECTION_TIMEOUT_MS = 10_000

/**
 * Opens the embedded database in `{dataDir}/database`, making it where there is none. Every acknowledged commit is on
 * the disk.
 */
export async function openEmbedded(options: OpenDatabaseOptions): Promise<Database> {
  const { dataDir } = options
  makeDirectory(dataDir)
  const lock = lockDirectory(dataDir)
  try {
    const directory = clusterDirectory(dataDir)
    await prepareCluster(directory)
    const database = await connect(directory, options)
    const close = () => database.close().finally(() => lock.release())
    let closed: Promise<void> | undefined
    return {
      ...database,
      close() {
        closed ??= close()
        return closed
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Whether an embedded database has been made in this data directory, also one that cannot be opened. */
export function embeddedDataExists(dataDir: string): boolean {
  return existsSync(clusterDirectory(dataDir))
}

function clusterDirectory(dataDir: string): string {
  return join(dataDir, 'database')
}

async function connect(directory: string, options: OpenDatabaseOptions): Promise<Database> {
  const { log, queryTimeoutMs = DEFAULT_QUERY_TIMEOUT_MS } = options
  const subscriptions = createSubscriptions(log)
  const engine = await startEngine({
    directory,
    queryTimeoutMs,
    log,
    // Subscribers learn of the loss from the next connection, which is made here and now.
    onReopened: () => void pool.query('select 1').catch(() => {}),
  })
  let connections = 0
  const pool = new pg.Pool({
    stream: () => new EmbeddedSocket(engine),
    user: 'postgres',
    database: 'postgres',
    ssl: false,
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    async onConnect(client) {
      client.on('notification', ({ channel, payload }) => subscriptions.dispatch(channel, payload ?? ''))
      for (const channel of subscriptions.channels()) await client.query(`listen "${channel}"`)
      connections += 1
      if (connections > 1) subscriptions.lost()
    },
  })
  const { sql, transaction, load, close } = createHandles(pool)
  const processId = randomProcessId()
  return {
    engine: 'embedded',
    processId: async () => processId,
    // The data directory serves one process: whoever asked for an id before has ended.
    isProcessAlive: async (id) => id === processId,
    sql,
    transaction,
    load,
    async listen(channel, onPayload, onLost) {
      const remove = subscriptions.add(channel, { onPayload, onLost })
      try {
        await pool.query(`listen "${channel}"`)
      } catch (error) {
        remove()
        throw error
      }
      return async () => {
        if (remove() && !pool.ending) await pool.query(`unlisten "${channel}"`)
      }
    },
    async close() {
      await close()
      await engine.close()
    },
  }
}

async function prepareCluster(directory: string): Promise<void> {
  const versionFile = join(directory, 'PG_VERSION')
  if (!existsSync(directory)) return createCluster(directory)
  const major = existsSync(versionFile) ? Number.parseInt(readFileSync(versionFile, 'utf8'), 10) : undefined
  if (major === undefined) {
    throw new DatabaseRefusedError(
      `${directory} holds no database: its file PG_VERSION is missing. Restore the directory from a backup, or move it away to start with an empty database.`,
    )
  }
  if (major !== EMBEDDED_MAJOR) {
    throw new DatabaseRefusedError(
      `${directory} was written by PostgreSQL ${major}; this release embeds PostgreSQL ${EMBEDDED_MAJOR}. Run "export" with the release that wrote it, move the directory away, and run "import" with this one.`,
    )
  }
}
