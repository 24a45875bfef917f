/** What a person says about a customer (10b section 4.1): read, and put into the profile. Pure. */
import { isDeepStrictEqual } from 'node:util'
import { CUSTOMER_STATES } from '../db/record-schema.ts'
import { storable } from '../db/text.ts'
import { ApiError } from '../errors.ts'
import { MAX_TAGS_OF_ONE } from '../tag/hold-tags.ts'
import {
  MAX_CODE_CHARACTERS,
  readCode,
  readDate,
  readEmail,
  readInteger,
  readPhone,
  readText,
} from './customer-fields.ts'
import { COLUMNS, type Profile } from './merge-customer.ts'
import type { CustomerChange } from './plan-customers.ts'

/** The fields that are said, in the form in which they are kept; null clears. */
export type CustomerEdit = Readonly<Record<string, unknown>>

/** E-mail addresses, or numbers, of one customer besides the primary one: each is a key by which it is found. */
export const MAX_FURTHER = 50

type Read = (value: unknown) => unknown

const text: Read = readText
const anything: Read = (value) => value

/** Each reads a value that is not empty; undefined where it is none of its kind. */
const FIELDS: Readonly<Record<string, { read: Read; is: string }>> = {
  state: {
    read: (value) => CUSTOMER_STATES.find((state) => state === value),
    is: `one of ${CUSTOMER_STATES.join(', ')}`,
  },
  firstName: { read: text, is: 'a text' },
  lastName: { read: text, is: 'a text' },
  primaryEmail: { read: readEmail, is: 'an e-mail address' },
  primaryPhone: { read: readPhone, is: 'a phone number' },
  emails: { read: listOf(readEmail), is: `a list of at most ${MAX_FURTHER} e-mail addresses` },
  phones: { read: listOf(readPhone), is: `a list of at most ${MAX_FURTHER} phone numbers` },
  code: { read: readCode, is: `a text of 1 to ${MAX_CODE_CHARACTERS} characters` },
  tagIds: { read: listOf(readText, MAX_TAGS_OF_ONE), is: `a list of at most ${MAX_TAGS_OF_ONE} ids of tags` },
  avatar: { read: text, is: 'a text' },
  sex: { read: readInteger, is: 'a whole number' },
  birthDate: { read: readDate, is: 'a date' },
  position: { read: text, is: 'a text' },
  department: { read: text, is: 'a text' },
  description: { read: text, is: 'a text' },
  ownerId: { read: text, is: 'a text' },
  leadStatus: { read: text, is: 'a text' },
  isSubscribed: { read: readYesNo, is: 'Yes or No' },
  emailValidationStatus: { read: text, is: 'a text' },
  phoneValidationStatus: { read: text, is: 'a text' },
  links: { read: anything, is: 'any value' },
  primaryAddress: { read: anything, is: 'any value' },
  addresses: { read: anything, is: 'any value' },
  customFieldsData: { read: anything, is: 'any value' },
}

/**
 * @param fields by the published names; undefined: not said; null, or an empty text: cleared
 * @throws ApiError BAD_USER_INPUT for a field that there is not, or a value that is none
 */
export function readEdit(fields: Readonly<Record<string, unknown>>): CustomerEdit {
  const said = Object.entries(fields).filter(([, value]) => value !== undefined)
  if (said.length === 0) throw new ApiError('BAD_USER_INPUT', 'Nothing is said: name at least one field.')
  return Object.fromEntries(said.map(([field, value]) => [field, readField(field, storable(value).value)]))
}

function readField(field: string, value: unknown): unknown {
  const known = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined
  if (known === undefined) {
    throw new ApiError(
      'BAD_USER_INPUT',
      `A customer has no field ${JSON.stringify(field)} that can be set; there are ${Object.keys(FIELDS).join(', ')}.`,
    )
  }
  const isEmpty = value === null || (typeof value === 'string' && value.trim() === '')
  if (isEmpty && field !== 'state') return null
  const read = known.read(value)
  if (read === undefined) throw new ApiError('BAD_USER_INPUT', `${field} must be ${known.is}.`)
  return read
}

function listOf(read: (value: unknown) => string | undefined, most = MAX_FURTHER): Read {
  return (value) => {
    if (!Array.isArray(value) || value.length > most) return undefined
    const items = value.map(read)
    return items.includes(undefined) ? undefined : [...new Set(items)]
  }
}

/** As texts, which the published field is, or as booleans, which its inputs elsewhere are. */
function readYesNo(value: unknown): string | undefined {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  return value === 'Yes' || value === 'No' ? value : undefined
}

/** By what the time of a field is kept, where that is not its published name: apps say the names of tags. */
const TIMED_AS: Readonly<Record<string, string>> = { tagIds: 'tags' }

/** @returns the profile with what is said; every field that is said has the time */
export function editProfile(profile: Profile, edit: CustomerEdit, now: Date): Profile {
  const isColumn = (field: string) => COLUMNS.some((column) => column === field)
  const entries = Object.entries(edit)
  const others = entries.filter(([field]) => !isColumn(field) && field !== 'tagIds')
  const data = Object.fromEntries(
    Object.entries({ ...profile.data, ...Object.fromEntries(others) }).filter(([, value]) => value !== null),
  )
  return {
    ...profile,
    ...Object.fromEntries(entries.filter(([field]) => isColumn(field))),
    data,
    tagIds: edit['tagIds'] === undefined ? profile.tagIds : ((edit['tagIds'] ?? []) as string[]),
    fieldTimes: {
      ...profile.fieldTimes,
      ...Object.fromEntries(entries.map(([field]) => [TIMED_AS[field] ?? field, now.getTime()])),
    },
  }
}

/** What a person said makes of a customer; undefined: of a new one. */
export function changeOf(before: Profile | undefined, profile: Profile, now: Date): CustomerChange {
  const tagsBefore = before?.tagIds ?? []
  if (before !== undefined && sameContent(before, profile))
    return { effect: 'unchanged', profile, tagsBefore }
  const changed = { ...profile, version: profile.version + 1, updatedAt: now }
  return { effect: before === undefined ? 'created' : 'updated', profile: changed, tagsBefore }
}

/** Whether two profiles of a customer differ in what can be seen. */
function sameContent(one: Profile, other: Profile): boolean {
  const seen = ({ fieldTimes: _, version: __, updatedAt: ___, ...fields }: Profile) => fields
  return isDeepStrictEqual(seen(one), seen(other))
}
