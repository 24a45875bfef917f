import { isObject } from './own.ts'
import type { QueryPair } from './query.ts'
import { textOf } from './template.ts'

/** Levels of nested objects in a form body; a deeper value goes in as compact JSON. */
const MAX_FORM_DEPTH = 20

/**
 * A rendered body as `application/x-www-form-urlencoded`: strings; arrays repeat the name; nested objects as `a[b]`;
 * `null` is left out. A string is taken to be encoded already; other values without names give an empty body.
 *
 * @throws MiniAppError `VALIDATION_ERROR` where a value is nested too deeply to be written.
 */
export function encodeForm(value: unknown): string {
  if (typeof value === 'string') return value
  const pairs: QueryPair[] = []
  if (isObject(value)) for (const key of Object.keys(value)) addPairs(pairs, key, value[key], 0)
  return new URLSearchParams(pairs).toString()
}

function addPairs(pairs: QueryPair[], name: string, value: unknown, depth: number): void {
  if (value === undefined || value === null) return
  if (depth < MAX_FORM_DEPTH && Array.isArray(value)) {
    for (const element of value) addPairs(pairs, name, element, depth + 1)
  } else if (depth < MAX_FORM_DEPTH && isObject(value)) {
    for (const key of Object.keys(value)) addPairs(pairs, `${name}[${key}]`, value[key], depth + 1)
  } else {
    pairs.push([name, textOf(value)])
  }
}
