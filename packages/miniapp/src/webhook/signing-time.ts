import { toIsoDate } from '../expression/date.ts'
import { type Refused, refused } from './verdict.ts'

/** Seconds: long enough for clocks that differ and queues that stall, as Slack, Stripe and Standard Webhooks have it. */
export const DEFAULT_TOLERANCE_SECONDS = 300

/**
 * Whether a time of signing lies too far from now; epoch seconds, milliseconds and ISO 8601 are understood (specification
 * 5.2). `undefined` where it is near enough.
 *
 * @param now milliseconds since the epoch
 */
export function refuseTime(
  text: string,
  { now, toleranceSeconds }: { now: number; toleranceSeconds: number },
): Refused | undefined {
  const iso = toIsoDate(text)
  if (iso === undefined)
    return refused('timestamp-malformed', 'The time of signing is neither an epoch time nor ISO 8601.')
  const seconds = Math.round((now - Date.parse(iso)) / 1000)
  if (Math.abs(now - Date.parse(iso)) <= toleranceSeconds * 1000) return undefined
  const distance = seconds < 0 ? `${-seconds} seconds in the future` : `${seconds} seconds ago`
  return refused(
    'timestamp-out-of-tolerance',
    `The delivery was signed ${distance}, and at most ${toleranceSeconds} are allowed: it is replayed, or a clock is wrong.`,
  )
}

/** How providers write the time: whole seconds since the epoch. */
export function epochSeconds(now: number): string {
  return String(Math.floor(now / 1000))
}
