import { toIsoDate } from '../expression/date.ts'
import { numberFromText } from '../expression/json.ts'
import { decimalText } from '../expression/money.ts'
import { toE164 } from '../expression/phone.ts'
import { Refusal } from '../expression/transform.ts'
import type { FieldKind } from './record-fields.ts'

/** Characters of a code: those of real providers stay below 100, and it leads an index. */
export const MAX_CODE_CHARACTERS = 255
/** RFC 5321: the longest address that a mail server takes. */
const MAX_EMAIL_CHARACTERS = 254
/** Not more than it takes to find customers by it: whether it can be reached is known by sending alone. */
const EMAIL = /^[^\s@,;<>"]+@[^\s@,;<>"]+$/
const STATES: readonly unknown[] = ['visitor', 'lead', 'customer']
const DAY_CHARACTERS = 'YYYY-MM-DD'.length

/**
 * A value in the form in which its field is stored; `undefined` where it is empty; a {@link Refusal} where it is nothing of
 * the kind. `null` stays: it clears the field.
 */
export function readField(kind: Exclude<FieldKind, 'items'>, value: unknown): unknown {
  return value === null || value === undefined ? value : READERS[kind](value)
}

/** Kinds without which a record would be wrong: it is refused. Of the others only the field is left out. */
export const ESSENTIAL_KINDS: ReadonlySet<FieldKind> = new Set(['code', 'money', 'time', 'items'])

const READERS = {
  any: (value) => value,
  code: readCode,
  money: (value) =>
    value === '' ? undefined : (decimalText(value) ?? new Refusal('a number or a decimal text')),
  number: readNumber,
  time: readTime,
  day: (value) => {
    const time = readTime(value)
    return typeof time === 'string' ? dayOf(value, time) : time
  },
  email: readEmail,
  phone: (value) =>
    value === '' ? undefined : (isScalar(value) && toE164(String(value))) || new Refusal('a phone number'),
  state: (value) =>
    value === '' || STATES.includes(value) ? value || undefined : new Refusal('visitor, lead or customer'),
} satisfies Record<Exclude<FieldKind, 'items'>, (value: unknown) => unknown>

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

function readCode(value: unknown): unknown {
  if (!isScalar(value)) return new Refusal('text or a number')
  const text = typeof value === 'number' ? (decimalText(value) ?? '') : value.trim()
  if (text.length > MAX_CODE_CHARACTERS) return new Refusal(`at most ${MAX_CODE_CHARACTERS} characters`)
  return text === '' ? undefined : text
}

function readNumber(value: unknown): unknown {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return new Refusal('a number')
  return value.trim() === '' ? undefined : (numberFromText(value.trim()) ?? new Refusal('a number'))
}

function readTime(value: unknown): unknown {
  if (value === '') return undefined
  return (
    (isScalar(value) ? toIsoDate(value) : undefined) ?? new Refusal('a date in ISO 8601 or an epoch time')
  )
}

/** A date stays the day that it names, also where its time has another one in UTC. */
function dayOf(value: unknown, time: string): string {
  const text = String(value).trim()
  return /^\d{4}-\d{2}-\d{2}/.test(text) ? text.slice(0, DAY_CHARACTERS) : time.slice(0, DAY_CHARACTERS)
}

function readEmail(value: unknown): unknown {
  if (typeof value !== 'string') return new Refusal('an e-mail address')
  const text = value.trim().toLowerCase()
  if (text === '') return undefined
  return text.length <= MAX_EMAIL_CHARACTERS && EMAIL.test(text) ? text : new Refusal('an e-mail address')
}
