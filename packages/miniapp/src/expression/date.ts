/** Numbers from here on are milliseconds: as seconds it would be the year 5138, as milliseconds it is 1973. */
const FIRST_MILLISECONDS = 1e11

/** Fewest digits of a text that is read as an epoch time (seconds since 1973); shorter ones may be years or codes. */
const MIN_EPOCH_DIGITS = 9

const EPOCH_TEXT = /^-?(\d+)(?:\.\d+)?$/
const ISO =
  /^(\d{4})(-?)(\d{2})\2(\d{2})(?:[Tt ](\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?\s?([Zz]|[+-]\d{2}(?::?\d{2})?)?)?$/
const OFFSET = /^([+-])(\d{2}):?(\d{2})?$/

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** Milliseconds that the local time of a zone is ahead of UTC at an instant. */
export type ZoneOffset = (instant: number) => number

/**
 * A zone by its IANA name (`Asia/Riyadh`) or offset (`+03:00`); `undefined` where there is no such zone.
 * Costs an `Intl.DateTimeFormat`, so it is made once per rule.
 */
export function zoneOffset(timezone: string): ZoneOffset | undefined {
  const fixed = OFFSET.exec(timezone)
  if (fixed) {
    const offset = offsetMs(timezone)
    return () => offset
  }
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    return (instant) => localTime(format, instant) - Math.floor(instant / 1000) * 1000
  } catch {
    return undefined
  }
}

function localTime(format: Intl.DateTimeFormat, instant: number): number {
  const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, value]))
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type))
  const year = parts.get('era') === 'BC' ? 1 - part('year') : part('year')
  return utc({
    year,
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  })
}

interface Clock {
  year: number
  /** From 1. */
  month: number
  day: number
  hour: number
  minute: number
  second: number
}

const MIDNIGHT = { hour: 0, minute: 0, second: 0 } as const

/** `Date.UTC` without its reading of the years 0 to 99 as 1900 to 1999. */
function utc({ year, month, day, hour, minute, second }: Clock): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  return date.getTime()
}

/**
 * The instant of an ISO 8601 date or time, or of an epoch time in seconds or milliseconds (numbers, or texts of nine digits
 * and more, fractions allowed), as ISO 8601 in UTC with milliseconds. A time without zone is in `zone`, by default UTC;
 * one that a change of clocks skips or repeats is read with the offset before the change. `undefined` where it is none.
 */
export function toIsoDate(value: string | number, zone: ZoneOffset = () => 0): string | undefined {
  const instant = typeof value === 'number' ? epochMs(value) : (epochText(value) ?? isoMs(value.trim(), zone))
  if (instant === undefined) return undefined
  const date = new Date(instant)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

function epochMs(value: number): number {
  return Math.trunc(Math.abs(value) >= FIRST_MILLISECONDS ? value : value * 1000)
}

function epochText(text: string): number | undefined {
  const digits = EPOCH_TEXT.exec(text.trim())?.[1]
  return digits !== undefined && digits.length >= MIN_EPOCH_DIGITS ? epochMs(Number(text)) : undefined
}

function isoMs(text: string, zone: ZoneOffset): number | undefined {
  const found = ISO.exec(text)
  if (found === null) return undefined
  const clock: Clock = {
    year: Number(found[1]),
    month: Number(found[3]),
    day: Number(found[4]),
    hour: Number(found[5] ?? 0),
    minute: Number(found[6] ?? 0),
    second: Number(found[7] ?? 0),
  }
  if (!isRealTime(clock)) return undefined
  const local = utc(clock)
  const milliseconds = Number((found[8] ?? '').padEnd(3, '0').slice(0, 3))
  const offset = found[9]
  return milliseconds + (offset === undefined ? fromLocal(local, zone) : local - offsetMs(offset))
}

/** Refuses the 30th of February and 25 o'clock; 24:00:00 is the end of the day, a 60th second the next minute. */
function isRealTime({ year, month, day, hour, minute, second }: Clock): boolean {
  if (month < 1 || month > 12 || day < 1) return false
  if (new Date(utc({ ...MIDNIGHT, year, month, day })).getUTCDate() !== day) return false
  return (hour < 24 || (hour === 24 && minute === 0 && second === 0)) && minute < 60 && second <= 60
}

function offsetMs(offset: string): number {
  const [, sign, hours, minutes] = OFFSET.exec(offset) ?? []
  const ms = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * MINUTE_MS
  return sign === '-' ? -ms : ms
}

/** Both offsets around a change of clocks are tried; neither fits a skipped time, which is read with the earlier one. */
function fromLocal(local: number, zone: ZoneOffset): number {
  const before = zone(local - DAY_MS)
  const after = zone(local + DAY_MS)
  const isBefore = zone(local - before) === before
  return isBefore || zone(local - after) !== after ? local - before : local - after
}
