/** Who is meant by each entry of a batch, and what becomes of them. Pure, but for the ids of new customers. */
import type { Source } from '../db/record-schema.ts'
import { uuidv7 } from '../db/uuid.ts'
import type { CustomerKey } from './customer-fields.ts'
import {
  emptyProfile,
  laterTimes,
  mergeCustomer,
  type Profile,
  type SaidCustomer,
  sameProfile,
  withoutOlder,
} from './merge-customer.ts'
import { keyText, type OwnedKey } from './store.ts'

/** `none`: neither code, nor e-mail, nor phone; no customer was made. */
export type CustomerEffect = 'created' | 'updated' | 'unchanged' | 'none'

export interface CustomerOutcome {
  effect: CustomerEffect
  customerId: string | undefined
  /** Values that belong to another customer and were left with that one. */
  conflicts: CustomerKey[]
}

export interface CustomerChange {
  /** `unchanged`: only when something was said. */
  effect: 'created' | 'updated' | 'unchanged'
  profile: Profile
  /** The tags that it carried; none where it is new. */
  tagsBefore: readonly string[]
}

export interface CustomerPlan {
  /** One for each entry. */
  outcomes: CustomerOutcome[]
  /** One for each customer that is new or changes. */
  changes: CustomerChange[]
  newKeys: OwnedKey[]
  /** Those of replaced addresses, numbers and codes. */
  oldKeys: OwnedKey[]
}

interface Ground {
  /** Every customer that an entry may lead to. */
  known: readonly Profile[]
  /** By `keyText`. */
  owners: ReadonlyMap<string, string>
  /** Of the entry at a place. */
  sourceOf: (place: number) => Source
  /** Milliseconds since the epoch. */
  now: number
  /** When the entry at a place said a field: milliseconds since the epoch. */
  saidAt: (place: number, field: string) => number
}

/** The customer of the strongest key that is somebody's: code before e-mail before phone. */
export function winnerOf(
  keys: readonly CustomerKey[],
  owners: ReadonlyMap<string, string>,
): string | undefined {
  return keys.map((key) => owners.get(keyText(key))).find((owner) => owner !== undefined)
}

export function planCustomers(said: readonly SaidCustomer[], ground: Ground): CustomerPlan {
  const { known } = ground
  const now = new Date(ground.now)
  const before = new Map(known.map((profile) => [profile.id, profile]))
  const after = new Map(before)
  const owners = new Map(ground.owners)
  const newKeys: OwnedKey[] = []
  const replaced: OwnedKey[] = []
  const outcomes = said.map((whole, place): CustomerOutcome => {
    if (whole.keys.length === 0) return { effect: 'none', customerId: undefined, conflicts: [] }
    const id = winnerOf(whole.keys, owners) ?? uuidv7(ground.now)
    const saidAt = (field: string) => ground.saidAt(place, field)
    const former = after.get(id)
    const entry = former === undefined ? whole : withoutOlder(former, whole, saidAt)
    for (const key of entry.keys) {
      if (owners.has(keyText(key))) continue
      owners.set(keyText(key), id)
      newKeys.push({ ...key, customerId: id })
    }
    const owns = (key: CustomerKey) => owners.get(keyText(key)) === id
    const profile = former ?? emptyProfile(id, { source: ground.sourceOf(place), now })
    const merged = mergeCustomer(profile, entry, owns)
    const fieldTimes = laterTimes(profile, entry, saidAt)
    after.set(id, fieldTimes === merged.fieldTimes ? merged : { ...merged, fieldTimes })
    if (merged !== profile) replaced.push(...keysOfProfile(profile))
    const effect = former === undefined ? 'created' : merged === profile ? 'unchanged' : 'updated'
    return { effect, customerId: id, conflicts: entry.keys.filter((key) => !owns(key)) }
  })
  const changes = [...after.values()].flatMap((profile): CustomerChange[] => {
    const former = before.get(profile.id)
    if (former === profile) return []
    const tagsBefore = former?.tagIds ?? []
    if (former !== undefined && sameProfile(former, profile)) {
      return [{ effect: 'unchanged', profile, tagsBefore }]
    }
    const changed = { ...profile, version: profile.version + 1, updatedAt: now }
    return [{ effect: former === undefined ? 'created' : 'updated', profile: changed, tagsBefore }]
  })
  return { outcomes, changes, newKeys, oldKeys: replaced.filter((key) => isGone(key, after)) }
}

/** By what a customer is found besides the codes of apps. */
export function keysOfProfile({ id, primaryEmail, primaryPhone, data }: Profile): OwnedKey[] {
  const keys = (kind: 'code' | 'email' | 'phone', ...values: unknown[]): OwnedKey[] =>
    values
      .filter((value): value is string => typeof value === 'string')
      .map((value) => ({ kind, value, ns: '', customerId: id }))
  return [
    ...keys('code', data['code']),
    ...keys('email', primaryEmail, ...listOf(data['emails'])),
    ...keys('phone', primaryPhone, ...listOf(data['phones'])),
  ]
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function isGone(key: OwnedKey, after: ReadonlyMap<string, Profile>): boolean {
  const profile = after.get(key.customerId)
  return profile !== undefined && !keysOfProfile(profile).some((kept) => keyText(kept) === keyText(key))
}
