import { randomUUID } from 'node:crypto'

/** 12 bits of counter beside the 48 of time. */
const COUNTER_LIMIT = 0x1000
/** Half of the counter, so that a millisecond has room for as many ids again before it overflows. */
const COUNTER_START_LIMIT = 0x800
/** A clock that went back by more than this was set; ids follow it instead of staying ahead for long. */
const CLOCK_SET_BACK_MS = 10_000

let lastMs = 0
let counter = 0
/** Those of {@link lastMs}, as an id begins. */
let timeDigits = digitsOf(lastMs)

/**
 * A UUID version 7 (RFC 9562, 5.7 with the counter of 6.2 method 1): ordered by time, and strictly increasing within
 * this process, also when the clock stands still or goes back a little.
 *
 * @param now milliseconds since the epoch
 */
export function uuidv7(now: number = Date.now()): string {
  if (now > lastMs || now < lastMs - CLOCK_SET_BACK_MS) {
    lastMs = now
    timeDigits = digitsOf(lastMs)
    counter = Math.floor(Math.random() * COUNTER_START_LIMIT)
  } else if (++counter === COUNTER_LIMIT) {
    lastMs += 1
    timeDigits = digitsOf(lastMs)
    counter = 0
  }
  // From the variant on, a random UUID has the bits that version 7 needs.
  return `${timeDigits}-7${counter.toString(16).padStart(3, '0')}${randomUUID().slice(18)}`
}

function digitsOf(ms: number): string {
  const digits = ms.toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}`
}

/** When an id of {@link uuidv7} was made: the key of its row in a table partitioned by time. */
export function uuidTime(id: string): Date {
  return new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16))
}
