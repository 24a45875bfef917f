import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { createGroupCommit } from '../db/group-commit.ts'
import { type ActionRun, insertRuns } from './store.ts'

/** Rows of one INSERT; thirteen parameters each stay far below the protocol's 65 535. */
const RUNS_PER_COMMIT = 500
/** One commit is being flushed while the next one fills. */
const COMMITS_IN_FLIGHT = 2

const recorderOf = perContext((context: Context) =>
  createGroupCommit<ActionRun>((runs) => insertRuns(context.db, runs), {
    maxItems: RUNS_PER_COMMIT,
    inFlight: COMMITS_IN_FLIGHT,
  }),
)

/** Resolves once the run record is committed; runs that end together share a commit. */
export function recordRun(context: Context, run: ActionRun): Promise<void> {
  return recorderOf(context)(run)
}
