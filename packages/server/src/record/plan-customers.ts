/** Who is meant by each entry of a batch, and what becomes of them. Pure, but for the ids of new customers. */
import type { Source } from '../db/record-schema.ts'
import { uuidv7 } from '../db/uuid.ts'
import type { CustomerKey, ReadCustomer } from './customer-fields.ts'
import { emptyProfile, mergeCustomer, type Profile } from './merge-customer.ts'
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
  effect: 'created' | 'updated'
  profile: Profile
}

export interface CustomerPlan {
  /** One for each entry. */
  outcomes: CustomerOutcome[]
  /** One for each customer that is new or changes. */
  changes: CustomerChange[]
  newKeys: OwnedKey[]
  /** Addresses and numbers that were replaced. */
  oldKeys: OwnedKey[]
}

interface Ground {
  /** Every customer that an entry may lead to. */
  known: readonly Profile[]
  /** By `keyText`. */
  owners: ReadonlyMap<string, string>
  source: Source
  /** Milliseconds since the epoch. */
  now: number
}

/** The customer of the strongest key that is somebody's: code before e-mail before phone. */
export function winnerOf(
  keys: readonly CustomerKey[],
  owners: ReadonlyMap<string, string>,
): string | undefined {
  return keys.map((key) => owners.get(keyText(key))).find((owner) => owner !== undefined)
}

export function planCustomers(said: readonly ReadCustomer[], ground: Ground): CustomerPlan {
  const { known, source } = ground
  const now = new Date(ground.now)
  const before = new Map(known.map((profile) => [profile.id, profile]))
  const after = new Map(before)
  const owners = new Map(ground.owners)
  const newKeys: OwnedKey[] = []
  const replaced: OwnedKey[] = []
  const outcomes = said.map((entry): CustomerOutcome => {
    if (entry.keys.length === 0) return { effect: 'none', customerId: undefined, conflicts: [] }
    const id = winnerOf(entry.keys, owners) ?? uuidv7(ground.now)
    for (const key of entry.keys) {
      if (owners.has(keyText(key))) continue
      owners.set(keyText(key), id)
      newKeys.push({ ...key, customerId: id })
    }
    const owns = (key: CustomerKey) => owners.get(keyText(key)) === id
    const former = after.get(id)
    const profile = former ?? emptyProfile(id, { source, now })
    const merged = mergeCustomer(profile, entry, owns)
    after.set(id, merged)
    replaced.push(...keysOfProfile(profile))
    const effect = former === undefined ? 'created' : merged === profile ? 'unchanged' : 'updated'
    return { effect, customerId: id, conflicts: entry.keys.filter((key) => !owns(key)) }
  })
  const changes = [...after.values()].flatMap((profile): CustomerChange[] => {
    const former = before.get(profile.id)
    if (former === profile) return []
    const changed = { ...profile, version: profile.version + 1, updatedAt: now }
    return [{ effect: former === undefined ? 'created' : 'updated', profile: changed }]
  })
  return { outcomes, changes, newKeys, oldKeys: replaced.filter((key) => isGone(key, after)) }
}

function keysOfProfile({ id, primaryEmail, primaryPhone }: Profile): OwnedKey[] {
  const key = (kind: 'email' | 'phone', value: string | null): OwnedKey[] =>
    value === null ? [] : [{ kind, value, ns: '', customerId: id }]
  return [...key('email', primaryEmail), ...key('phone', primaryPhone)]
}

/** Neither the primary one any more, nor one of the further ones that people keep with a customer. */
function isGone({ kind, value, customerId }: OwnedKey, after: ReadonlyMap<string, Profile>): boolean {
  const profile = after.get(customerId)
  if (profile === undefined) return false
  const [primary, further] =
    kind === 'email'
      ? [profile.primaryEmail, profile.data['emails']]
      : [profile.primaryPhone, profile.data['phones']]
  return primary !== value && !(Array.isArray(further) && further.includes(value))
}
