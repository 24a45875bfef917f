/**
 * A sliding window across all processes (specification 4.4): of any `windowMs`, at most `limit` slots are taken.
 *
 * Small limits are exact: every slot is taken in the database when it is used. Of a limit of 60 or more each process
 * takes blocks ({@link LEASES_PER_LIMIT} of them make the limit), so that the hot path asks the database once a block; a
 * block counts from the moment it was taken, so a window may see up to one block a process more than the limit.
 */
import { BoundedCache } from '../cache.ts'
import type { Database } from '../db/client.ts'
import { ApiError } from '../errors.ts'
import { removeIdle, takeSlots } from './store.ts'

/** Blocks are this share of a limit: large enough to spare queries, small enough that one process cannot hoard. */
const LEASES_PER_LIMIT = 30
/** Milliseconds. Rows untouched for so long are outside every window and removed by {@link RateLimit.prune}. */
export const LONGEST_WINDOW_MS = 60 * 60_000
/** Windows remembered in a process (blocks at hand, refusals): forgetting one costs a query or its unused block. */
const REMEMBERED_WINDOWS = 20_000
const PRUNED_AT_ONCE = 1_000

export interface Slot {
  workspaceId: string
  /** What is limited, for example `action:person:{id}:github`. */
  key: string
  /** Slots in a window; at least 1. Whoever asks with a smaller one than others of the same key leaves them the rest. */
  limit: number
  /** At most an hour. */
  windowMs: number
}

export type Taken =
  | { ok: true }
  /** `retryAfterMs`: when the next slot is freed. Others may be waiting for it too. */
  | { ok: false; retryAfterMs: number }

export interface RateLimit {
  /**
   * At once where this process knows the answer. Rejects with `SERVICE_UNAVAILABLE` where the database cannot be asked: what
   * cannot be counted is not let through.
   * @throws RangeError for a slot that makes no sense
   */
  take(slot: Slot): Promise<Taken> | Taken
  /** Removes rows that no window needs. @returns how many */
  prune(): Promise<number>
}

interface Waiter {
  resolve(taken: Taken): void
  reject(error: unknown): void
}

/** What this process knows of one window. */
interface Window {
  /** Slots taken and not yet used, good until `leasedUntil`. */
  leased: number
  leasedUntil: number
  /** No slot is freed before. */
  refusedUntil: number
  waiting: Waiter[]
  asking: boolean
}

/** @param options.now milliseconds since the epoch; the clocks of all processes should agree well within a window */
export function createRateLimit({ db, now }: { db: Database; now: () => number }): RateLimit {
  const windows = new BoundedCache<Window>(REMEMBERED_WINDOWS)

  /** Everybody who waits when the statement is sent shares it; who comes later, the next. */
  async function ask(window: Window, slot: Slot): Promise<void> {
    window.asking = true
    while (window.waiting.length > 0) {
      const asking = window.waiting.splice(0)
      const want = Math.min(slot.limit, Math.max(asking.length, blockOf(slot.limit)))
      const askedAt = now()
      try {
        const { granted, oldest } = await takeSlots(db, { ...slot, want, now: askedAt })
        window.leased = Math.max(0, granted - asking.length)
        window.leasedUntil = askedAt + slot.windowMs
        for (const waiter of asking.splice(0, granted)) waiter.resolve({ ok: true })
        if (granted < want) window.refusedUntil = (oldest ?? askedAt) + slot.windowMs
        for (const waiter of asking) waiter.resolve(refusal(window))
      } catch (cause) {
        const message = 'The rate limit could not be checked, so nothing was done. Try again in a moment.'
        const error = new ApiError('SERVICE_UNAVAILABLE', message, { cause })
        for (const waiter of asking) waiter.reject(error)
      }
      // Those who came meanwhile: from the block at hand, or by the refusal, without another question.
      for (const waiter of window.waiting.splice(0)) {
        const known = fromMemory(window, slot.windowMs)
        if (known) waiter.resolve(known)
        else window.waiting.push(waiter)
      }
    }
    window.asking = false
  }

  const refusal = (window: Window): Taken => ({
    ok: false,
    retryAfterMs: Math.max(1, window.refusedUntil - now()),
  })

  function fromMemory(window: Window, windowMs: number): Taken | undefined {
    const time = now()
    // Nothing lasts longer than a window, unless the clock has been set back since.
    const lasts = (until: number) => time < until && until - time <= windowMs
    if (window.leased > 0 && lasts(window.leasedUntil)) {
      window.leased--
      return { ok: true }
    }
    return lasts(window.refusedUntil) ? refusal(window) : undefined
  }

  return {
    take(slot) {
      checkSlot(slot)
      const { workspaceId, key, limit, windowMs } = slot
      // The key comes last: nothing in it can be taken for one of the others.
      const name = `${workspaceId}/${limit}/${windowMs}/${key}`
      let window = windows.get(name)
      if (window === undefined) {
        window = { leased: 0, leasedUntil: 0, refusedUntil: 0, waiting: [], asking: false }
        windows.set(name, window)
      }
      const known = window.waiting.length === 0 ? fromMemory(window, windowMs) : undefined
      if (known) return known
      return askLater(window, slot, ask)
    },
    async prune() {
      const before = new Date(now() - LONGEST_WINDOW_MS)
      let removed = 0
      let batch: number
      do {
        batch = await removeIdle(db, before, PRUNED_AT_ONCE)
        removed += batch
      } while (batch === PRUNED_AT_ONCE)
      return removed
    },
  }
}

/** Waits for the end of the current turn, so that calls made together ask together. */
function askLater(
  window: Window,
  slot: Slot,
  ask: (window: Window, slot: Slot) => Promise<void>,
): Promise<Taken> {
  return new Promise((resolve, reject) => {
    window.waiting.push({ resolve, reject })
    if (window.asking) return
    window.asking = true
    queueMicrotask(() => void ask(window, slot))
  })
}

const blockOf = (limit: number) => Math.max(1, Math.floor(limit / LEASES_PER_LIMIT))

function checkSlot({ limit, windowMs }: Slot): void {
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new RangeError(`limit must be at least 1, not ${limit}`)
  if (!(windowMs > 0 && windowMs <= LONGEST_WINDOW_MS)) {
    throw new RangeError(`windowMs must be from 1 to ${LONGEST_WINDOW_MS}, not ${windowMs}`)
  }
}
