import type { Definition, ParameterSchema } from '../document.ts'
import { isObject, type Rec } from '../expression/own.ts'
import { under } from '../schema/pointer.ts'
import type { ActionPair } from './action-pairs.ts'
import type { ChangeCode } from './codes.ts'
import type { DiffContext } from './comparison.ts'
import { canonicalSchema, type PlainSchema } from './parameter-schema.ts'
import { type AcceptanceChange, compareAcceptance } from './parameter-values.ts'
import { differing, same } from './same.ts'
import { offerTheSame } from './sources.ts'
import { quoted } from './words.ts'

/** Two objects of a form: the form itself, or a parameter that has fields of its own. */
interface Level {
  context: DiffContext
  pair: ActionPair
  before: PlainSchema
  after: PlainSchema
  /** Below `parameters`, in both documents. */
  pointer: string
  /** Names above, as a reason shows them: `address.`. */
  inside: string
}

const TEXTS = ['title', 'description', 'examples', 'deprecated', 'readOnly', 'writeOnly'] as const

/** What has to be given to an action, and what may be (4.1). */
export function compareParameters(context: DiffContext, pair: ActionPair): void {
  const [before, after] = [formSchema(pair.before.parameters), formSchema(pair.after.parameters)]
  if (same(before, after)) return
  compareLevel({ context, pair, before, after, pointer: '', inside: '' })
}

function formSchema(parameters: ParameterSchema | undefined): PlainSchema {
  return canonicalSchema({ type: 'object', ...parameters })
}

function compareLevel(level: Level): void {
  const { before, after } = level
  const [from, to] = [propertiesOf(before), propertiesOf(after)]
  for (const [name, schema] of Object.entries(from)) {
    const now = Object.hasOwn(to, name) ? to[name] : undefined
    if (now === undefined) removedParameter(level, name)
    else compareParameter(level, name, schema, now)
  }
  for (const [name, schema] of Object.entries(to)) {
    if (!Object.hasOwn(from, name)) addedParameter(level, name, schema)
  }
  for (const change of compareAcceptance(before, after)) reportAcceptance(level, change)
  const subject = level.inside === '' ? 'The form' : quoted(level.inside.slice(0, -1))
  if (level.inside === '' && differing(TEXTS, before, after).length > 0)
    report(level, 'text-changed', level.pointer, `${subject} of ${titleOf(level)} has other texts.`)
}

function removedParameter(level: Level, name: string): void {
  level.context.report(
    'parameter-removed',
    'before',
    `${level.pair.beforePointer}/parameters${under(level.pointer, 'properties', name)}`,
    `${titleOf(level)} no longer takes ${level.inside}${name}: what is given for it is dropped.`,
  )
}

function addedParameter(level: Level, name: string, schema: PlainSchema): void {
  const isDemanded = demands(level.after, name)
  report(
    level,
    isDemanded ? 'required-parameter-added' : 'parameter-added',
    under(level.pointer, 'properties', name),
    isDemanded
      ? `${titleOf(level)} fails without ${level.inside}${name}${labelOf(schema)}, which nobody gives yet.`
      : `${titleOf(level)} also takes ${level.inside}${name}${labelOf(schema)}.`,
  )
}

function compareParameter(level: Level, name: string, before: PlainSchema, after: PlainSchema): void {
  const pointer = under(level.pointer, 'properties', name)
  const subject = `${level.inside}${name} of ${titleOf(level)}`
  const [was, is] = [demands(level.before, name), demands(level.after, name)]
  if (is && !was) report(level, 'parameter-made-required', pointer, `${subject} has to be given.`)
  if (was && !is) report(level, 'parameter-made-optional', pointer, `${subject} may be left out.`)
  if (!same(before['default'], after['default']) && was === is)
    report(
      level,
      'parameter-default-changed',
      pointer,
      `Another value stands for ${subject} where it is left out.`,
    )
  compareOptions(level, pointer, before, after)
  if (differing(TEXTS, before, after).length > 0)
    report(level, 'text-changed', pointer, `${subject} is explained in other words.`)
  if (differing(['x-path', 'x-depends-on', 'x-fallback'], before, after).length > 0)
    report(level, 'behaviour-changed', pointer, `${subject} is asked for or sent in another way.`)
  const nested = { ...level, before, after, pointer, inside: `${level.inside}${name}.` }
  if (isForm(before) && isForm(after)) {
    compareLevel(nested)
    return
  }
  const [items, itemsNow] = [before['items'], after['items']]
  if (!isForm(items) || !isForm(itemsNow)) {
    for (const change of compareAcceptance(before, after)) reportAcceptance(nested, change)
    return
  }
  const { items: _, ...list } = before
  const { items: __, ...listNow } = after
  for (const change of compareAcceptance(list, listNow)) reportAcceptance(nested, change)
  const inside = `${level.inside}${name}[].`
  compareLevel({ ...level, before: items, after: itemsNow, pointer: `${pointer}/items`, inside })
}

function isForm(schema: unknown): schema is PlainSchema {
  return isObject(schema) && schema['type'] === 'object' && isObject(schema['properties'])
}

/** Another dropdown may offer values of another kind, so that stored choices mean something else. */
function compareOptions(level: Level, pointer: string, before: PlainSchema, after: PlainSchema): void {
  const [from, to] = [before['x-source'], after['x-source']]
  if (from === to) return
  const subject = `${level.inside}${pointer.slice(pointer.lastIndexOf('/') + 1)} of ${titleOf(level)}`
  const isSame = offerTheSame(sourceOf(level.context.before, from), sourceOf(level.context.after, to))
  if (from !== undefined && to !== undefined && !isSame)
    report(
      level,
      'option-values-changed',
      pointer,
      `${subject} offers the options of another source: choices that were stored may mean something else.`,
    )
  else report(level, 'behaviour-changed', pointer, `${subject} offers its options in another way.`)
}

function sourceOf({ source = {} }: Definition, key: unknown) {
  return typeof key === 'string' && Object.hasOwn(source, key) ? source[key] : undefined
}

const ACCEPTANCE_CODES = {
  type: 'parameter-type-changed',
  narrowed: 'parameter-narrowed',
  widened: 'parameter-widened',
  unclear: 'parameter-rules-changed',
  shown: 'behaviour-changed',
} as const satisfies Record<AcceptanceChange['effect'], ChangeCode>

function reportAcceptance(level: Level, change: AcceptanceChange): void {
  const name = level.inside === '' ? 'The form' : level.inside.slice(0, -1)
  report(
    level,
    ACCEPTANCE_CODES[change.effect],
    level.pointer + change.pointer,
    `${name} of ${titleOf(level)} ${change.says}.`,
  )
}

function report({ context, pair }: Level, code: ChangeCode, pointer: string, reason: string): void {
  context.report(code, 'after', `${pair.afterPointer}/parameters${pointer}`, reason)
}

function propertiesOf(schema: PlainSchema): Record<string, PlainSchema> {
  return (schema['properties'] as Record<string, PlainSchema> | undefined) ?? {}
}

/** Whether a call without the parameter fails: defaults are filled in before anything is checked. */
function demands(schema: PlainSchema, name: string): boolean {
  const required = (schema['required'] as string[] | undefined) ?? []
  const property = propertiesOf(schema)[name]
  return required.includes(name) && !Object.hasOwn(property ?? {}, 'default')
}

function titleOf({ pair }: Level): string {
  return quoted(pair.after.title)
}

function labelOf(schema: Rec): string {
  return typeof schema['title'] === 'string' ? ` (${schema['title']})` : ''
}
