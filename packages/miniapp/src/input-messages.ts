import type { ErrorObject } from 'ajv'
import { isObject, readOwn } from './expression/own.ts'
import type { CoercionNotes } from './input-coercion.ts'
import { labelOf } from './label.ts'
import { pointerSegments, under } from './schema/pointer.ts'

export interface FieldError {
  /** JSON Pointer into the input; `''` for the input itself. */
  path: string
  /** For the person who filled in the form; without a full stop, it stands beside the field. */
  message: string
}

/** Choices that a message lists; a form shows the rest. */
const MAX_LISTED_CHOICES = 10

/** One entry per field, in the order in which the fields failed; the most basic failure of a field speaks for it. */
export function toFieldErrors(errors: readonly ErrorObject[], notes: CoercionNotes): FieldError[] {
  const byPath = new Map<string, { error: ErrorObject; rank: number }>()
  for (const error of nearestBranches(errors)) {
    const path = pathOf(error)
    if (error.keyword === 'type' && notes.exactDigits.has(path)) continue
    const rank = rankOf(error)
    const known = byPath.get(path)
    if (!known || rank < known.rank) byPath.set(path, { error, rank })
  }
  return [...byPath].map(([path, { error }]) => ({
    path,
    message: `${subject(path, error)} ${predicate(error, notes.blank.has(path))}`,
  }))
}

function pathOf(error: ErrorObject): string {
  const { instancePath, params } = error
  return typeof params['missingProperty'] === 'string'
    ? under(instancePath, params['missingProperty'])
    : instancePath
}

const RANKS = ['required', 'dependentRequired', 'dependencies', 'type', 'enum', 'const', 'format', 'pattern']
const COMBINED = new Set(['anyOf', 'oneOf', 'if', 'not'])

function rankOf({ keyword }: ErrorObject): number {
  const rank = RANKS.indexOf(keyword)
  if (rank >= 0) return rank
  return COMBINED.has(keyword) ? RANKS.length + 1 : RANKS.length
}

/** Of the alternatives that all failed only the one that came nearest is worth reading, instead of "no alternative fits". */
function nearestBranches(errors: readonly ErrorObject[]): ErrorObject[] {
  const dropped = new Set<ErrorObject>()
  for (const combined of errors) {
    if (combined.keyword !== 'anyOf' && combined.keyword !== 'oneOf') continue
    const prefix = `${combined.schemaPath}/`
    const branches = new Map<string, ErrorObject[]>()
    for (const error of errors) {
      if (!error.schemaPath.startsWith(prefix) || !error.instancePath.startsWith(combined.instancePath))
        continue
      const branch = error.schemaPath.slice(prefix.length).split('/', 1)[0] ?? ''
      branches.set(branch, [...(branches.get(branch) ?? []), error])
    }
    const [nearest, ...others] = [...branches.values()].sort((left, right) => left.length - right.length)
    if (!nearest) continue
    dropped.add(combined)
    for (const error of others.flat()) dropped.add(error)
  }
  return errors.filter((error) => !dropped.has(error))
}

function subject(path: string, error: ErrorObject): string {
  const segments = pointerSegments(path)
  const last = segments.at(-1)
  if (last === undefined) return 'The input'
  const title = titleOf(error, last)
  if (title !== undefined) return title
  if (!/^\d+$/.test(last)) return labelOf(last)
  const list = segments.findLast((segment) => !/^\d+$/.test(segment))
  return `Item ${Number(last) + 1}${list === undefined ? '' : ` of ${labelOf(list)}`}`
}

function titleOf(error: ErrorObject, name: string): string | undefined {
  const schema: unknown = error.parentSchema
  const own =
    typeof error.params['missingProperty'] === 'string'
      ? readOwn(readOwn(schema, 'properties'), name)
      : schema
  const title = isObject(own) ? own['title'] : undefined
  return typeof title === 'string' && title.trim() !== '' ? title.trim() : undefined
}

function predicate(error: ErrorObject, isBlank: boolean): string {
  if (isBlank) return 'is required'
  const say = Object.hasOwn(PREDICATES, error.keyword) ? PREDICATES[error.keyword] : undefined
  return say ? say(error.params, error.schema) : 'is not valid'
}

