/** What the answer of a token endpoint says besides the tokens (specification 3.5; RFC 6749, 5.1). */
import { numberFromText } from '../expression/json.ts'
import { type Rec, readOwn, setOwn } from '../expression/own.ts'

/** Milliseconds: from 10^11 on a number is a time in milliseconds, below it in seconds (specification 2.4, `toDate`). */
const FIRST_MILLISECONDS = 1e11

/** Milliseconds: what expires later than in 100 years does not expire. */
const LONGEST_LIFETIME_MS = 100 * 365 * 86_400_000

/**
 * When the tokens of an answer expire: at `expiresAt` (ISO 8601, epoch seconds or milliseconds), else `expiresIn`
 * seconds from now; both may be numeric text.
 *
 * @param now milliseconds since the epoch
 * @returns milliseconds since the epoch; `undefined` where the answer does not say, or nothing that makes sense
 */
export function expiryOf(outputs: Rec, now: number): number | undefined {
  const expiry = timeOf(readOwn(outputs, 'expiresAt')) ?? after(readOwn(outputs, 'expiresIn'), now)
  if (expiry === undefined || expiry < 0 || expiry > now + LONGEST_LIFETIME_MS) return undefined
  return expiry
}

/** A time that no number is meant to be: `2026` is a year to `Date.parse`. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}/

function timeOf(value: unknown): number | undefined {
  const number = finiteNumber(value)
  if (number !== undefined) return Math.round(number < FIRST_MILLISECONDS ? number * 1000 : number)
  if (typeof value !== 'string' || !ISO_TIME.test(value.trim())) return undefined
  const time = Date.parse(value.trim())
  return Number.isNaN(time) ? undefined : time
}

function after(seconds: unknown, now: number): number | undefined {
  const number = finiteNumber(seconds)
  return number === undefined ? undefined : Math.round(now + Math.max(0, number) * 1000)
}

function finiteNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' ? numberFromText(value.trim()) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** Whether an output says nothing: missing, `null` or empty. */
export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

/** The credentials after a refresh: what the answer leaves out, or gives as `null` or `""`, keeps its old value. */
export function mergeRefreshed(credentials: Rec, outputs: Rec): Rec {
  const merged = { ...credentials }
  for (const [key, value] of Object.entries(outputs)) {
    if (!isEmpty(value)) setOwn(merged, key, value)
  }
  return merged
}
