import { fullFormats } from 'ajv-formats/dist/formats.js'
import { isObject } from '../expression/own.ts'
import type { PlainSchema } from './parameter-schema.ts'
import { canonicalText, same } from './same.ts'
import { joined, shown } from './words.ts'

/** How the set of values that a schema takes differs. */
export interface AcceptanceChange {
  /** `unclear`: whether something is refused cannot be told; `shown`: only what the form looks like. */
  effect: 'type' | 'narrowed' | 'widened' | 'unclear' | 'shown'
  /** Below the schema. */
  pointer: string
  /** Ends a sentence that begins with the parameter. */
  says: string
}

type Compare = (before: PlainSchema, after: PlainSchema) => AcceptanceChange[]

/** The comparison of values, keyword by keyword. `properties`, `required` and defaults are compared as parameters are. */
export function compareAcceptance(before: PlainSchema, after: PlainSchema): AcceptanceChange[] {
  if (same(before, after)) return []
  const types = compareTypes(before, after)
  if (types.some(({ effect }) => effect === 'type')) return types
  return [...types, ...COMPARISONS.flatMap((compare) => compare(before, after))]
}

function compareTypes(before: PlainSchema, after: PlainSchema): AcceptanceChange[] {
  const [from, to] = [typesOf(before), typesOf(after)]
  const takesAll = (one: ReadonlySet<string> | undefined, other: ReadonlySet<string> | undefined) =>
    one === undefined || (other !== undefined && [...other].every((type) => one.has(type)))
  const [wider, narrower] = [takesAll(to, from), takesAll(from, to)]
  if (wider && narrower) return []
  const says = `takes ${typeWords(to)} where it took ${typeWords(from)}`
  return [{ effect: wider ? 'widened' : 'type', pointer: '/type', says }]
}

/** Absent: any. A `number` may be whole. */
function typesOf({ type }: PlainSchema): ReadonlySet<string> | undefined {
  if (type === undefined) return undefined
  const names = [type].flat().map(String)
  return new Set(names.includes('number') ? [...names, 'integer'] : names)
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'numbers',
  integer: 'whole numbers',
  boolean: 'yes or no',
  array: 'lists',
  object: 'objects',
  null: 'nothing',
}

function typeWords(types: ReadonlySet<string> | undefined): string {
  if (types === undefined) return 'anything'
  const named = [...types].filter((type) => type !== 'integer' || !types.has('number'))
  return joined(named.map((type) => TYPE_WORDS[type] ?? type))
}

/** Above, below: the number that a keyword sets, and the words for it. */
const LIMITS = [
  ['maxLength', 'upper', 'characters'],
  ['minLength', 'lower', 'characters'],
  ['maxItems', 'upper', 'items'],
  ['minItems', 'lower', 'items'],
  ['maxProperties', 'upper', 'fields'],
  ['minProperties', 'lower', 'fields'],
] as const

const compareCounts: Compare = (before, after) =>
  LIMITS.flatMap(([name, side, noun]) =>
    limitChange(before[name], after[name], { side, pointer: `/${name}`, noun: ` ${noun}` }),
  )

const compareBounds: Compare = (before, after) =>
  (['upper', 'lower'] as const).flatMap((side) => {
    const [from, to] = [boundOf(before, side), boundOf(after, side)]
    const pointer = `/${to.name ?? from.name ?? ''}`
    const changes = limitChange(from.value, to.value, { side, pointer, noun: '' })
    if (changes.length > 0 || from.exclusive === to.exclusive) return changes
    const says = `${to.exclusive ? 'no longer takes' : 'also takes'} ${String(to.value)} itself`
    return [{ effect: to.exclusive ? ('narrowed' as const) : ('widened' as const), pointer, says }]
  })

interface Limit {
  side: 'upper' | 'lower'
  pointer: string
  noun: string
}

function limitChange(before: unknown, after: unknown, { side, pointer, noun }: Limit): AcceptanceChange[] {
  if (same(before, after)) return []
  const word = side === 'upper' ? 'at most' : 'at least'
  if (after === undefined)
    return [{ effect: 'widened', pointer: '', says: `need not be ${word} ${before}${noun}` }]
  const isTighter =
    before === undefined ||
    (side === 'upper' ? Number(after) < Number(before) : Number(after) > Number(before))
  const was = before === undefined ? '' : ` where it was ${before}`
  return [
    { effect: isTighter ? 'narrowed' : 'widened', pointer, says: `must be ${word} ${after}${noun}${was}` },
  ]
}

interface Bound {
  name?: string
  value?: number
  exclusive: boolean
}

/** `minimum` and `exclusiveMinimum` as one bound; of whole numbers always the inclusive one. */
function boundOf(schema: PlainSchema, side: 'upper' | 'lower'): Bound {
  const [open, closed] = side === 'upper' ? ['maximum', 'exclusiveMaximum'] : ['minimum', 'exclusiveMinimum']
  const limits = [open, closed]
    .filter((name) => typeof schema[name] === 'number')
    .map((name) =>
      wholeBound(schema, { name, value: schema[name] as number, exclusive: name === closed }, side),
    )
  const tighter = (one: Bound, other: Bound) => {
    const difference = ((one.value ?? 0) - (other.value ?? 0)) * (side === 'upper' ? 1 : -1)
    return difference === 0 ? (one.exclusive ? -1 : 1) : difference
  }
  return limits.sort(tighter)[0] ?? { exclusive: false }
}

function wholeBound(schema: PlainSchema, bound: Bound, side: 'upper' | 'lower'): Bound {
  const { value = 0, exclusive } = bound
  if (schema['type'] !== 'integer' || !exclusive || !Number.isInteger(value)) return bound
  return { ...bound, value: side === 'upper' ? value - 1 : value + 1, exclusive: false }
}

