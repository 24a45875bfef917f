import type { AuthRequest, FieldRule, ResponseMapping, RuleObject, Step } from '../document.ts'
import { pathSegments } from '../expression/path.ts'
import { isRecord } from '../schema/branch.ts'

/** How a rule reads a text: what a bare one means, and whether `$.a` and `a` are the same value. */
export interface RuleReading {
  /** A text without `$` is a literal (response mappings, 2.3). */
  bareTextIsLiteral: boolean
  /** `$` is the root and not what bare paths start at. */
  rootIsElsewhere: boolean
}

export const RESPONSE: RuleReading = { bareTextIsLiteral: true, rootIsElsewhere: false }
export const RECORD: RuleReading = { bareTextIsLiteral: false, rootIsElsewhere: false }
/** Inside `fields` of `mapItems` both kinds of path start at the item (2.2). */
const ITEM = RECORD

/** A rule in its one plain form: equal exactly where two rules mean the same. */
export type PlainRule = Record<string, unknown>

/** Spellings of one path become one text. */
export function plainPath(source: string, rootIsElsewhere = false): string {
  const segments = pathSegments(source)
  if (segments === undefined) return source
  return `${rootIsElsewhere && source.startsWith('$') ? '$' : ''}${JSON.stringify(segments)}`
}

export function plainRule(rule: FieldRule, reading: RuleReading): PlainRule {
  if (typeof rule === 'string') {
    const isLiteral = reading.bareTextIsLiteral && !rule.startsWith('$')
    return isLiteral ? { value: rule } : { path: plainPath(rule, reading.rootIsElsewhere) }
  }
  return isRecord(rule) ? plainObject(rule, { ...reading, bareTextIsLiteral: false }) : { value: rule }
}

function plainObject(rule: RuleObject, reading: RuleReading): PlainRule {
  const { path, paths, transform, source, separator, scale, fields, args, ...rest } = rule
  const names = transformsOf(rule)
  const pathOf = (text: string) =>
    source === 'header' ? text.toLowerCase() : plainPath(text, reading.rootIsElsewhere)
  return {
    ...withoutExtras(rest),
    path: path && pathOf(path),
    paths: paths?.map(pathOf),
    transform: names.length > 0 ? names : undefined,
    source: source === 'body' ? undefined : source,
    separator: separator === ',' ? undefined : separator,
    scale: scale === 2 ? undefined : scale,
    fields: fields && plainRules(fields, ITEM),
    args: args && plainRules(args, reading),
  }
}

/** Transforms in order, without the `coalesce` that `paths` means anyway (2.4). */
export function transformsOf(rule: RuleObject): string[] {
  const names: string[] = [rule.transform ?? []].flat()
  return rule.paths !== undefined && names[0] === 'coalesce' ? names.slice(1) : names
}

export function plainRules(
  rules: Readonly<Record<string, FieldRule>>,
  reading: RuleReading,
): Record<string, PlainRule> {
  return Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, plainRule(rule, reading)]))
}

export function plainMapping(mapping: ResponseMapping | undefined): unknown {
  if (mapping === undefined) return {}
  if (!Array.isArray(mapping)) return plainRules(mapping, RESPONSE)
  return mapping.map(({ name, value, optional }) => ({
    name,
    value: plainRule(value, RESPONSE),
    optional: optional || undefined,
  }))
}

/** What a request is without saying it (4.2). */
const REQUEST_DEFAULTS = { type: 'http', bodyType: 'json', timeoutMs: 30_000 } as const
const RETRY_DEFAULTS = { attempts: 3 } as const
const LOOP_DEFAULTS = { limit: 100, concurrency: 5 } as const

/** A request without what it would be anyway; header names in small letters. */
export function plainRequest(request: Partial<AuthRequest>): Record<string, unknown> {
  const { headers, mapping, errorWhen, retry, forEach, when, ...rest } = request
  return {
    ...withoutDefaults(rest, REQUEST_DEFAULTS),
    headers: filled(lowerNames(headers)),
    queryParams: filled(rest.queryParams),
    mapping: plainMapping(mapping),
    errorWhen: errorWhen && {
      ...withoutExtras(errorWhen),
      path: plainPath(errorWhen.path),
      message: errorWhen.message && plainPath(errorWhen.message),
    },
    when: when && { ...withoutExtras(when), path: when.path && plainPath(when.path) },
    retry: retry && filled(withoutDefaults(retry, RETRY_DEFAULTS)),
    forEach: forEach && withoutDefaults(forEach, LOOP_DEFAULTS),
  }
}

/** A step without what it would be anyway. */
export function plainStep(step: Step): Record<string, unknown> {
  if (step.type !== 'function') return plainRequest(step)
  const { args = {}, ...rest } = step
  return { ...withoutExtras(rest), args }
}

export function lowerNames(
  headers: Readonly<Record<string, string>> | undefined,
): Record<string, string> | undefined {
  return (
    headers && Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  )
}

/** An object without its extras (1.1) and without members that only say the default. */
export function withoutDefaults(
  value: object,
  defaults: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(withoutExtras(value)).filter(
      ([name, member]) => !Object.hasOwn(defaults, name) || member !== defaults[name],
    ),
  )
}

/** An object without the notes whose names start with `x-` (1.1). */
export function withoutExtras(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !name.startsWith('x-')))
}

/** An object without members counts as absent. */
function filled(value: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  return value && Object.keys(value).length > 0 ? value : undefined
}
