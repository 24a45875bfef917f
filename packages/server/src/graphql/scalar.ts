/** The two scalars of the published schema (10b section 1). */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode, valueFromASTUntyped } from 'graphql'

/** Any JSON value, both ways. */
export const jsonScalar = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  description: 'Any JSON value.',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => plain(valueFromASTUntyped(node, variables)),
})

/** Object literals arrive without a prototype, which comparisons and libraries trip over. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
}

/**
 * A date alone is midnight UTC; a time needs its zone, because a guess would differ from server to server. Years have
 * four digits.
 */
const ISO_8601 = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/
/** Milliseconds since the epoch that have four digits of the year: 0000-01-01 to 9999-12-31. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00Z')
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** ISO 8601 in UTC out; ISO 8601 or milliseconds since the epoch in. */
export const dateScalar = new GraphQLScalarType<Date, string>({
  name: 'Date',
  description:
    'A moment: ISO 8601 in UTC, such as `2026-01-31T09:00:00.000Z`. As input also with another offset, as a date alone (midnight UTC), or in milliseconds since 1970-01-01.',
  serialize: (value) => {
    if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString()
    throw new TypeError('A resolver answered something else than a valid Date.')
  },
  parseValue: (value) => readDate(value),
  parseLiteral: (node) => readDate(literalOf(node)),
})

function literalOf(node: ValueNode): unknown {
  if (node.kind === Kind.INT) return Number(node.value)
  return node.kind === Kind.STRING ? node.value : undefined
}

function readDate(value: unknown): Date {
  const ms = typeof value === 'string' ? readIso(value) : typeof value === 'number' ? value : Number.NaN
  if (Number.isInteger(ms) && ms >= FIRST_MS && ms <= LAST_MS) return new Date(ms)
  throw new GraphQLError(
    'Date must be ISO 8601 with a time zone, such as "2026-01-31T09:00:00Z", a date such as "2026-01-31", or milliseconds since 1970-01-01.',
  )
}

/** @returns milliseconds since the epoch, NaN where the text is no moment */
function readIso(text: string): number {
  const date = ISO_8601.exec(text)?.[1]
  const midnight = date === undefined ? Number.NaN : Date.parse(date)
  // The engine reads February 31st as March 3rd.
  const exists = !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(`${date}T`)
  return exists ? Date.parse(text) : Number.NaN
}
