/**
 * Whose turn it is to exchange a refresh token (specification 3.5). A row that says so is committed before the exchange is
 * sent, so that of all processes one sends it; the others wait for what it stores, however long the token endpoint takes.
 * The turn of a process that ended passes to the next one.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bags, MiniAppError, sameTokens } from 'miniapp'
import type { Context } from '../context.ts'
import { isForeignKeyViolation } from '../db/error.ts'
import { uuidv7 } from '../db/uuid.ts'
import { findEnded } from '../jobs/ended-processes.ts'
import { type LiveInstall, openInstall } from './live-install.ts'
import { endAttempt, failureOf } from './refresh-attempt.ts'
import { claimRefresh, findInstall, findRefresh, type RefreshAttempt, type StoredInstall } from './store.ts'

/** Milliseconds between two looks at another process's exchange: at first, doubled up to the longest. */
const FIRST_LOOK_MS = 25
const LONGEST_LOOK_MS = 400

export interface MyTurn {
  kind: 'mine'
  /** As read after the turn was taken. */
  live: LiveInstall
  attemptId: string
  /** Failures in a row before this attempt. */
  failures: number
}

export type Turn =
  | MyTurn
  /** Other tokens than the refused ones are stored. */
  | { kind: 'stored'; live: LiveInstall }
  /** The exchange that was waited for failed, or the last one has and it is too early for another. */
  | { kind: 'failed'; error: MiniAppError }
  /** Nothing is connected any more, or another account. */
  | { kind: 'gone' }

export interface TurnRequest {
  /** Tokens that are of no use; absent: a person asks, whatever is stored and whatever failed before. */
  refused?: Bags
  /** Of an attempt that was left: this turn or none. */
  left?: string
}

/**
 * Waits until the tokens have been refreshed by somebody else, or it is this caller's turn. One caller of a process and
 * install at a time.

 */
export async function takeTurn(
  context: Context,
  before: StoredInstall,
  { refused, left }: TurnRequest,
): Promise<Turn> {
  let awaited: string | undefined
  for (let look = FIRST_LOOK_MS; ; look = Math.min(look * 2, LONGEST_LOOK_MS)) {
    const live = await readAgain(context, before)
    if (!live) return { kind: 'gone' }
    const settled = refused && settledBy(live, refused)
    if (settled) return settled
    const last = await findRefresh(context.db.sql, before)
    const isRunning = last !== undefined && last.endedAt === null
    // Callers may have joined: they see that these are the tokens they have, and take turns of their own.
    if (left !== undefined && !(isRunning && last.attemptId === left)) return { kind: 'stored', live }
    if (last && !isRunning) {
      const ended = afterEnd(context, { last, live, awaited, asked: !refused })
      if (ended) return ended
    }
    if (isRunning && !(await isLeft(context, last))) {
      awaited = last.attemptId
      await sleep(look)
      continue
    }
    const mine = await claim(context, live, isRunning ? last.attemptId : undefined)
    if (mine) return confirmed(context, mine, refused)
  }
}

async function readAgain(context: Context, before: StoredInstall): Promise<LiveInstall | undefined> {
  const install = await findInstall(context.db.sql, before)
  if (!install?.credentials || install.state === 'suspended') return undefined
  if (install.id !== before.id || install.uid !== before.uid) return undefined
  return openInstall(context, install)
}

function settledBy(live: LiveInstall, refused: Bags): Turn | undefined {
  if (live.install.errorCode === 'AUTH_EXPIRED') return { kind: 'failed', error: expired(live.install) }
  if (sameTokens(live.compiled.auth, refused.credentials, live.bags.credentials)) return undefined
  return { kind: 'stored', live }
}

function expired({ ns, lastConnectError }: StoredInstall): MiniAppError {
  return new MiniAppError(
    'AUTH_EXPIRED',
    lastConnectError?.message ??
      `The provider no longer accepts the connection of "${ns}". Connect it again.`,
  )
}

/** What the end of the last exchange means for a caller that waited for it, or that comes after it. */
function afterEnd(
  context: Context,
  {
    last,
    live,
    awaited,
    asked,
  }: { last: RefreshAttempt; live: LiveInstall; awaited?: string | undefined; asked: boolean },
): Turn | undefined {
  const waited = awaited === last.attemptId
  if (waited && last.outcome === 'refreshed' && asked) return { kind: 'stored', live }
  if (waited && last.outcome === 'impossible') return { kind: 'gone' }
  if (waited && last.error) return { kind: 'failed', error: failureOf(last) }
  const isTooEarly = last.notBefore !== null && context.now() < last.notBefore.getTime()
  return !asked && isTooEarly ? { kind: 'failed', error: failureOf(last) } : undefined
}

/** Whether the process that was at the exchange ended before it did, or could not say that it failed. */
async function isLeft(context: Context, { processId, attemptId, ...key }: RefreshAttempt): Promise<boolean> {
  // Within a process there is one flight for each install, and that is the caller.
  if (processId === (await context.db.processId())) return true
  const ended = await findEnded(context.db, [processId])
  if (ended.length === 0 || context.db.engine === 'embedded') return ended.length > 0
  // It may have ended its exchange before it ended itself.
  const now = await findRefresh(context.db.sql, key)
  return now?.attemptId === attemptId && now.endedAt === null
}

async function claim(
  context: Context,
  live: LiveInstall,
  instead: string | undefined,
): Promise<MyTurn | undefined> {
  const { workspaceId, ns } = live.install
  const attemptId = uuidv7(context.now())
  try {
    const claimed = await claimRefresh(context.db.sql, {
      workspaceId,
      ns,
      attemptId,
      processId: await context.db.processId(),
      startedAt: new Date(context.now()),
      ...(instead !== undefined && { instead }),
    })
    return claimed && { kind: 'mine', live, attemptId, failures: claimed.failures }
  } catch (error) {
    // The app was uninstalled at this moment; the next look says so.
    if (isForeignKeyViolation(error)) return undefined
    throw error
  }
}

/** Whoever committed between the look and the claim is seen now; the turn is given up then. */
async function confirmed(context: Context, mine: MyTurn, refused: Bags | undefined): Promise<Turn> {
  const live = await readAgain(context, mine.live.install)
  const settled: Turn | undefined = live ? refused && settledBy(live, refused) : { kind: 'gone' }
  if (live && !settled) return { ...mine, live }
  const turn = settled ?? { kind: 'gone' }
  await endAttempt(context, mine, { outcome: OUTCOME_OF[turn.kind as keyof typeof OUTCOME_OF] })
  return turn
}

const OUTCOME_OF = { stored: 'refreshed', failed: 'ended', gone: 'impossible' } as const
