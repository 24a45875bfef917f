/** Processes what was accepted, in every process that does background work (specification 5.5). */
import { BoundedCache, perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { NIL_UUID } from '../db/uuid.ts'
import { endUndoing } from '../install/undo-beside.ts'
import { startLoop } from '../jobs/background-loop.ts'
import { inParallel } from '../jobs/in-parallel.ts'
import { startFreeing } from '../jobs/left-claims.ts'
import { freeLeftEvents, leave } from './left-events.ts'
import { processEvents } from './process-together.ts'
import { claimEvents, listDueWorkspaces } from './store.ts'
import { Turns } from './turns.ts'
import { sleeperOf, watchDue } from './wake.ts'

/** How often a process looks that nobody wakes: for what is to be tried again. */
const LOOK_INTERVAL_MS = 1_000
/** After a failure of the database. */
const LOOK_AFTER_FAILURE_MS = 5_000
/** Workspaces of one look; the next goes on behind them. */
const WORKSPACES_PER_LOOK = 500
/** Events of one workspace in a row, then it is the turn of the others: more of those that take little time. */
const EVENTS_PER_TURN = { min: 12, max: 200 } as const
/** What a turn is to take. */
const TURN_MS = 200
/** Each takes up to three connections; what is left of the ten is for those who wait for an answer. */
const TURNS_AT_ONCE = 2
const WORKSPACES_KEPT = 5_000
/**
 * A process that has not settled an event by then has ended, or is stopped; most that ended are known before
 * (`left-events.ts`). Far beyond the longest attempt.
 */
export const CLAIM_MS = 2 * 60_000

interface RoundOptions {
  signal?: AbortSignal
  /** Runs the turn of a workspace, or lets it wait; default: runs it. */
  take?(workspaceId: string, turn: () => Promise<number>): Promise<number>
}

/**
 * One round: each workspace with something due has one turn, the only one two at once.
 * @returns how many events were attempted
 */
export async function processDue(
  context: Context,
  { signal, take = (_workspaceId, turn) => turn() }: RoundOptions = {},
): Promise<number> {
  let attempted = 0
  let after = NIL_UUID
  for (;;) {
    const now = new Date(context.now())
    const workspaces = await listDueWorkspaces(context.db, { now, after, limit: WORKSPACES_PER_LOOK })
    after = workspaces.at(-1) ?? after
    const full = workspaces.length === WORKSPACES_PER_LOOK
    // One that is alone takes its turns in all lanes.
    const [alone] = workspaces.length === 1 ? workspaces : []
    const turns = alone === undefined ? workspaces : new Array<string>(TURNS_AT_ONCE).fill(alone)
    await inParallel(turns, TURNS_AT_ONCE, async (workspaceId) => {
      if (signal?.aborted) return
      const taken = await take(workspaceId, () => takeTurn(context, workspaceId))
      attempted += taken
    })
    if (!full || signal?.aborted) return attempted
  }
}

/** Events of the next turn, by workspace, where that is no longer the least. */
const turnsOf = perContext((_context: Context) => new BoundedCache<number>(WORKSPACES_KEPT))

async function takeTurn(context: Context, workspaceId: string): Promise<number> {
  const now = context.now()
  const turns = turnsOf(context)
  const limit = turns.get(workspaceId) ?? EVENTS_PER_TURN.min
  const until = new Date(now + CLAIM_MS)
  // While the connection that says that this process lives is being made again, it takes nothing.
  const holder = await context.db.processId()
  const claimed = await claimEvents(context.db, { workspaceId, now: new Date(now), until, holder, limit })
  try {
    await processEvents(context, claimed)
  } catch (error) {
    leave(context, { workspaceId, holder, ids: claimed.map(({ id }) => id), until })
    throw error
  }
  if (claimed.length === limit) turns.set(workspaceId, nextTurn(limit, context.now() - now))
  return claimed.length
}

function nextTurn(limit: number, tookMs: number): number {
  const fitting = Math.round((limit * TURN_MS) / Math.max(tookMs, 1))
  const { min, max } = EVENTS_PER_TURN
  return Math.min(Math.max(fitting, min), limit * 2, max)
}

/** @returns a function that ends it, waiting for events under way */
export async function startProcessing(context: Context): Promise<() => Promise<void>> {
  const sleeper = sleeperOf(context)
  const turns = new Turns({ now: context.now, onFreed: () => sleeper.wake() })
  const stopWatching = await watchDue(context)
  const endLoop = startLoop({
    sleeper,
    lookIntervalMs: LOOK_INTERVAL_MS,
    lookAfterFailureMs: LOOK_AFTER_FAILURE_MS,
    round: (signal) =>
      processDue(context, { signal, take: (workspaceId, turn) => turns.take(workspaceId, turn) }),
    onFailure: (error) => context.log.error('webhook.processed', { error }),
  })
  const endFreeing = startFreeing(
    (signal) => freeLeftEvents(context, signal),
    (error) => context.log.error('webhook.processed', { error }),
  )
  return async () => {
    await Promise.all([endLoop(), endFreeing(), stopWatching()])
    await turns.end()
    await endUndoing(context)
  }
}
