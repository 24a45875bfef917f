import { randomBytes } from 'node:crypto'

/** 12 bits of counter beside the 48 of time. */
const COUNTER_LIMIT = 0x1000
/** Half of the counter, so that a millisecond has room for as many ids again before it overflows. */
const COUNTER_START_LIMIT = 0x800
/** A clock that went back by more than this was set; ids follow it instead of staying ahead for long. */
const CLOCK_SET_BACK_MS = 10_000

/** Bits that are random besides those of the counter's start: 62, drawn as 64. */
const RANDOM_BYTES = 8
const RANDOM_DIGITS = 2 * RANDOM_BYTES
/** For so many ids they are drawn at once: each draw costs as much as an id. */
const IDS_DRAWN = 128
/** RFC 9562, 4.1: the first of the random digits, by its two low bits. */
const VARIANT_DIGITS = '89ab'

let lastMs = 0
let counter = 0
/** Those of {@link lastMs}, as an id begins. */
let timeDigits = digitsOf(lastMs)

/** The nil UUID (RFC 9562, 5.9): below every other in the order of ids, and nobody's. */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000'

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
  return `${timeDigits}-7${counter.toString(16).padStart(3, '0')}-${randomPart()}`
}

let drawn = ''
let drawnAt = 0

/** As an id ends, from the variant on. */
function randomPart(): string {
  if (drawnAt === drawn.length) {
    drawn = randomBytes(IDS_DRAWN * RANDOM_BYTES).toString('hex')
    drawnAt = 0
  }
  const from = drawnAt
  drawnAt += RANDOM_DIGITS
  const variant = VARIANT_DIGITS[Number.parseInt(drawn[from] as string, 16) % VARIANT_DIGITS.length]
  return `${variant}${drawn.slice(from + 1, from + 4)}-${drawn.slice(from + 4, drawnAt)}`
}

function digitsOf(ms: number): string {
  const digits = ms.toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}`
}

/** When an id of {@link uuidv7} was made: the key of its row in a table partitioned by time. */
export function uuidTime(id: string): Date {
  if (id.startsWith(timeDigits)) return new Date(lastMs)
  return new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16))
}
