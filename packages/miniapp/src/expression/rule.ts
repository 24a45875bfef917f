import type { FieldRule, RuleObject, TransformName } from '../schema/mapping.ts'
import { under } from '../schema/pointer.ts'
import { DefinitionError } from './definition-error.ts'
import { isObject, objectBuilder, type Rec, readOwn, typeName } from './own.ts'
import { compileOrigin, type Origin, parsePath, readPath } from './rule-origin.ts'
import { type CompiledRule, type ComputeCall, RuleFault, type RuleSite, type Subject } from './subject.ts'
import { type ApplyTransform, Refusal, TRANSFORMS } from './transform.ts'

/** Notes that one mapping keeps: an array of a thousand bad items needs no thousand notes. */
export const MAX_NOTES = 100

/** Levels of `mapItems` inside `mapItems`. */
const MAX_RULE_DEPTH = 20

/** @throws DefinitionError for a path that does not parse, an unknown transform or a setting that makes no sense. */
export function compileRule(rule: FieldRule, site: RuleSite): CompiledRule {
  if (typeof rule === 'string') return readPath(parsePath(rule, site.pointer))
  if (!isObject(rule)) return { read: () => rule }
  if (site.depth > MAX_RULE_DEPTH) {
    throw new DefinitionError(site.pointer, `rules are nested at most ${MAX_RULE_DEPTH} levels deep`)
  }
  return compileRuleObject(rule as RuleObject, site)
}

/** Several rules that make one object; a field without a value is left out, one with a fault is noted besides. */
export interface CompiledFields {
  read(subject: Subject): Rec
  collect?: CompiledRule['collect']
}

export function compileFields(
  rules: Readonly<Record<string, FieldRule>>,
  site: Omit<RuleSite, 'field'>,
  compile: typeof compileRule = compileRule,
): CompiledFields {
  const fields = Object.keys(rules).map((field) => {
    const pointer = under(site.pointer, field)
    return { field, pointer, rule: compile(rules[field] as FieldRule, { ...site, field, pointer }) }
  })
  const read = objectBuilder<Subject>(
    fields.map(({ field }) => field),
    fields.map(({ field, pointer, rule }) =>
      isObject(rules[field]) ? withoutFault(rule, field, pointer) : rule.read,
    ),
  )
  const collectors = fields.flatMap(({ rule }) => rule.collect ?? [])
  if (collectors.length === 0) return { read }
  return {
    read,
    collect: (subject, calls) => {
      for (const collect of collectors) collect(subject, calls)
    },
  }
}

/** Only rule objects can have faults: a path that selects nothing has no value, and that is none. */
function withoutFault(rule: CompiledRule, field: string, pointer: string): CompiledRule['read'] {
  return (subject) => {
    const value = rule.read(subject)
    if (!(value instanceof RuleFault)) return value
    if (subject.notes.length < MAX_NOTES) {
      const name = subject.prefix + field
      subject.notes.push({ field: name, pointer, message: `"${name}" is left out: ${value.reason}` })
    }
    return undefined
  }
}

function compileRuleObject(rule: RuleObject, site: RuleSite): CompiledRule {
  const names = transformNames(rule, site)
  const origin: Origin =
    names[0] === 'compute'
      ? { ...compileCompute(rule, site), multiple: false, transformsDone: 1 }
      : compileOrigin(rule, names, site)
  const steps = names.slice(origin.transformsDone).map((name) => compileStep(name, rule, origin, site))
  const fallback = readOwn(rule, 'default')
  const read = (subject: Subject): unknown => {
    const value = runSteps(origin.read(subject), steps, subject)
    return (value === undefined || value === null) && fallback !== undefined ? fallback : value
  }
  const collectors = [origin.collect, collectFromItems(origin, steps, site)].filter(
    (collect) => collect !== undefined,
  )
  return collectors.length === 0
    ? { read }
    : { read, collect: (...given) => collectors.forEach((collect) => void collect(...given)) }
}

function transformNames(rule: RuleObject, site: RuleSite): TransformName[] {
  const names = [readOwn(rule, 'transform') ?? []].flat() as TransformName[]
  for (const [index, name] of names.entries()) {
    if (name === 'compute' && index > 0)
      throw new DefinitionError(site.pointer, '"compute" stands first in a list of transforms')
    if (name !== 'compute' && name !== 'mapItems' && !Object.hasOwn(TRANSFORMS, name)) {
      throw new DefinitionError(site.pointer, `there is no transform "${name}"`)
    }
  }
  return names
}

interface Step {
  name: TransformName
  toMissing: boolean
  apply(value: unknown, subject: Subject): unknown
  /** Of `mapItems` whose fields compute. */
  collect?: (value: unknown, subject: Subject, calls: ComputeCall[]) => void
}

