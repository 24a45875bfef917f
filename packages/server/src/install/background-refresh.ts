/** Refreshes that no call asks for: idle connections that would lapse, and exchanges that a process left (specification 3.5). */
import { MiniAppError } from 'miniapp'
import type { Context } from '../context.ts'
import { findLiveInstall } from './live-install.ts'
import { isRefreshing, refreshInstall, refreshLeft } from './refresh.ts'
import { type InstallKey, listDueRefreshes, listRunningRefreshes } from './store.ts'

/** How often due connections and left exchanges are looked for: well below the 60 s within which they are to be settled. */
const REFRESH_INTERVAL_MS = 15_000
/** Connections of one look; what is left comes at the next. */
const DUE_PER_LOOK = 200
/** Token endpoints asked at once by one process. */
const AT_ONCE = 8

type InWorkspace = InstallKey & { subdomain: string }

/**
 * One look: refreshes what is due, and settles each exchange whose process has ended. The old token is tried once; a
 * provider that had already rotated it answers that the grant is over, and the workspace is told.
 * @returns how many were settled
 */
export async function refreshInBackground(context: Context, signal?: AbortSignal): Promise<number> {
  const [due, left] = [
    await listDueRefreshes(context.db.sql, { at: new Date(context.now()), limit: DUE_PER_LOOK }),
    await listLeft(context),
  ]
  const work = [
    ...left.map((of) => () => refreshLeft(context, of)),
    ...due.map((of) => () => refreshDue(context, of)),
  ]
  let settled = 0
  const worker = async () => {
    for (let next = work.shift(); next && !signal?.aborted; next = work.shift()) {
      if (await isSettled(context, next)) settled++
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return settled
}

async function refreshDue(context: Context, of: InWorkspace): Promise<void> {
  const live = await findLiveInstall(context, of)
  if (live) await refreshInstall(context, { live, subdomain: of.subdomain, refused: live.bags })
}

/** Exchanges under way whose process has ended, or that this process could not end. */
async function listLeft(context: Context): Promise<(InWorkspace & { attemptId: string })[]> {
  const running = await listRunningRefreshes(context.db.sql)
  const mine = await context.db.processId()
  const left: (InWorkspace & { attemptId: string })[] = []
  for (const { workspaceId, ns, subdomain, attemptId, processId } of running) {
    const key = { workspaceId, ns, subdomain, attemptId }
    const isLeft =
      processId === mine ? !isRefreshing(context, key) : !(await context.db.isProcessAlive(processId))
    if (isLeft) left.push(key)
  }
  return left
}

/** Failures of a connection are logged and stored where they happen. */
async function isSettled(context: Context, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (!(error instanceof MiniAppError))
      context.log.error('install.refreshed', { status: 'INTERNAL_ERROR', error })
    return false
  }
}

/**
 * Looks at once, then every {@link REFRESH_INTERVAL_MS}.
 * @returns a function that ends it, waiting for exchanges under way
 */
export function startBackgroundRefresh(context: Context): () => Promise<void> {
  const ending = new AbortController()
  const turn = async () => {
    try {
      await refreshInBackground(context, ending.signal)
    } catch (error) {
      if (!ending.signal.aborted) context.log.error('install.refreshed', { status: 'INTERNAL_ERROR', error })
    }
  }
  let last = turn()
  const timer = setInterval(() => {
    last = last.then(turn)
  }, REFRESH_INTERVAL_MS)
  timer.unref()
  return () => {
    clearInterval(timer)
    ending.abort()
    return last
  }
}
