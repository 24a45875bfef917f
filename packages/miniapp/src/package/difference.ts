import { isObject } from '../expression/own.ts'
import { under } from '../schema/pointer.ts'

/** A place where two JSON values differ; `undefined` is nothing. */
export interface Difference {
  /** JSON Pointer, below the one that was given. */
  pointer: string
  expected: unknown
  actual: unknown
}

/** Where two JSON values differ, as deep as they have the same shape. The order of names does not matter. */
export function differencesOf(expected: unknown, actual: unknown, pointer = ''): Difference[] {
  if (expected === actual) return []
  const names = namesOfBoth(expected, actual)
  if (names === undefined) return [{ pointer, expected, actual }]
  return names.flatMap((name) =>
    differencesOf(memberOf(expected, name), memberOf(actual, name), under(pointer, name)),
  )
}

/** @returns `undefined` where the two are not both objects or both lists */
function namesOfBoth(left: unknown, right: unknown): string[] | undefined {
  const comparable = (isObject(left) && isObject(right)) || (Array.isArray(left) && Array.isArray(right))
  return comparable ? [...new Set([...Object.keys(left), ...Object.keys(right)])] : undefined
}

function memberOf(owner: unknown, name: string): unknown {
  const names = owner as Record<string, unknown>
  return Object.hasOwn(names, name) ? names[name] : undefined
}

/** Characters of a value that a message repeats. */
const MAX_QUOTED_CHARACTERS = 80

/** A value as a message shows it: `nothing`, or its JSON, cut where it is long. */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'nothing'
  const json = JSON.stringify(value)
  return json.length > MAX_QUOTED_CHARACTERS ? `\`${json.slice(0, MAX_QUOTED_CHARACTERS)}…\`` : `\`${json}\``
}