const compareChoices: Compare = ({ enum: before }, { enum: after }) => {
  if (same(before, after)) return []
  if (!Array.isArray(after)) return [{ effect: 'widened', pointer: '', says: 'is no longer one of a list' }]
  if (!Array.isArray(before))
    return [{ effect: 'narrowed', pointer: '/enum', says: `must be one of ${shown(after)}` }]
  const [from, to] = [before.map(canonicalText), after.map(canonicalText)]
  const gone = before.filter((value) => !to.includes(canonicalText(value)))
  const come = after.filter((value) => !from.includes(canonicalText(value)))
  return [
    ...(gone.length > 0
      ? [
          {
            effect: 'narrowed' as const,
            pointer: '/enum',
            says: `no longer takes ${joined(gone.map(shown))}`,
          },
        ]
      : []),
    ...(come.length > 0
      ? [{ effect: 'widened' as const, pointer: '/enum', says: `also takes ${joined(come.map(shown))}` }]
      : []),
  ]
}

const comparePattern: Compare = ({ pattern: before }, { pattern: after }) => {
  if (same(before, after)) return []
  if (after === undefined) return [{ effect: 'widened', pointer: '', says: 'need not have a certain form' }]
  return [{ effect: 'narrowed', pointer: '/pattern', says: `must have the form ${String(after)}` }]
}

/** Formats beyond these only choose the input that is shown (4.1: `textarea`). */
const isChecked = (format: unknown): boolean =>
  typeof format === 'string' && Object.hasOwn(fullFormats, format)

const compareFormat: Compare = ({ format: before }, { format: after }) => {
  if (same(before, after)) return []
  if (isChecked(after))
    return [{ effect: 'narrowed', pointer: '/format', says: `must have the format ${String(after)}` }]
  if (isChecked(before))
    return [{ effect: 'widened', pointer: '', says: `need not have the format ${String(before)}` }]
  return [{ effect: 'shown', pointer: after === undefined ? '' : '/format', says: 'is shown in another way' }]
}

const compareMultiples: Compare = ({ multipleOf: before }, { multipleOf: after }) => {
  if (same(before, after)) return []
  if (after === undefined)
    return [{ effect: 'widened', pointer: '', says: `need not be a multiple of ${before}` }]
  const isWider = typeof before === 'number' && Number.isInteger(before / Number(after))
  const says = `must be a multiple of ${after}`
  return [{ effect: isWider ? 'widened' : 'narrowed', pointer: '/multipleOf', says }]
}

const compareUniqueness: Compare = ({ uniqueItems: before }, { uniqueItems: after }) => {
  if (same(before, after)) return []
  return after === true
    ? [{ effect: 'narrowed', pointer: '/uniqueItems', says: 'no longer takes the same item twice' }]
    : [{ effect: 'widened', pointer: '', says: 'takes the same item twice' }]
}

/** Schemas of what a value holds: items, and fields that are not declared. */
const compareContents: Compare = (before, after) =>
  (['items', 'additionalProperties'] as const).flatMap((name) => {
    const [from, to] = [before[name], after[name]]
    const noun = name === 'items' ? 'items' : 'further fields'
    if (same(from, to)) return []
    if (isObject(from) && isObject(to))
      return compareInside(from, to).map((change) => ({
        ...change,
        pointer: `/${name}${change.pointer}`,
        says: `has ${noun} that changed: each ${change.says}`,
      }))
    if (name === 'items' ? to === undefined : to !== undefined)
      return [{ effect: 'widened' as const, pointer: '', says: `takes any ${noun}` }]
    return [{ effect: 'narrowed' as const, pointer: '', says: `no longer takes any ${noun}` }]
  })

/** A schema that is no parameter: what it holds is compared as a whole. */
function compareInside(before: PlainSchema, after: PlainSchema): AcceptanceChange[] {
  const fields = (schema: PlainSchema) => [schema['properties'], schema['required']]
  const inFields = same(fields(before), fields(after))
    ? []
    : [{ effect: 'unclear' as const, pointer: '', says: 'has other fields' }]
  return [...compareAcceptance(before, after), ...inFields]
}

/** Keywords that combine schemas. Only what is evident is told; the rest counts as a break. */
const COMBINING = [
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'prefixItems',
  'contains',
  'minContains',
  'maxContains',
  'patternProperties',
  'propertyNames',
  'dependentRequired',
  'dependentSchemas',
  'dependencies',
  'unevaluatedItems',
  'unevaluatedProperties',
  '$ref',
  '$dynamicRef',
  '$defs',
] as const

const compareCombinations: Compare = (before, after) => {
  const changed = COMBINING.filter((name) => !same(before[name], after[name]))
  if (changed.length === 0) return []
  const isEvidentlyWider = changed.every((name) => widens(name, before[name], after[name]))
  const says = `is checked by other rules (${joined(changed)})`
  return [{ effect: isEvidentlyWider ? 'widened' : 'unclear', pointer: '', says }]
}

/** An alternative more, or a condition less. */
function widens(name: (typeof COMBINING)[number], before: unknown, after: unknown): boolean {
  if (name === 'allOf') return after === undefined || holdsAll(before, after)
  if (name === 'anyOf') return after === undefined || holdsAll(after, before)
  return name === 'not' && after === undefined
}

function holdsAll(list: unknown, others: unknown): boolean {
  if (!Array.isArray(list) || !Array.isArray(others)) return false
  const texts = new Set(list.map(canonicalText))
  return others.every((other) => texts.has(canonicalText(other)))
}

const COMPARISONS: readonly Compare[] = [
  compareChoices,
  compareCounts,
  compareBounds,
  comparePattern,
  compareFormat,
  compareMultiples,
  compareUniqueness,
  compareContents,
  compareCombinations,
]
