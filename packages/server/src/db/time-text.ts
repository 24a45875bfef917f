let last = { ms: 0, text: new Date(0).toISOString() }

/**
 * A time as PostgreSQL reads it. The driver writes a `Date` in local time, which takes several times as long; and what is
 * written together comes in few different milliseconds.
 *
 * @param ms since the epoch
 */
export function timeText(ms: number): string {
  if (ms !== last.ms) last = { ms, text: new Date(ms).toISOString() }
  return last.text
}

/** As a statement is to get it. */
export function parameterOf(value: unknown): unknown {
  return value instanceof Date ? timeText(value.getTime()) : value
}
