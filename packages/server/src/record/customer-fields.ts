/**
 * What an app says about a customer, read into the form that is kept (specification 5.5): trimmed, e-mail addresses and phone
 * numbers normalised, empty values left out. A value of another kind than its field takes counts as empty.
 */
import { toE164 } from 'miniapp'
import { CUSTOMER_STATES, type CustomerKeyKind, type CustomerState } from '../db/record-schema.ts'
import { MAX_TAGS_OF_ONE } from '../tag/hold-tags.ts'
import { tagName } from '../tag/tag-name.ts'

/** Characters of a code, here and of records: what one key of an index holds whatever the script. */
export const MAX_CODE_CHARACTERS = 500
/** Characters: RFC 5321 4.5.3.1, local part and domain. */
const MAX_EMAIL_CHARACTERS = 320
/** Characters of any other text of a profile. */
const MAX_TEXT_CHARACTERS = 10_000
const EMAIL = /^[^\s@]+@[^\s@]+$/
const CALENDAR_DATE = /^\d{4}-\d{2}-\d{2}(?=$|T)/

export interface CustomerValues {
  state?: CustomerState
  firstName?: string
  lastName?: string
  primaryEmail?: string
  primaryPhone?: string
  avatar?: string
  sex?: number
  /** `YYYY-MM-DD`, as it was said: no time zone moves it. */
  birthDate?: string
  position?: string
  department?: string
}

export interface CustomerKey {
  kind: CustomerKeyKind
  value: string
  /** Of a code; otherwise empty. */
  ns: string
}

export interface ReadCustomer {
  values: CustomerValues
  /** Names, as the app has them. */
  tags: string[]
  /** The strongest first. */
  keys: CustomerKey[]
}

const READ_FIELD = {
  state: readState,
  firstName: readText,
  lastName: readText,
  primaryEmail: readEmail,
  primaryPhone: readPhone,
  avatar: readText,
  sex: readInteger,
  birthDate: readDate,
  position: readText,
  department: readText,
} as const satisfies {
  [Field in keyof CustomerValues]-?: (value: unknown) => CustomerValues[Field] | undefined
}

const FIELDS = Object.keys(READ_FIELD) as (keyof CustomerValues)[]

/** @param fields as mapped; names that are no field of a customer are passed over */
export function readCustomer(ns: string, fields: Readonly<Record<string, unknown>>): ReadCustomer {
  const entries = FIELDS.map((field) => [field, READ_FIELD[field](fields[field])] as const)
  const values: CustomerValues = Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  return { values, tags: readTags(fields['tags']), keys: keysOf(ns, readCode(fields['code']), values) }
}

/** Codes are compared as strings, numbers by their digits (specification 6.6). Undefined where there is none that can be kept. */
export function readCode(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return digitsOf(value)
  const text = typeof value === 'string' ? value.trim() : ''
  return text === '' || text.length > MAX_CODE_CHARACTERS ? undefined : text
}

export function readEmail(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const email = value.trim().normalize('NFC').toLowerCase()
  return EMAIL.test(email) && email.length <= MAX_EMAIL_CHARACTERS ? email : undefined
}

/** E.164, or the digits alone of a number without its country. */
export function readPhone(value: unknown): string | undefined {
  const text = typeof value === 'number' ? digitsOf(value) : value
  return typeof text === 'string' ? toE164(text) : undefined
}

function keysOf(
  ns: string,
  code: string | undefined,
  { primaryEmail, primaryPhone }: CustomerValues,
): CustomerKey[] {
  const keys: CustomerKey[] = []
  if (code !== undefined) keys.push({ kind: 'code', value: code, ns })
  if (primaryEmail !== undefined) keys.push({ kind: 'email', value: primaryEmail, ns: '' })
  if (primaryPhone !== undefined) keys.push({ kind: 'phone', value: primaryPhone, ns: '' })
  return keys
}

function digitsOf(value: number | bigint): string | undefined {
  return Number.isInteger(value) ? BigInt(value).toString() : String(value)
}

function readState(value: unknown): CustomerState | undefined {
  return CUSTOMER_STATES.find((state) => state === value)
}

export function readText(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : ''
  return text === '' ? undefined : text.slice(0, MAX_TEXT_CHARACTERS)
}

export function readInteger(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return Number.isSafeInteger(number) ? (number as number) : undefined
}

export function readDate(value: unknown): string | undefined {
  const text = value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value
  const date = typeof text === 'string' ? CALENDAR_DATE.exec(text.trim())?.[0] : undefined
  return date !== undefined && !Number.isNaN(Date.parse(date)) ? date : undefined
}

function readTags(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : []
  const names = list.flatMap((tag) => tagName(readText(tag) ?? '') || [])
  return [...new Set(names)].slice(0, MAX_TAGS_OF_ONE)
}