const TYPE_WORDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'yes or no (true or false)',
  array: 'a list',
  object: 'a group of fields',
  null: 'empty',
}

const FORMAT_WORDS: Record<string, string> = {
  email: 'an email address',
  'idn-email': 'an email address',
  uri: 'a web address such as https://example.com',
  url: 'a web address such as https://example.com',
  iri: 'a web address such as https://example.com',
  'uri-reference': 'a web address or a path',
  date: 'a date such as 2026-01-31',
  time: 'a time with its zone, such as 10:30:00Z',
  'iso-time': 'a time such as 10:30:00',
  'date-time': 'a date and time with its zone, such as 2026-01-31T10:30:00Z',
  'iso-date-time': 'a date and time such as 2026-01-31T10:30:00',
  duration: 'a duration such as PT30M',
  uuid: 'an id such as 123e4567-e89b-12d3-a456-426614174000',
  hostname: 'a host name such as example.com',
  ipv4: 'an IP address such as 192.0.2.1',
  ipv6: 'an IP address such as 2001:db8::1',
}

type Say = (params: Record<string, unknown>, schema: unknown) => string

const characters: Say = ({ limit }) => (limit === 1 ? '1 character' : `${limit} characters`)
const items: Say = ({ limit }) => (limit === 1 ? '1 item' : `${limit} items`)
const fields: Say = ({ limit }) => (limit === 1 ? '1 field' : `${limit} fields`)

const COMPARISON_WORDS: Record<string, string> = {
  '>=': 'must be at least',
  '<=': 'must be at most',
  '>': 'must be more than',
  '<': 'must be less than',
}
const compared: Say = ({ comparison, limit }) =>
  `${COMPARISON_WORDS[String(comparison)] ?? 'must fit'} ${limit}`

const dependent: Say = ({ property }) => `is required when ${labelOf(String(property))} is filled in`

const PREDICATES: Record<string, Say> = {
  required: () => 'is required',
  dependentRequired: dependent,
  dependencies: dependent,
  type: ({ type }) => {
    const words = [type].flat().map((one) => TYPE_WORDS[String(one)] ?? String(one))
    return `must be ${words.join(' or ')}`
  },
  enum: ({ allowedValues }) => {
    const choices = (allowedValues as unknown[]).map(String)
    const more = choices.length > MAX_LISTED_CHOICES ? ', …' : ''
    return `must be one of: ${choices.slice(0, MAX_LISTED_CHOICES).join(', ')}${more}`
  },
  const: ({ allowedValue }) =>
    `must be ${typeof allowedValue === 'object' ? JSON.stringify(allowedValue) : allowedValue}`,
  format: ({ format }) => `must be ${FORMAT_WORDS[String(format)] ?? `a valid ${format}`}`,
  pattern: ({ pattern }) => `does not have the expected form (${pattern})`,
  minLength: (params, schema) =>
    params['limit'] === 1 ? 'must not be empty' : `must have at least ${characters(params, schema)}`,
  maxLength: (params, schema) => `must have at most ${characters(params, schema)}`,
  minimum: compared,
  maximum: compared,
  exclusiveMinimum: compared,
  exclusiveMaximum: compared,
  formatMinimum: compared,
  formatMaximum: compared,
  multipleOf: ({ multipleOf }) => `must be a multiple of ${multipleOf}`,
  minItems: (params, schema) => `must have at least ${items(params, schema)}`,
  maxItems: (params, schema) => `must have at most ${items(params, schema)}`,
  uniqueItems: () => 'must not hold the same item twice',
  contains: () => 'does not hold an item that is needed',
  minProperties: (params, schema) => `must have at least ${fields(params, schema)}`,
  maxProperties: (params, schema) => `must have at most ${fields(params, schema)}`,
  anyOf: () => 'fits none of the allowed forms',
  oneOf: () => 'must fit exactly one of the allowed forms',
  not: () => 'is not allowed with this value',
  if: () => 'does not fit the other fields',
  'false schema': () => 'is not allowed',
}