function compileStep(name: TransformName, rule: RuleObject, origin: Origin, site: RuleSite): Step {
  if (name === 'mapItems') return compileMapItems(rule, site)
  const transform = TRANSFORMS[name as keyof typeof TRANSFORMS]
  const own = (setting: keyof RuleObject) => readOwn(rule, setting)
  const settings = {
    separator: own('separator') as string | undefined,
    field: own('field') as string | undefined,
    scale: own('scale') as number | undefined,
    timezone: own('timezone') as string | undefined,
    country: own('country') as string | undefined,
    multiple: origin.multiple,
  }
  return {
    name,
    toMissing: transform.toMissing,
    apply: compileTransform(() => transform.compile(settings), site),
  }
}

function compileTransform(compile: () => ApplyTransform, site: RuleSite): ApplyTransform {
  try {
    return compile()
  } catch (cause) {
    throw new DefinitionError(site.pointer, cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

function runSteps(origin: unknown, steps: readonly Step[], subject: Subject): unknown {
  let value = origin
  for (const step of steps) {
    if (value instanceof RuleFault) return value
    if ((value === undefined || value === null) && !step.toMissing) continue
    const next = step.apply(value, subject)
    if (next instanceof Refusal)
      return new RuleFault(`the transform "${step.name}" takes ${next.expected}, not ${typeName(value)}`)
    value = next
  }
  return value
}

const ITEMS = new Refusal('an array')

/** Items without `fields` stay as they are; with them, `$` and bare paths start at the item. */
function compileMapItems(rule: RuleObject, site: RuleSite): Step {
  const rules = readOwn(rule, 'fields') as Record<string, FieldRule> | undefined
  if (rules === undefined)
    return { name: 'mapItems', toMissing: false, apply: (value) => (Array.isArray(value) ? value : ITEMS) }
  const fields = compileFields(rules, {
    ...site,
    pointer: under(site.pointer, 'fields'),
    isResponse: false,
    depth: site.depth + 1,
  })
  const { collect } = fields
  const item = (subject: Subject, root: unknown, index: number): Subject => {
    return { ...subject, root, base: root, prefix: `${subject.prefix}${site.field}[${index}].` }
  }
  const step: Step = {
    name: 'mapItems',
    toMissing: false,
    apply: (value, subject) =>
      Array.isArray(value)
        ? value.map((element, index) => fields.read(item(subject, element, index)))
        : ITEMS,
  }
  if (collect === undefined) return step
  return {
    ...step,
    collect: (value, subject, calls) => {
      if (Array.isArray(value))
        for (const [index, element] of value.entries()) collect(item(subject, element, index), calls)
    },
  }
}

function collectFromItems(origin: Origin, steps: readonly Step[], site: RuleSite): CompiledRule['collect'] {
  const index = steps.findIndex((step) => step.collect !== undefined)
  const collect = steps[index]?.collect
  if (collect === undefined) return undefined
  if (origin.collect !== undefined) {
    throw new DefinitionError(site.pointer, 'the items of a "compute" result cannot be computed again')
  }
  const before = steps.slice(0, index)
  return (subject, calls) => collect(runSteps(origin.read(subject), before, subject), subject, calls)
}

function compileCompute(rule: RuleObject, site: RuleSite): CompiledRule {
  const fn = readOwn(rule, 'fn')
  if (typeof fn !== 'string')
    throw new DefinitionError(site.pointer, 'a rule with "compute" names its function in "fn"')
  if (site.isArgument)
    throw new DefinitionError(site.pointer, 'an argument of "compute" cannot be computed itself')
  const readArgs = compileArguments((readOwn(rule, 'args') ?? {}) as Record<string, FieldRule>, site)
  const idOf = (subject: Subject) => `${site.pointer} ${subject.prefix}`
  return {
    read: (subject) => {
      const args = readArgs(subject)
      return args instanceof RuleFault ? args : resultOf(fn, subject.computed?.get(idOf(subject)))
    },
    collect: (subject, calls) => {
      const args = readArgs(subject)
      if (!(args instanceof RuleFault)) calls.push({ id: idOf(subject), fn, args })
    },
  }
}

/** Arguments without a value are left out; the first that has a fault keeps the function from being called. */
function compileArguments(
  args: Record<string, FieldRule>,
  site: RuleSite,
): (subject: Subject) => Rec | RuleFault {
  const rules = Object.keys(args).map((name) => {
    const pointer = under(site.pointer, 'args', name)
    return {
      name,
      rule: compileRule(args[name] as FieldRule, {
        ...site,
        pointer,
        isArgument: true,
        depth: site.depth + 1,
      }),
    }
  })
  return (subject) => {
    const entries: [string, unknown][] = []
    for (const { name, rule } of rules) {
      const value = rule.read(subject)
      if (value instanceof RuleFault) return new RuleFault(`argument "${name}": ${value.reason}`)
      if (value !== undefined) entries.push([name, value])
    }
    return Object.fromEntries(entries)
  }
}

function resultOf(fn: string, returned: unknown): unknown {
  if (returned === undefined) return new RuleFault(`the function "${fn}" gave no result`, fn)
  if (returned instanceof Error) return new RuleFault(`the function "${fn}" failed: ${returned.message}`, fn)
  const value = readOwn(returned, 'value')
  return value === undefined ? new RuleFault(`the result of the function "${fn}" has no "value"`, fn) : value
}
