/** Deeper values are cut: what parses them later (PostgreSQL's `jsonb`, `JSON.stringify`) recurses. */
const MAX_DEPTH = 1000
const REPLACEMENT = '\uFFFD'

export interface Storable<Value> {
  value: Value
  /** Whether anything had to be replaced; noted on the event or run that the value belongs to. */
  replaced: boolean
}

/**
 * Makes a string, or every string and key inside a JSON value, fit for `text` and `jsonb`: NUL and lone surrogates,
 * which PostgreSQL refuses, become U+FFFD, and what is nested deeper than 1000 levels becomes `null`. Pass a value
 * through here before `JSON.stringify`. A value without faults is returned as it is, not copied.
 */
export function storable<Value>(value: Value): Storable<Value> {
  const result = clean(value, 0)
  return { value: result as Value, replaced: !Object.is(result, value) }
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return storableText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth === MAX_DEPTH) return null
  if (Array.isArray(value)) {
    const items = value.map((item) => clean(item, depth + 1))
    return items.some((item, index) => !Object.is(item, value[index])) ? items : value
  }
  if (!isRecord(value)) return value
  return cleanRecord(value, depth)
}

function cleanRecord(record: Record<string, unknown>, depth: number): Record<string, unknown> {
  let entries: [string, unknown][] | undefined
  const keys = Object.keys(record)
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string
    const member = record[key]
    const fitKey = storableText(key)
    const fit = clean(member, depth + 1)
    if (entries === undefined) {
      if (fitKey === key && Object.is(fit, member)) continue
      entries = keys.slice(0, index).map((before) => [before, record[before]])
    }
    entries.push([fitKey, fit])
  }
  // fromEntries defines own members: a key "__proto__" stays a key.
  return entries === undefined ? record : Object.fromEntries(entries)
}

/** The same of one text. */
export function storableText(text: string): string {
  return text.includes('\0') || !text.isWellFormed()
    ? text.toWellFormed().replaceAll('\0', REPLACEMENT)
    : text
}

/** Dates, bytes and the like turn themselves into JSON. */
function isRecord(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
