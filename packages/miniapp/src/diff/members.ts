import { canonicalText } from './same.ts'

/** Members of two lists or records, told apart by name. */
export interface Members<Value> {
  kept: { name: string; before: Value; after: Value }[]
  removed: { name: string; before: Value }[]
  added: { name: string; after: Value }[]
}

export function compareMembers<Value>(
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
): Members<Value> {
  const members: Members<Value> = { kept: [], removed: [], added: [] }
  for (const [name, value] of before) {
    const now = after.get(name)
    if (now === undefined) members.removed.push({ name, before: value })
    else members.kept.push({ name, before: value, after: now })
  }
  for (const [name, value] of after) if (!before.has(name)) members.added.push({ name, after: value })
  return members
}

export function byName<Value>(record: Readonly<Record<string, Value>> | undefined): Map<string, Value> {
  return new Map(Object.entries(record ?? {}).filter(([name]) => !name.startsWith('x-')))
}

/** The elements of a list under their names, with where they stand. The first of two equal names counts. */
export function listByName<Element>(
  list: readonly Element[] | undefined,
  nameOf: (element: Element) => string,
): Map<string, { value: Element; index: number }> {
  const named = new Map<string, { value: Element; index: number }>()
  list?.forEach((value, index) => {
    const name = nameOf(value)
    if (!named.has(name)) named.set(name, { value, index })
  })
  return named
}

export interface Rename<Value> {
  from: string
  to: string
  before: Value
  after: Value
}

/**
 * Takes the pairs out of `removed` and `added` that are the same thing under another name.
 * @param traits what tells a thing besides its name, strongest first; two things with one equal trait are the same
 */
export function takeRenames<Value>(
  members: Members<Value>,
  traits: readonly ((value: Value) => unknown)[],
): Rename<Value>[] {
  const renames: Rename<Value>[] = []
  for (const trait of traits) {
    const textOf = (value: Value) => canonicalText(trait(value))
    const candidates = Map.groupBy(members.added, ({ after }) => textOf(after))
    for (const gone of [...members.removed]) {
      const text = textOf(gone.before)
      const found = text === '' ? undefined : candidates.get(text)?.shift()
      if (found === undefined) continue
      members.removed.splice(members.removed.indexOf(gone), 1)
      members.added.splice(members.added.indexOf(found), 1)
      renames.push({ from: gone.name, to: found.name, before: gone.before, after: found.after })
    }
  }
  return renames
}
