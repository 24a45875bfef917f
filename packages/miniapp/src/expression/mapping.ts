import { MiniAppError } from '../errors.ts'
import type { FieldRule, MappingEntry, ResponseMapping } from '../schema/mapping.ts'
import { under } from '../schema/pointer.ts'
import { isObject, type Rec, readOwn } from './own.ts'
import { compileFields, compileRule } from './rule.ts'
import { parsePath, readPath } from './rule-origin.ts'
import {
  type CompiledRule,
  type ComputeCall,
  type ComputedValues,
  type MappingNote,
  RuleFault,
  type RuleSite,
  type Subject,
} from './subject.ts'

export type { ComputeCall, ComputedValues, MappingNote } from './subject.ts'

/** A response as mappings see it. */
export interface ResponseSource {
  /** Parsed JSON, the text of another response, `null` where it was empty. */
  body: unknown
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>
  status: number
}

interface MappedResponse {
  /** The action's result, and what auth requests persist: the object form only. */
  result: Rec
  /** What later steps may use: of both forms. */
  outputs: Rec
  notes: MappingNote[]
}

export interface CompiledResponseMapping {
  /** The function calls that `apply` needs the results of; empty for most mappings. */
  computeCalls(source: ResponseSource): ComputeCall[]
  /**
   * @throws MiniAppError `EXTERNAL_API_ERROR`, naming entry and path, where an entry of the array form that is not
   *   optional has no value.
   */
  apply(source: ResponseSource, computed?: ComputedValues): MappedResponse
  /** What each entry has, also where `apply` throws. Never throws. */
  look(source: ResponseSource, computed?: ComputedValues): Rec
}

export interface CompiledRecordMapping {
  /** `base` is what bare paths are relative to; it defaults to `root`. */
  computeCalls(root: unknown, base?: unknown): ComputeCall[]
  /** Never throws: a field that cannot be made is left out of `record` and listed in `errors`. */
  apply(root: unknown, base?: unknown, computed?: ComputedValues): { record: Rec; errors: MappingNote[] }
}

/**
 * Compiles the mapping of a response (specification 2.3).
 *
 * @throws DefinitionError
 */
export function compileResponseMapping(mapping: ResponseMapping, pointer: string): CompiledResponseMapping {
  return Array.isArray(mapping) ? compileArrayForm(mapping, pointer) : compileObjectForm(mapping, pointer)
}

function compileObjectForm(mapping: Record<string, FieldRule>, pointer: string): CompiledResponseMapping {
  const { read, collect } = compileFields(mapping, responseSite(pointer), compileResponseRule)
  return {
    computeCalls: (source) => collectCalls(collect, responseSubject(source)),
    apply: (source, computed) => {
      const subject = responseSubject(source, computed)
      const result = read(subject)
      return { result, outputs: result, notes: subject.notes }
    },
    look: (source, computed) => read(responseSubject(source, computed)),
  }
}

function compileArrayForm(mapping: readonly MappingEntry[], pointer: string): CompiledResponseMapping {
  const entries = mapping.map((entry, index) => {
    const site: RuleSite = { ...responseSite(under(pointer, index)), field: entry.name }
    return { entry, pointer: site.pointer, rule: compileResponseRule(entry.value, site) }
  })
  const collectors = entries.flatMap(({ rule }) => rule.collect ?? [])
  return {
    computeCalls: (source) => {
      const subject = responseSubject(source)
      return collectors.flatMap((collect) => collectCalls(collect, subject))
    },
    apply: (source, computed) => {
      const subject = responseSubject(source, computed)
      const outputs = entries.flatMap((compiled) => readEntry(compiled, subject))
      return { result: {}, outputs: Object.fromEntries(outputs), notes: subject.notes }
    },
    look: (source, computed) => {
      const subject = responseSubject(source, computed)
      const values = entries.map(({ entry, rule }): [string, unknown] => [entry.name, rule.read(subject)])
      return Object.fromEntries(values.filter(([, value]) => !(value instanceof RuleFault)))
    },
  }
}

function readEntry(
  { entry, pointer, rule }: { entry: MappingEntry; pointer: string; rule: CompiledRule },
  subject: Subject,
): [string, unknown][] {
  const value = rule.read(subject)
  if (value !== undefined && !(value instanceof RuleFault)) return [[entry.name, value]]
  const reason =
    value instanceof RuleFault ? value.reason : `the response holds nothing at ${placeOf(entry.value)}`
  if (readOwn(entry, 'optional') !== true) {
    const computedBy = value instanceof RuleFault ? value.fn : undefined
    throw new MiniAppError('EXTERNAL_API_ERROR', `"${entry.name}" has no value: ${reason}`, {
      path: pointer,
      ...(computedBy !== undefined && { details: { computedBy } }),
    })
  }
  if (value !== undefined)
    subject.notes.push({ field: entry.name, pointer, message: `"${entry.name}" is left out: ${reason}` })
  return []
}

/** Where a rule looks, as a message says it. */
function placeOf(rule: FieldRule): string {
  if (!isObject(rule)) return String(rule)
  const [path, paths, source] = ['path', 'paths', 'source'].map((name) => readOwn(rule, name))
  const places = path ?? (Array.isArray(paths) ? paths.join(', ') : 'its rule')
  return source === undefined || source === 'body' ? `${places}` : `${source} ${places}`
}

/** In a response mapping a string is a path only where it starts with `$`, otherwise a literal (specification 2.3). */
function compileResponseRule(rule: FieldRule, site: RuleSite): CompiledRule {
  if (typeof rule !== 'string') return compileRule(rule, site)
  return rule.startsWith('$') ? readPath(parsePath(rule, site.pointer)) : { read: () => rule }
}

/**
 * Compiles the field rules of a record (specification 2.4): `apiMapping`, `handlers.*.mapping`, `customerExtraction`.
 *
 * @throws DefinitionError
 */
export function compileRecordMapping(
  rules: Readonly<Record<string, FieldRule>>,
  pointer: string,
): CompiledRecordMapping {
  const { read, collect } = compileFields(rules, { pointer, isResponse: false, isArgument: false, depth: 0 })
  return {
    computeCalls: (root, base = root) => collectCalls(collect, recordSubject(root, base)),
    apply: (root, base = root, computed) => {
      const subject = recordSubject(root, base, computed)
      const record = read(subject)
      return { record, errors: subject.notes }
    },
  }
}

function collectCalls(collect: CompiledRule['collect'], subject: Subject): ComputeCall[] {
  const calls: ComputeCall[] = []
  collect?.(subject, calls)
  return calls
}

function responseSite(pointer: string): RuleSite {
  return { field: '', pointer, isResponse: true, isArgument: false, depth: 0 }
}

function responseSubject({ body, headers, status }: ResponseSource, computed?: ComputedValues): Subject {
  return { root: body, base: body, headers, status, computed, notes: [], prefix: '' }
}

function recordSubject(root: unknown, base: unknown, computed?: ComputedValues): Subject {
  return { root, base, headers: undefined, status: undefined, computed, notes: [], prefix: '' }
}
