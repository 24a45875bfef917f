/** Delay in seconds, the only digits form (RFC 9110, 10.2.3). */
const DELAY_SECONDS = /^\d{1,9}$/

/**
 * Milliseconds that a response's `Retry-After` asks to wait, `undefined` where there is none or it does not parse.
 * A date in the past is 0.
 *
 * @param now milliseconds since the epoch, for the date form
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const value = headers['retry-after']?.trim()
  if (value === undefined || value === '') return undefined
  if (DELAY_SECONDS.test(value)) return Number(value) * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
