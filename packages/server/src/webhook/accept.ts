import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { isPartitionMissing } from '../db/error.ts'
import { createGroupCommit } from '../db/group-commit.ts'
import { addPartitions } from '../db/partition.ts'
import { announceEvent } from './announce.ts'
import { insertEvents, type NewEvent } from './store.ts'
import { wake } from './wake.ts'

/** Rows of one statement: more make those who wait for it wait longer, and save little. */
const EVENTS_PER_COMMIT = 500
/** Bodies of one statement together: the embedded database has 1 GiB of memory at most. */
const BYTES_PER_COMMIT = 16 * 1024 * 1024
/** One commit is being flushed while the next one fills. */
const COMMITS_IN_FLIGHT = 2
/** Bodies that wait for a commit together. More: the store does not keep up, and the provider shall come again. */
export const MAX_WAITING_BYTES = 256 * 1024 * 1024

/** What became of a delivery. `busy`: it was not stored. */
export type Acceptance = 'kept' | 'duplicate' | 'busy'

/** A delivery that is to be kept. */
export type AcceptedEvent = Omit<NewEvent, 'again'>

interface Waiting {
  event: AcceptedEvent
  outcome: Acceptance
}

const intakeOf = perContext((context: Context) => ({
  waitingBytes: 0,
  commit: createGroupCommit<Waiting>(
    (waiting) => write(context, waiting),
    { maxItems: EVENTS_PER_COMMIT, inFlight: COMMITS_IN_FLIGHT, maxWeight: BYTES_PER_COMMIT },
    ({ event }) => event.body.byteLength,
  ),
}))

/**
 * Stores a delivery, unless it was stored before: of any number of identical ones, whatever process they reach, one is
 * kept. Resolves after the commit; deliveries that come together share one.
 *
 * @throws the error of the database; the delivery may have been stored if the connection was lost under way
 */
export async function acceptEvent(context: Context, event: AcceptedEvent): Promise<Acceptance> {
  const intake = intakeOf(context)
  const bytes = event.body.byteLength
  if (intake.waitingBytes + bytes > MAX_WAITING_BYTES) return 'busy'
  intake.waitingBytes += bytes
  try {
    const waiting: Waiting = { event, outcome: 'duplicate' }
    await intake.commit(waiting)
    return waiting.outcome
  } finally {
    intake.waitingBytes -= bytes
  }
}

async function write(context: Context, waiting: readonly Waiting[]): Promise<void> {
  const first = new Map<string, NewEvent>()
  for (const { event } of waiting) {
    const name = nameOf(event)
    const known = first.get(name)
    if (known === undefined) first.set(name, { ...event, again: 0 })
    else known.again += 1
  }
  const events = [...first.values()]
  const kept = await insertEvents(context.db, events).catch(async (error) => {
    if (!isPartitionMissing(error)) throw error
    await addPartitions(
      context.db,
      events.map(({ createdAt }) => createdAt.getTime()),
    )
    return insertEvents(context.db, events)
  })
  if (kept.size > 0) wake(context)
  for (const event of events) if (kept.has(event.id)) announceEvent(context, event)
  for (const one of waiting) one.outcome = kept.has(one.event.id) ? 'kept' : 'duplicate'
}

/** Equal for deliveries that are the same. */
function nameOf({ workspaceId, ns, event = '', transactionId, id }: AcceptedEvent): string {
  // Neither of the first two holds a blank, and the length says where the event ends.
  return transactionId === undefined ? id : `${workspaceId} ${ns} ${event.length} ${event} ${transactionId}`
}
