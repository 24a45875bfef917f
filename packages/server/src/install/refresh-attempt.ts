/** What an exchange of a refresh token leaves behind: its end, and how long nobody tries again. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Transaction } from 'kysely'
import { type ErrorCode, type ErrorDetails, MiniAppError } from 'miniapp'
import type { Context } from '../context.ts'
import { isRetryable } from '../db/error.ts'
import type { RefreshAttemptOutcome, Schema } from '../db/schema.ts'
import { storable } from '../db/text.ts'
import { endRefresh, type InstallKey, type RefreshAttempt } from './store.ts'

/** Milliseconds after a failure that may pass, doubled with each in a row up to the longest. */
const FIRST_PAUSE_MS = 2_000
const LONGEST_PAUSE_MS = 60_000
/** Milliseconds after a refusal that trying again will hardly change, such as a client that is not known: four an hour. */
const REFUSED_PAUSE_MS = 15 * 60_000

/** What came from the provider and cannot be had again is stored however long the database is away, in milliseconds. */
const STORE_PATIENCE_MS = 10 * 60_000
const STORE_LONGEST_PAUSE_MS = 5_000

export interface Attempt {
  live: { install: InstallKey }
  attemptId: string
  /** Failures in a row before this attempt. */
  failures: number
}

export type Ending = { outcome: RefreshAttemptOutcome; error?: MiniAppError }

/** Ends an attempt in a transaction of others. */
export async function endAttemptWithin(
  context: Context,
  executor: Transaction<Schema> | Context['db']['sql'],
  { attempt, ending: { outcome, error } }: { attempt: Attempt; ending: Ending },
): Promise<void> {
  const { workspaceId, ns } = attempt.live.install
  const failures = outcome === 'failed' ? attempt.failures + 1 : 0
  const pause = outcome === 'failed' && error ? pauseAfter(error, failures) : undefined
  const now = context.now()
  await endRefresh(
    executor,
    { workspaceId, ns, attemptId: attempt.attemptId },
    {
      endedAt: new Date(now),
      outcome,
      failures,
      notBefore: pause === undefined ? null : new Date(now + pause),
      error: error ? JSON.stringify(storable(describe(error)).value) : null,
    },
  )
}

export function endAttempt(context: Context, attempt: Attempt, ending: Ending): Promise<void> {
  return storedAtLast(() => endAttemptWithin(context, context.db.sql, { attempt, ending }))
}

function pauseAfter(error: MiniAppError, failures: number): number {
  if (!error.retryable) return REFUSED_PAUSE_MS
  const asked = error.details.retryAfterMs ?? 0
  return Math.max(
    Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS),
    Math.min(asked, REFUSED_PAUSE_MS),
  )
}

function describe({ code, message, retryable, path, details }: MiniAppError) {
  return { code, message, retryable, details, ...(path !== undefined && { path }) }
}

/** The error of an attempt that failed, for whoever waited for it or may not try again yet. */
export function failureOf({ error, notBefore }: RefreshAttempt): MiniAppError {
  const { code, message, retryable, details, path } = (error ?? {}) as Partial<ReturnType<typeof describe>>
  return new MiniAppError(
    (code ?? 'EXTERNAL_API_ERROR') as ErrorCode,
    message ?? 'The access token could not be refreshed.',
    {
      retryable: retryable ?? true,
      details: { ...(details as ErrorDetails), ...(notBefore && { notBefore: notBefore.toISOString() }) },
      ...(path !== undefined && { path }),
    },
  )
}

/** Repeats what must not be given up because the database is away for a while. */
export async function storedAtLast<T>(store: () => Promise<T>): Promise<T> {
  const startedAt = performance.now()
  for (let pause = 100; ; pause = Math.min(pause * 2, STORE_LONGEST_PAUSE_MS)) {
    try {
      return await store()
    } catch (error) {
      if (!isRetryable(error) || performance.now() - startedAt > STORE_PATIENCE_MS) throw error
    }
    await sleep(pause)
  }
}
