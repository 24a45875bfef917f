import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '../log.ts'
import { DatabaseUnavailableError } from './error.ts'
import type { Subscriptions } from './subscription.ts'

/**
 * First pause before connecting again, doubled with each failure up to the longest: well below `RECONNECTING_MS`, so that
 * nobody takes this process for dead when the database was away.
 */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2_000
/** A listening connection is silent for hours: only a question shows that nobody cut it off in between. */
const HEARTBEAT_MS = 15_000
const ANSWER_TIMEOUT_MS = 10_000

/** The server drops the connection of a machine that vanished after 10 + 4 × 5 s. */
const KEEPALIVE =
  'set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 4'

interface ListenerOptions {
  connection: pg.ClientConfig
  /** Locked on the connection for as long as it lives: see `Database.isProcessAlive`. */
  processId: string
  subscriptions: Subscriptions
  log: Log
}

/**
 * Listens on one connection of its own, made with the first subscription. When it is lost it is made again, all
 * channels are listened to again, and then every subscriber is told that it may have missed something.
 */
export class PostgresListener {
  readonly #options: ListenerOptions
  readonly #closing = new AbortController()
  /** The connection, or the attempt to make it; absent before the first subscription. */
  #current: Promise<pg.Client> | undefined

  constructor(options: ListenerOptions) {
    this.#options = options
  }

  /** Starts to listen to a channel that has been added to the subscriptions. */
  async listen(channel: string): Promise<void> {
    if (this.#closing.signal.aborted) throw new DatabaseUnavailableError('The database has been closed.')
    const client = await (this.#current ?? this.#start())
    await client.query(`listen "${channel}"`)
  }

  /** Makes the connection where there is none yet. */
  async start(): Promise<void> {
    if (this.#closing.signal.aborted) throw new DatabaseUnavailableError('The database has been closed.')
    await (this.#current ?? this.#start())
  }

  /** Stops listening to a channel; without a connection there is nothing to stop. */
  async unlisten(channel: string): Promise<void> {
    if (this.#closing.signal.aborted) return
    const client = await this.#current?.catch(() => undefined)
    await client?.query(`unlisten "${channel}"`).catch(() => {})
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    const client = await this.#current?.catch(() => undefined)
    await client?.end()
  }

  #start(): Promise<pg.Client> {
    const attempt = this.#connect()
    this.#current = attempt
    attempt.catch(() => {
      // The first attempt is the caller's to repeat.
      if (this.#current === attempt) this.#current = undefined
    })
    return attempt
  }

  async #connect(): Promise<pg.Client> {
    const { connection, processId, subscriptions } = this.#options
    const client = new pg.Client({
      ...connection,
      connectionTimeoutMillis: ANSWER_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
    })
    client.on('notification', ({ channel, payload }) => subscriptions.dispatch(channel, payload ?? ''))
    // The failure arrives as the rejection of `connect`, or as `end`; unhandled, this event would end the process.
    client.on('error', () => {})
    try {
      await client.connect()
      await client.query(KEEPALIVE)
      // Shared, so that a former connection of this process that the server has not missed yet is not in the way.
      await client.query('select pg_advisory_lock_shared($1)', [processId])
      for (const channel of subscriptions.channels()) await client.query(`listen "${channel}"`)
    } catch (error) {
      client.end().catch(() => {})
      throw error
    }
    const heartbeat = setInterval(() => {
      client.query('select 1').catch(() => destroy(client))
    }, HEARTBEAT_MS).unref()
    client.once('end', () => {
      clearInterval(heartbeat)
      if (this.#closing.signal.aborted) return
      this.#current = this.#reconnect()
      // Whoever subscribes meanwhile awaits it; where nobody does, closing may end it unseen.
      this.#current.catch(() => {})
    })
    return client
  }

  async #reconnect(): Promise<pg.Client> {
    const { signal } = this.#closing
    const startedAt = performance.now()
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      await sleep(pauseMs, undefined, { signal, ref: false })
      const client = await this.#connect().catch(() => undefined)
      if (!client) continue
      const durationMs = Math.round(performance.now() - startedAt)
      this.#options.log.warn('database.notified', { engine: 'postgres', durationMs })
      this.#options.subscriptions.lost()
      return client
    }
  }
}

/** `end()` would wait for an answer that does not come. */
function destroy(client: pg.Client): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
  connection.stream.destroy()
}
