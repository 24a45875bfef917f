import type { TransformName } from '../schema/mapping.ts'
import { toIsoDate, zoneOffset } from './date.ts'
import { numberFromText } from './json.ts'
import { MAX_SCALE, minorToMajor } from './money.ts'
import { isObject, readOwn } from './own.ts'
import { compilePath } from './path.ts'
import { isPhoneCountry, toE164 } from './phone.ts'
import { textOf } from './template.ts'

/** What a transform gives instead of a value that it cannot take. `expected` ends the sentence "it takes …". */
export class Refusal {
  readonly expected: string
  constructor(expected: string) {
    this.expected = expected
  }
}

/** The properties of a rule (specification 2.4) that transforms look at. */
export interface TransformSettings {
  separator?: string
  field?: string
  scale?: number
  timezone?: string
  country?: string
  /** The value comes from a path that can select several nodes, or from `paths`. */
  multiple?: boolean
}

export type ApplyTransform = (value: unknown) => unknown

interface Transform {
  /** Is applied to a missing value and to `null` too; the others leave these as they are. */
  readonly toMissing: boolean
  /** @throws TypeError, with a message for the author, where a setting makes no sense. */
  compile(settings: TransformSettings): ApplyTransform
}

/** `compute` and `mapItems` need the rules around them and are part of the rule compiler. */
type ValueTransformName = Exclude<TransformName, 'compute' | 'mapItems'>

const DEFAULT_SEPARATOR = ','
const DEFAULT_SCALE = 2

/** Every transform that works on a value alone (specification 2.4). */
export const TRANSFORMS = {
  toString: onValue(() => toText),
  toNumber: onValue(() => (value) => toNumber(value) ?? new Refusal('a number or text of that form')),
  toNumberOrNull: { toMissing: true, compile: () => (value) => toNumber(value) ?? null },
  toBoolean: onValue(() => toBoolean),
  toDate: onValue(compileToDate),
  trim: onText((text) => text.trim()),
  lower: onText((text) => text.toLowerCase()),
  upper: onText((text) => text.toUpperCase()),
  coalesce: { toMissing: true, compile: ({ multiple }) => (multiple ? firstFilled : filled) },
  joinCodes: onValue(compileJoinCodes),
  first: onValue(() => (value) => (Array.isArray(value) ? value[0] : new Refusal('an array'))),
  join: onValue(compileJoin),
  split: onText((text, { separator }) => (text === '' ? [] : text.split(separator ?? DEFAULT_SEPARATOR))),
  minorToMajor: onValue(compileMinorToMajor),
  phone: onText(
    (text, { country }) => toE164(text, country?.toUpperCase()) ?? new Refusal('a phone number'),
    checkCountry,
  ),
} as const satisfies Record<ValueTransformName, Transform>

function onValue(compile: Transform['compile']): Transform {
  return { toMissing: false, compile }
}

/** Numbers and booleans count as their text. */
function onText(
  apply: (text: string, settings: TransformSettings) => unknown,
  check: (settings: TransformSettings) => void = () => {},
): Transform {
  return onValue((settings) => {
    check(settings)
    return (value) => (typeof value === 'object' ? new Refusal('text') : apply(String(value), settings))
  })
}

function toText(value: unknown): unknown {
  try {
    return textOf(value)
  } catch {
    return new Refusal('a value that is not nested so deeply')
  }
}

function toNumber(value: unknown): number | string | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' ? numberFromText(value) : undefined
}

const BOOLEANS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [true, true],
  [1, true],
  ['true', true],
  ['1', true],
  ['on', true],
  ['yes', true],
  [false, false],
  [0, false],
  ['false', false],
  ['0', false],
  ['off', false],
  ['no', false],
])

function toBoolean(value: unknown): unknown {
  const known = BOOLEANS.get(typeof value === 'string' ? value.trim().toLowerCase() : value)
  return known ?? new Refusal('true or false, 1 or 0, on or off, yes or no')
}

function compileToDate({ timezone }: TransformSettings): ApplyTransform {
  const zone = timezone === undefined ? undefined : zoneOffset(timezone)
  if (timezone !== undefined && zone === undefined)
    throw new TypeError(`"${timezone}" is no time zone such as "Asia/Riyadh"`)
  const refusal = new Refusal('a date in ISO 8601 or an epoch time')
  return (value) =>
    typeof value === 'string' || typeof value === 'number' ? (toIsoDate(value, zone) ?? refusal) : refusal
}

function isFilled(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

/** The value itself, or nothing where it is `null` or `""`. */
function filled(value: unknown): unknown {
  return isFilled(value) ? value : undefined
}

function firstFilled(value: unknown): unknown {
  return Array.isArray(value) ? value.find(isFilled) : filled(value)
}

/** Looked at in this order where the rule names no `field`. */
const CODE_FIELDS = ['code', 'coupon_code', 'id'] as const

function compileJoinCodes({ field, separator = DEFAULT_SEPARATOR }: TransformSettings): ApplyTransform {
  const path = field === undefined ? undefined : compilePath(field)
  const codeOf = (element: unknown): unknown => {
    if (!isObject(element)) return element
    return path ? path.read(element) : CODE_FIELDS.map((name) => readOwn(element, name)).find(isFilled)
  }
  return (value) =>
    joinTexts(value, separator, codeOf) ?? new Refusal('an array of codes or of objects with a code')
}

function compileJoin({ separator = DEFAULT_SEPARATOR }: TransformSettings): ApplyTransform {
  return (value) =>
    joinTexts(value, separator, (element) => element) ?? new Refusal('an array of texts and numbers')
}

/** `undefined` where it is no array or an element has no text; missing and empty elements are left out. */
function joinTexts(
  value: unknown,
  separator: string,
  read: (element: unknown) => unknown,
): string | undefined {
  if (!Array.isArray(value)) return undefined
  const texts = value.map(read).filter(isFilled)
  return texts.some((text) => typeof text === 'object') ? undefined : texts.join(separator)
}

function compileMinorToMajor({ scale = DEFAULT_SCALE }: TransformSettings): ApplyTransform {
  if (!Number.isInteger(scale) || scale < 0 || scale > MAX_SCALE) {
    throw new TypeError(`"scale" is a whole number from 0 to ${MAX_SCALE}`)
  }
  return (value) => minorToMajor(value, scale) ?? new Refusal('a whole number of minor units')
}

function checkCountry({ country }: TransformSettings): void {
  if (country !== undefined && !isPhoneCountry(country.toUpperCase())) {
    throw new TypeError(`"${country}" is no country code such as "SA"`)
  }
}
