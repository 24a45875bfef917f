import type { CompiledAuth } from 'miniapp'

/** Milliseconds before the expiry at which tokens are refreshed, or this share of their lifetime, whichever comes first (3.5). */
const AHEAD_MS = 60_000
const AHEAD_SHARE = 0.1
/** Of a lifetime too short for that: tokens are not refreshed as soon as they are there. */
const LONGEST_SHARE = 0.5

/** The columns of an install that say when its new tokens expire and when they are refreshed ahead of that. */
export function expiryColumns(
  { autoRefresh, refreshToken }: Pick<CompiledAuth, 'autoRefresh' | 'refreshToken'>,
  { expiresAt, now }: { expiresAt: number | undefined; now: number },
): { expiresAt: Date | null; refreshAt: Date | null } {
  if (expiresAt === undefined) return { expiresAt: null, refreshAt: null }
  const isRefreshed = autoRefresh && refreshToken !== undefined
  return {
    expiresAt: new Date(expiresAt),
    refreshAt: isRefreshed ? new Date(refreshTime(expiresAt, now)) : null,
  }
}

function refreshTime(expiresAt: number, now: number): number {
  const lifetime = Math.max(0, expiresAt - now)
  const ahead = Math.min(Math.max(AHEAD_MS, lifetime * AHEAD_SHARE), lifetime * LONGEST_SHARE)
  return Math.round(expiresAt - ahead)
}
