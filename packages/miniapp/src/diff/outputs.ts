import type { ActionDefinition, Definition, FieldRule, RuleObject } from '../document.ts'
import { compilePath } from '../expression/path.ts'
import { isRecord } from '../schema/branch.ts'
import type { TransformName } from '../schema/mapping.ts'
import { under } from '../schema/pointer.ts'
import type { ActionPair } from './action-pairs.ts'
import type { DiffContext } from './comparison.ts'
import { transformsOf } from './plain-rule.ts'
import { quoted } from './words.ts'

/** What a rule evidently yields, whatever the provider answers. */
export type OutputType = 'text' | 'number' | 'yes or no' | 'list' | 'object' | 'null'

export interface Output {
  /** Below the action. */
  pointer: string
  /** Absent where only the answer can tell. */
  type?: OutputType
  /** `forEach`: a list with one value for each item. */
  isForEach?: true
  /** What each item of a list that `mapItems` makes has. */
  fields?: ReadonlyMap<string, Output>
}

export interface Outputs {
  named: ReadonlyMap<string, Output>
  /** Functions that do not say what they return: any name may come from them. */
  opaque: ReadonlySet<string>
}

const TRANSFORM_TYPES: Partial<Record<TransformName, OutputType>> = {
  toString: 'text',
  toNumber: 'number',
  toNumberOrNull: 'number',
  toBoolean: 'yes or no',
  toDate: 'text',
  trim: 'text',
  lower: 'text',
  upper: 'text',
  mapItems: 'list',
  joinCodes: 'text',
  join: 'text',
  split: 'list',
  minorToMajor: 'text',
  phone: 'text',
}

const LITERAL_TYPES: Readonly<Record<string, OutputType>> = {
  string: 'text',
  number: 'number',
  boolean: 'yes or no',
}

/** What an action answers with (4.4): object mappings and declared results of functions; a later step wins. */
export function outputsOf(action: ActionDefinition, functions: Definition['functions']): Outputs {
  const named = new Map<string, Output>()
  const opaque = new Set<string>()
  action.requests.forEach((step, index) => {
    const pointer = `/requests/${index}`
    if (step.type === 'function') {
      const returns = Object.hasOwn(functions ?? {}, step.name) ? functions?.[step.name]?.returns : undefined
      if (returns === undefined) opaque.add(step.name)
      for (const name of returns ?? []) named.set(name, { pointer })
      return
    }
    if (Array.isArray(step.mapping)) return
    for (const [name, rule] of Object.entries(step.mapping)) {
      const at = under(pointer, 'mapping', name)
      named.set(
        name,
        step.forEach ? { pointer: at, type: 'list', isForEach: true } : responseOutput(rule, at),
      )
    }
  })
  return { named, opaque }
}

function responseOutput(rule: FieldRule, pointer: string): Output {
  if (typeof rule === 'string' && !rule.startsWith('$')) return { pointer, type: 'text' }
  return recordOutput(rule, pointer)
}

function recordOutput(rule: FieldRule, pointer: string): Output {
  const type = typeOf(rule)
  const fields = isRule(rule) && rule.fields ? fieldOutputs(rule.fields, pointer) : undefined
  return { pointer, ...(type && { type }), ...(fields && { fields }) }
}

function fieldOutputs(fields: NonNullable<RuleObject['fields']>, pointer: string): Map<string, Output> {
  return new Map(
    Object.entries(fields).map(([name, rule]) => [name, recordOutput(rule, under(pointer, 'fields', name))]),
  )
}

function isRule(rule: FieldRule): rule is RuleObject {
  return isRecord(rule)
}

function typeOf(rule: FieldRule): OutputType | undefined {
  if (typeof rule === 'string') return selectsMany(rule) ? 'list' : undefined
  if (!isRule(rule)) return literalType(rule)
  const transforms = transformsOf(rule)
  const last = transforms.at(-1)
  if (last !== undefined) return TRANSFORM_TYPES[last as TransformName]
  if (Object.hasOwn(rule, 'value')) return literalType(rule.value)
  if (rule.source === 'status') return 'number'
  if (rule.source === 'header') return 'text'
  return rule.path !== undefined && selectsMany(rule.path) ? 'list' : undefined
}

function literalType(value: unknown): OutputType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'list'
  return LITERAL_TYPES[typeof value] ?? 'object'
}

function selectsMany(path: string): boolean {
  try {
    return compilePath(path).multiple
  } catch {
    return false
  }
}

/** Names that calls, automations and panels read. */
export function compareOutputs(context: DiffContext, pair: ActionPair): void {
  const from = outputsOf(pair.before, context.before.functions)
  const to = outputsOf(pair.after, context.after.functions)
  // A function that no longer says what it returns may still return it.
  const isClosed = [...to.opaque].every((name) => from.opaque.has(name))
  compareNamed(context, pair, { from: from.named, to: to.named, inside: '', isClosed })
}

interface Named {
  from: ReadonlyMap<string, Output>
  to: ReadonlyMap<string, Output>
  /** The outputs that hold these, as a reason names them; empty for those of the action. */
  inside: string
  isClosed: boolean
}

function compareNamed(context: DiffContext, pair: ActionPair, { from, to, inside, isClosed }: Named): void {
  const { report } = context
  const title = quoted(pair.after.title)
  for (const [name, before] of from) {
    const after = to.get(name)
    if (after === undefined) {
      if (!isClosed) continue
      report(
        'output-removed',
        'before',
        pair.beforePointer + before.pointer,
        `${title} no longer answers ${inside}${name}: what reads it finds nothing.`,
      )
      continue
    }
    if (before.isForEach !== after.isForEach) {
      const words = after.isForEach
        ? 'a list with one value for each item'
        : 'no longer a list with one value for each item'
      report(
        'output-type-changed',
        'after',
        pair.afterPointer + after.pointer,
        `${inside}${name} of ${title} is ${words}.`,
      )
    } else if (before.type && after.type && before.type !== after.type) {
      report(
        'output-type-changed',
        'after',
        pair.afterPointer + after.pointer,
        `${inside}${name} of ${title} is ${TYPE_WORDS[after.type]} where it was ${TYPE_WORDS[before.type]}.`,
      )
    } else if (before.fields && after.fields) {
      compareNamed(context, pair, {
        from: before.fields,
        to: after.fields,
        inside: `${inside}${name}[].`,
        isClosed: true,
      })
    }
  }
  for (const [name, after] of to) {
    if (from.has(name)) continue
    report(
      'output-added',
      'after',
      pair.afterPointer + after.pointer,
      `${title} also answers ${inside}${name}.`,
    )
  }
}

const TYPE_WORDS = {
  text: 'a text',
  number: 'a number',
  'yes or no': 'yes or no',
  list: 'a list',
  object: 'an object',
  null: 'null',
} as const satisfies Record<OutputType, string>
