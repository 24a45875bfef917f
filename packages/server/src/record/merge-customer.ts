/** How what an app says changes the profile of a customer (specification 5.5). Pure. */
import type { CustomerState, Source } from '../db/record-schema.ts'
import { MAX_TAGS_OF_ONE } from '../tag/hold-tags.ts'
import type { CustomerKey, CustomerValues, ReadCustomer } from './customer-fields.ts'

/** A customer, without what the database adds. */
export interface Profile {
  id: string
  state: CustomerState
  firstName: string | null
  lastName: string | null
  primaryEmail: string | null
  primaryPhone: string | null
  data: Readonly<Record<string, unknown>>
  /** The latest code of each app. */
  externalCodes: Readonly<Record<string, string>>
  /** In the order of their ids. */
  tagIds: readonly string[]
  /** When the fields that a person has changed were last said: milliseconds since the epoch. */
  fieldTimes: Readonly<Record<string, number>>
  source: Source
  version: number
  createdAt: Date
  updatedAt: Date
}

/** As lists read it: its tags are read by themselves. */
export type ListedCustomer = Omit<Profile, 'tagIds'>

/** Of the profile itself; every other field stands in `data`. */
export const COLUMNS = ['state', 'firstName', 'lastName', 'primaryEmail', 'primaryPhone'] as const

/** Who has no state yet is a customer (specification 5.5, Decision). */
const DEFAULT_STATE: CustomerState = 'customer'

export function emptyProfile(id: string, from: { source: Source; now: Date }): Profile {
  return {
    id,
    state: DEFAULT_STATE,
    firstName: null,
    lastName: null,
    primaryEmail: null,
    primaryPhone: null,
    data: {},
    externalCodes: {},
    tagIds: [],
    fieldTimes: {},
    source: from.source,
    version: 0,
    createdAt: from.now,
    updatedAt: from.now,
  }
}

/** What an app says, whose tags were found. */
export type SaidCustomer = Omit<ReadCustomer, 'tags'> & { tagIds: readonly string[] }

/**
 * What is said replaces what was known; what is not said stays. An address or number that belongs to another customer is
 * left with that one.
 *
 * @param owns whether the profile's customer has the key, or gets it now
 * @returns the same profile where nothing changes
 */
export function mergeCustomer(
  profile: Profile,
  said: SaidCustomer,
  owns: (key: CustomerKey) => boolean,
): Profile {
  if (isKnown(profile, said)) return profile
  const values = withoutForeign(said, owns)
  const codes = said.keys.filter((key) => key.kind === 'code' && owns(key))
  const columns = Object.fromEntries(
    COLUMNS.flatMap((field) => (values[field] === undefined ? [] : [[field, values[field]]])),
  )
  const others = Object.entries(values).filter(([field]) => !isColumn(field))
  // A code that no app gave is the customer's own.
  const own = codes.filter(({ ns }) => ns === '').map(({ value }) => ['code', value])
  const external = codes.filter(({ ns }) => ns !== '').map(({ ns, value }) => [ns, value])
  const merged: Profile = {
    ...profile,
    ...columns,
    data: { ...profile.data, ...Object.fromEntries([...others, ...own]) },
    externalCodes: { ...profile.externalCodes, ...Object.fromEntries(external) },
    tagIds: withTags(profile.tagIds, said.tagIds),
  }
  return sameProfile(profile, merged) ? profile : merged
}

/** Whether the profile says all of it already, as it does of most customers that come again. */
function isKnown(profile: Profile, { values, keys, tagIds }: SaidCustomer): boolean {
  for (const [field, value] of Object.entries(values)) {
    if ((isColumn(field) ? profile[field] : profile.data[field]) !== value) return false
  }
  const { externalCodes, data } = profile
  const isKnownCode = ({ ns, value }: CustomerKey) => (ns === '' ? data['code'] : externalCodes[ns]) === value
  return (
    keys.every((key) => key.kind !== 'code' || isKnownCode(key)) &&
    tagIds.every((id) => profile.tagIds.includes(id))
  )
}

function isColumn(field: string): field is (typeof COLUMNS)[number] {
  return COLUMNS.some((column) => column === field)
}

/** Apps add tags; one that carries as many as it can keeps those. */
function withTags(known: readonly string[], said: readonly string[]): readonly string[] {
  const added = said.filter((id) => !known.includes(id)).slice(0, Math.max(0, MAX_TAGS_OF_ONE - known.length))
  return added.length === 0 ? known : [...known, ...added].sort()
}

function withoutForeign(said: SaidCustomer, owns: (key: CustomerKey) => boolean) {
  const values: CustomerValues = { ...said.values }
  for (const key of said.keys) {
    if (owns(key)) continue
    if (key.kind === 'email') delete values.primaryEmail
    if (key.kind === 'phone') delete values.primaryPhone
  }
  return values
}

/** When an entry said a field: milliseconds since the epoch. */
export type SaidAt = (field: string) => number

/**
 * What is left of an entry where a person has said something newer: an app's older word on a field, whenever it arrives,
 * changes nothing, and its address or number leads to nobody.
 */
export function withoutOlder({ fieldTimes }: Profile, said: SaidCustomer, saidAt: SaidAt): SaidCustomer {
  if (Object.keys(fieldTimes).length === 0) return said
  const isOlder = (field: string) => saidAt(field) < (fieldTimes[field] ?? Number.NEGATIVE_INFINITY)
  const field = ({ kind }: CustomerKey) => (kind === 'email' ? 'primaryEmail' : 'primaryPhone')
  return {
    values: Object.fromEntries(Object.entries(said.values).filter(([name]) => !isOlder(name))),
    tagIds: isOlder('tags') ? [] : said.tagIds,
    keys: said.keys.filter((key) => key.kind === 'code' || !isOlder(field(key))),
  }
}

/** The times of a profile after an entry: those of fields that no person has changed are not kept. */
export function laterTimes({ fieldTimes }: Profile, { values, tagIds }: SaidCustomer, saidAt: SaidAt) {
  const said = [...Object.keys(values), ...(tagIds.length > 0 ? ['tags'] : [])]
  const later = said.filter((field) => saidAt(field) > (fieldTimes[field] ?? Number.POSITIVE_INFINITY))
  return later.length === 0
    ? fieldTimes
    : { ...fieldTimes, ...Object.fromEntries(later.map((field) => [field, saidAt(field)])) }
}

/** All values are flat and merged in the order of the former. */
export function sameProfile(one: Profile, other: Profile): boolean {
  return (
    COLUMNS.every((field) => one[field] === other[field]) &&
    sameEntries(one.data, other.data) &&
    sameEntries(one.externalCodes, other.externalCodes) &&
    one.tagIds.length === other.tagIds.length
  )
}

function sameEntries(
  one: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
): boolean {
  const names = Object.keys(other)
  return names.length === Object.keys(one).length && names.every((name) => one[name] === other[name])
}
