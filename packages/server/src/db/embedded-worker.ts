/**
 * The thread that PGlite runs in. It speaks PostgreSQL's wire protocol as bytes: requests in, answers out, in order.
 * Errors of PostgreSQL are part of the bytes, so nothing of them is lost on the way between threads.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { checkpointWhenDue, vacuumNext } from './embedded-housekeeping.ts'
import { openPglite } from './embedded-pglite.ts'

export interface WorkerData {
  /** Of the cluster, which exists. */
  directory: string
}

export type ToWorker =
  | { type: 'request'; id: number; bytes: Uint8Array }
  /** The client is gone: what it left open is undone before the next one comes. */
  | { type: 'reset' }
  | { type: 'close' }

export type FromWorker =
  | { type: 'ready' }
  | { type: 'answer'; id: number; bytes: Uint8Array }
  /** PostgreSQL has stopped; nothing more is answered. */
  | { type: 'failed'; message: string }
  | { type: 'storage-error'; operation: string; code: string }
  /** Housekeeping holds up the answers from `active: true` to `active: false`. */
  | { type: 'housekeeping'; active: boolean }
  | { type: 'closed' }

const HOUSEKEEPING_INTERVAL_MS = 10_000
/** A checkpoint may be due every time, a vacuum once a minute. */
const VACUUM_EVERY_ROUNDS = 6

function post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer)
}

async function serve(directory: string): Promise<void> {
  const pglite = await openPglite(directory, {
    onStorageError: (failure) => post({ type: 'storage-error', ...failure }),
  })

  async function answer(id: number, request: Uint8Array): Promise<void> {
    const chunks: Uint8Array<ArrayBuffer>[] = []
    try {
      await pglite.execProtocolRawStream(request, {
        syncToFs: false,
        // The bytes are a view of the engine's memory, which the next message overwrites.
        onRawData: (bytes) => chunks.push(new Uint8Array(bytes)),
      })
    } catch (error) {
      post({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
      return
    }
    // One chunk owns its memory already and can be handed over as it is.
    const bytes = chunks[0] && chunks.length === 1 ? chunks[0] : new Uint8Array(Buffer.concat(chunks))
    if (expectsReady(request) && !endsReady(bytes)) post({ type: 'failed', message: stopReason(bytes) })
    else post({ type: 'answer', id, bytes }, [bytes.buffer])
  }

  let rounds = 0
  let isHousekeepingDue = false
  /** Between two statements of a transaction neither a checkpoint nor a vacuum can run: then after its end. */
  async function keepHouseWhenDue(): Promise<void> {
    if (!isHousekeepingDue || pglite.isInTransaction()) return
    isHousekeepingDue = false
    rounds += 1
    post({ type: 'housekeeping', active: true })
    await checkpointWhenDue(pglite)
    if (rounds % VACUUM_EVERY_ROUNDS === 0) await vacuumNext(pglite)
    post({ type: 'housekeeping', active: false })
  }

  // One thing at a time, in the order of arrival.
  let last: Promise<void> = Promise.resolve()
  const enqueue = (task: () => Promise<void>) => {
    last = last.then(task)
  }
  const timer = setInterval(() => {
    isHousekeepingDue = true
    enqueue(keepHouseWhenDue)
  }, HOUSEKEEPING_INTERVAL_MS)
  const handlers = {
    async request({ id, bytes }) {
      await answer(id, bytes)
      await keepHouseWhenDue()
    },
    async reset() {
      if (pglite.isInTransaction()) await pglite.exec('rollback')
      await pglite.exec('discard all')
    },
    async close() {
      clearInterval(timer)
      await pglite.close()
      post({ type: 'closed' })
    },
  } satisfies { [Type in ToWorker['type']]: (message: Extract<ToWorker, { type: Type }>) => Promise<void> }
  parentPort?.on('message', (message: ToWorker) => enqueue(() => handlers[message.type](message as never)))
  post({ type: 'ready' })
}

const byte = (letter: string) => letter.charCodeAt(0)
const SYNC_MESSAGE = Buffer.of(byte('S'), 0, 0, 0, 4)
const READY_MESSAGE_START = Buffer.of(byte('Z'), 0, 0, 0, 5)

/** A start-up packet (no type byte, its length begins with 0), a simple query, or an extended one with its Sync. */
function expectsReady(request: Uint8Array): boolean {
  return (
    request[0] === 0 ||
    request[0] === byte('Q') ||
    SYNC_MESSAGE.equals(request.subarray(-SYNC_MESSAGE.length))
  )
}

/** ReadyForQuery, the last message of every complete answer, is 6 bytes; without it PostgreSQL stopped (FATAL, PANIC). */
function endsReady(answer: Uint8Array): boolean {
  return READY_MESSAGE_START.equals(answer.subarray(-6, -1))
}

/** The message field of the last ErrorResponse. */
function stopReason(answer: Uint8Array): string {
  const message = /.*\0M([^\0]+)/s.exec(Buffer.from(answer).toString('utf8'))?.[1]
  return message ?? 'PostgreSQL stopped'
}

const { directory } = workerData as WorkerData
await serve(directory)
