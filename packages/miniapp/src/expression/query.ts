import { under } from '../schema/pointer.ts'
import type { Scopes } from './scope.ts'
import { type PlaceholderRef, textOf } from './template.ts'
import { compileValue } from './value.ts'

export type QueryPair = [name: string, value: string]

export interface CompiledQuery {
  readonly placeholders: readonly PlaceholderRef[]
  /** Names of the parameters whose template holds a `[[key]]`. */
  readonly credentialNames: readonly string[]
  /**
   * Names and values, not encoded yet, in the order of the definition. A parameter whose whole value does not resolve
   * or is `null` is left out; an array repeats the name; an object is compact JSON.
   *
   * @throws MiniAppError `NOT_CONFIGURED` for a `[[key]]` without a value.
   */
  render(scopes: Scopes): QueryPair[]
}

/** Compiles `queryParams` (specification 2.1). */
export function compileQuery(query: Readonly<Record<string, unknown>>, pointer: string): CompiledQuery {
  const parameters = Object.keys(query).map((name) => {
    const where = `the query parameter "${name}"`
    return {
      name,
      value: compileValue(query[name], { pointer: under(pointer, name), place: 'query', where }),
    }
  })
  return {
    placeholders: parameters.flatMap(({ value }) => value.placeholders),
    credentialNames: parameters
      .filter(({ value }) => value.placeholders.some((placeholder) => placeholder.syntax === 'credential'))
      .map(({ name }) => name),
    render: (scopes) => parameters.flatMap(({ name, value }) => queryPairs(name, value.render(scopes))),
  }
}

/** The pairs that one value becomes: none, one, or one for each element. */
export function queryPairs(name: string, value: unknown): QueryPair[] {
  if (!Array.isArray(value)) return value === undefined || value === null ? [] : [[name, textOf(value)]]
  return value
    .filter((element) => element !== undefined && element !== null)
    .map((element) => [name, textOf(element)])
}

/** Percent-encodes names and values as components and joins them, without `?`. */
export function encodeQuery(pairs: readonly QueryPair[]): string {
  return pairs.map(([name, value]) => `${encodeComponent(name)}=${encodeComponent(value)}`).join('&')
}

/** `encodeURIComponent` for any string: lone surrogates, which have no UTF-8 form, become U+FFFD. */
export function encodeComponent(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
