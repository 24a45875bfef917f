/** How fast a provider may be asked. Pure. */
export interface Pace {
  requests: number
  /** Milliseconds. */
  perMs: number
}

/** Of a limit, this share is kept for calls that somebody waits for. */
const RESERVED_SHARE = 0.2
/** More than a few at once nobody waits for, however large the limit is. */
const MAX_RESERVED = 10

/** Milliseconds by which two requests may come closer at the provider than they were sent. */
const JITTER_MS = 200
const JITTER_SHARE = 0.1
const MAX_JITTER_MS = 2_000
/** From an hour on jitter is lost in the window, which must not become longer than those that are counted. */
const HOUR_MS = 60 * 60_000

/** Windows that providers count in; most say when theirs ends and not how long it is. */
const WINDOWS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 86_400].map(
  (seconds) => seconds * 1000,
)

/** Requests of a window that background work leaves to others; none of a limit so small that it would be left with little. */
export function reservedOf({ requests }: Pace): number {
  return Math.min(Math.floor(requests * RESERVED_SHARE), MAX_RESERVED)
}

/** What is taken of the shared window: `reserved` fewer, over a little longer, since requests do not arrive as they were sent. */
export function withMargin({ requests, perMs }: Pace, reserved: number): Pace {
  const jitter = Math.min(Math.max(perMs * JITTER_SHARE, JITTER_MS), MAX_JITTER_MS)
  return { requests: Math.max(1, requests - reserved), perMs: perMs >= HOUR_MS ? perMs : perMs + jitter }
}

/**
 * The window that `resetMs` milliseconds are the rest of: the shortest usual one that is not shorter, and never shorter
 * than one that was seen for the same limit.
 */
export function windowOf(resetMs: number, before: number): number {
  // Resets are told in whole seconds, so a window of one may say two.
  const told = Math.max(1, resetMs - 999)
  const window = WINDOWS_MS.find((usual) => usual >= told) ?? told
  return Math.max(window, before)
}
