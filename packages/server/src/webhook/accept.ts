import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { isPartitionMissing } from '../db/error.ts'
import { GroupCommit } from '../db/group-commit.ts'
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

/** A delivery that is to be kept, and what became of it. */
interface Waiting {
  event: NewEvent
  outcome: Acceptance
}

const intakeOf = perContext(
  (context: Context) =>
    new GroupCommit<Waiting>(
      (waiting) => write(context, waiting),
      { maxItems: EVENTS_PER_COMMIT, inFlight: COMMITS_IN_FLIGHT, maxWeight: BYTES_PER_COMMIT },
      ({ event }) => event.body.byteLength,
    ),
)

const BUSY: Promise<{ outcome: Acceptance }> = Promise.resolve({ outcome: 'busy' })

/**
 * Stores a delivery, unless it was stored before: of any number of identical ones, whatever process they reach, one is
 * kept. Resolves after the commit; deliveries that come together share one.
 *
 * @throws the error of the database; the delivery may have been stored if the connection was lost under way
 */
export function acceptEvent(context: Context, event: NewEvent): Promise<{ outcome: Acceptance }> {
  const intake = intakeOf(context)
  if (intake.weight + event.body.byteLength > MAX_WAITING_BYTES) return BUSY
  return intake.commit({ event, outcome: 'duplicate' })
}

async function write(context: Context, waiting: readonly Waiting[]): Promise<void> {
  const first = new Map<string, NewEvent>()
  for (const { event } of waiting) {
    const name = nameOf(event)
    const known = first.get(name)
    if (known !== undefined) known.again += 1
    else {
      // Written before, as part of a larger batch that was refused, it was counted with others.
      event.again = 0
      first.set(name, event)
    }
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
  for (const one of waiting) {
    if (!kept.has(one.event.id)) continue
    one.outcome = 'kept'
    announceEvent(context, one.event)
  }
}

/** Equal for deliveries that are the same. */
function nameOf({ workspaceId, ns, event = '', transactionId, id }: NewEvent): string {
  // Neither of the first two holds a blank, and the length says where the event ends.
  return transactionId === undefined ? id : `${workspaceId} ${ns} ${event.length} ${event} ${transactionId}`
}
