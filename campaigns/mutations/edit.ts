/** Changes of a JSON document that leave the document itself as it is. */

export type Path = readonly (string | number)[]

const isList = (value: unknown): value is unknown[] => Array.isArray(value)
const entriesOf = (value: unknown) => Object.entries(value as Record<string, unknown>)

/** The document with another value at the path; a new property is the last of its object. */
export function setAt(document: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value
  if (isList(document)) {
    return document.with(Number(key), setAt(document[Number(key)], rest, value))
  }
  const owner = document as Record<string, unknown>
  return { ...owner, [key]: setAt(owner[String(key)], rest, value) }
}

export function removeAt(document: unknown, path: Path): unknown {
  return changeOwner(document, path, (owner, key) =>
    isList(owner)
      ? owner.filter((_, index) => index !== Number(key))
      : Object.fromEntries(entriesOf(owner).filter(([name]) => name !== key)),
  )
}

/** The document with another name at the path, in the same place among its siblings. */
export function renameAt(document: unknown, path: Path, name: string): unknown {
  return changeOwner(document, path, (owner, key) =>
    Object.fromEntries(entriesOf(owner).map(([one, value]) => [one === key ? name : one, value])),
  )
}

export function replaceAt(document: unknown, path: Path, change: (value: unknown) => unknown): unknown {
  return setAt(document, path, change(valueAt(document, path)))
}

export function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document)
}

function changeOwner(
  document: unknown,
  path: Path,
  change: (owner: unknown, key: string | number) => unknown,
): unknown {
  const key = path.at(-1) ?? ''
  return replaceAt(document, path.slice(0, -1), (owner) => change(owner, key))
}
