import { isRecord } from '../schema/branch.ts'

/** A JSON value as text that is equal exactly where the values are: order of members and absent ones do not count. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(ordered(value)) ?? ''
}

export function same(one: unknown, other: unknown): boolean {
  return one === other || canonicalText(one) === canonicalText(other)
}

/** The members of `names` in which two objects differ. */
export function differing<Name extends string>(
  names: readonly Name[],
  one: Partial<Record<Name, unknown>>,
  other: Partial<Record<Name, unknown>>,
): Name[] {
  return names.filter((name) => !same(one[name], other[name]))
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (!isRecord(value)) return value
  const entries = Object.entries(value).filter(([, child]) => child !== undefined)
  // A list of pairs, because an object would put names that are numbers first, and `__proto__` nowhere.
  return {
    pairs: entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, child]) => [name, ordered(child)]),
  }
}
