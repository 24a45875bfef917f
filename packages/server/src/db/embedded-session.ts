import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { LEAN_FLAGS } from './embedded-memory.ts'
import type { FromWorker, ToWorker, WorkerData } from './embedded-worker.ts'
import { DatabaseUnavailableError } from './error.ts'

/** Recovery from a large log, on a slow machine. */
const OPEN_TIMEOUT_MS = 120_000
/** After a failed write PostgreSQL answers with an error at once, or never. */
const STORAGE_ERROR_GRACE_MS = 2_000
/** A vacuum of one big table holds up everything behind it. */
const HOUSEKEEPING_LIMIT_MS = 600_000
const CLOSE_TIMEOUT_MS = 10_000
const LONGEST_CHECK_INTERVAL_MS = 500

const WORKER = new URL('./embedded-worker.ts', import.meta.url)

type Handlers = { [Type in FromWorker['type']]: (message: Extract<FromWorker, { type: Type }>) => void }

interface Pending {
  resolve(bytes: Uint8Array): void
  reject(error: DatabaseUnavailableError): void
  postedAt: number
}

/**
 * One run of the worker, from being ready until it is closed or lost: a request is not answered in time, or the thread
 * fails. Whatever was in flight is then rejected.
 */
export class EmbeddedSession {
  readonly #worker: Worker
  readonly #queryTimeoutMs: number
  readonly #pending = new Map<number, Pending>()
  readonly #watchdog: NodeJS.Timeout
  readonly #closed = Promise.withResolvers<void>()
  readonly #lost = Promise.withResolvers<DatabaseUnavailableError>()
  #nextId = 0
  #limitMs: number
  #suspectedId: number | undefined
  #storageError: string | undefined
  #ended = false

  /** @throws DatabaseUnavailableError with PostgreSQL's reason */
  static async open(directory: string, queryTimeoutMs: number): Promise<EmbeddedSession> {
    const worker = await startWorker({ directory })
    return new EmbeddedSession(worker, queryTimeoutMs)
  }

  private constructor(worker: Worker, queryTimeoutMs: number) {
    this.#worker = worker
    this.#queryTimeoutMs = queryTimeoutMs
    this.#limitMs = queryTimeoutMs
    worker.on('message', (message: FromWorker) => this.#handlers[message.type](message as never))
    worker.on('error', (error) => this.#lose('failed', error))
    worker.on('exit', () => this.#lose('ended'))
    this.#watchdog = setInterval(
      () => this.#check(),
      Math.min(LONGEST_CHECK_INTERVAL_MS, queryTimeoutMs / 4),
    ).unref()
  }

  /** Resolves when this session has been lost. */
  get lost(): Promise<DatabaseUnavailableError> {
    return this.#lost.promise
  }

  /** Ends the thread of a lost session; once that has happened, its files are closed and another can open them. */
  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  /**
   * Sends messages of PostgreSQL's wire protocol; resolves with the bytes of the answer.
   * @param bytes handed over to the other thread with the whole buffer behind them
   */
  request(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    if (this.#ended) {
      return Promise.reject(new DatabaseUnavailableError('The embedded database is being opened again.'))
    }
    return new Promise((resolve, reject) => {
      const id = this.#nextId++
      this.#pending.set(id, { resolve, reject, postedAt: performance.now() })
      this.#worker.postMessage({ type: 'request', id, bytes } satisfies ToWorker, [bytes.buffer])
    })
  }

  /** Undoes what a client left behind: its transaction, settings, subscriptions. */
  reset(): void {
    if (!this.#ended) this.#post({ type: 'reset' })
  }

  /** Waits for what is in flight, writes a checkpoint and ends the thread. */
  async close(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    clearInterval(this.#watchdog)
    this.#post({ type: 'close' })
    const timeout = new AbortController()
    await Promise.race([
      this.#closed.promise,
      sleep(CLOSE_TIMEOUT_MS, undefined, { signal: timeout.signal }).catch(() => {}),
    ])
    timeout.abort()
    await this.#worker.terminate()
  }

  readonly #handlers = {
    answer: ({ id, bytes }) => {
      this.#pending.get(id)?.resolve(bytes)
      this.#pending.delete(id)
      this.#storageError = undefined
      this.#limitMs = this.#queryTimeoutMs
    },
    failed: ({ message }) => this.#lose(`failed (${message})`),
    'storage-error': ({ operation, code }) => {
      this.#storageError = `${code} during ${operation}`
      this.#limitMs = Math.min(this.#queryTimeoutMs, STORAGE_ERROR_GRACE_MS)
    },
    housekeeping: ({ active }) => {
      this.#limitMs = active ? HOUSEKEEPING_LIMIT_MS : this.#queryTimeoutMs
    },
    closed: () => this.#closed.resolve(),
    ready: () => {},
  } satisfies Handlers

  #post(message: ToWorker): void {
    this.#worker.postMessage(message)
  }

  /** An overdue request counts at the second look: its answer may be waiting behind a long pause of this thread. */
  #check(): void {
    const [oldest] = this.#pending
    const overdueId = oldest && performance.now() - oldest[1].postedAt > this.#limitMs ? oldest[0] : undefined
    if (overdueId !== undefined && overdueId === this.#suspectedId) {
      this.#lose(
        this.#storageError === undefined
          ? `did not answer for ${this.#limitMs} ms`
          : `stopped after an error of the storage (${this.#storageError})`,
      )
    }
    this.#suspectedId = overdueId
  }

  #lose(what: string, cause?: unknown): void {
    this.#closed.resolve()
    if (this.#ended) return
    this.#ended = true
    clearInterval(this.#watchdog)
    const error = new DatabaseUnavailableError(
      `The embedded database ${what} and is being opened again. Work in flight may or may not have been stored.`,
      { cause },
    )
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
    this.#lost.resolve(error)
  }
}

/** @returns a worker that is ready */
async function startWorker(data: WorkerData): Promise<Worker> {
  for (const flag of LEAN_FLAGS) setFlagsFromString(flag)
  const worker = new Worker(WORKER, { workerData: data })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onMessage = (message: FromWorker) => {
    if (message.type === 'ready') resolve()
  }
  const onExit = () => reject(new Error('Its thread ended.'))
  worker.on('message', onMessage).on('error', reject).on('exit', onExit)
  const timer = setTimeout(() => {
    reject(new Error(`It was not ready after ${OPEN_TIMEOUT_MS} ms.`))
  }, OPEN_TIMEOUT_MS)
  try {
    await promise
    return worker
  } catch (error) {
    await worker.terminate()
    const reason = error instanceof Error ? error.message : String(error)
    throw new DatabaseUnavailableError(`The embedded database could not be opened. ${reason}`, {
      cause: error,
    })
  } finally {
    clearTimeout(timer)
    worker.off('message', onMessage).off('error', reject).off('exit', onExit)
  }
}
