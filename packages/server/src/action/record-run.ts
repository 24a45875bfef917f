import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { isPartitionMissing } from '../db/error.ts'
import { GroupCommit } from '../db/group-commit.ts'
import { addPartitions } from '../db/partition.ts'
import { type ActionRun, insertRuns } from './store.ts'

/** Rows of one INSERT; thirteen parameters each stay far below the protocol's 65 535. */
const RUNS_PER_COMMIT = 500
/** One commit is being flushed while the next one fills. */
const COMMITS_IN_FLIGHT = 2

const recorderOf = perContext(
  (context: Context) =>
    new GroupCommit<ActionRun>((runs) => storeRuns(context, runs), {
      maxItems: RUNS_PER_COMMIT,
      inFlight: COMMITS_IN_FLIGHT,
    }),
)

async function storeRuns({ db }: Context, runs: readonly ActionRun[]): Promise<void> {
  try {
    await insertRuns(db, runs)
  } catch (error) {
    if (!isPartitionMissing(error)) throw error
    await addPartitions(
      db,
      runs.map(({ createdAt }) => createdAt.getTime()),
    )
    await insertRuns(db, runs)
  }
}

/** Resolves once the run record is committed; runs that end together share a commit. */
export function recordRun(context: Context, run: ActionRun): Promise<unknown> {
  return recorderOf(context).commit(run)
}
