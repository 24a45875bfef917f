import { connectForm } from '../compile-auth.ts'
import type { Definition, FormField } from '../document.ts'
import { labelOf } from '../label.ts'
import { under } from '../schema/pointer.ts'
import { keepsAuth } from './auth-type.ts'
import type { Comparison, DiffContext } from './comparison.ts'
import { byName, compareMembers } from './members.ts'
import { same } from './same.ts'
import { quoted } from './words.ts'

/** A field with everything that the format fills in. */
interface PlainField {
  name: string
  type: NonNullable<FormField['type']>
  label: string
  /** It has to be filled in: required, and nothing stands in for it. */
  demanded: boolean
  /** Never in `userInput`, so `{{name}}` cannot read it (3.2). */
  secret: boolean
  /** Values of a `select`. */
  choices: string[] | undefined
  texts: unknown
  /** What is shown for each choice. */
  choiceLabels: ReadonlyMap<string, string>
  pattern: string | undefined
  default: unknown
}

/** What the value is once it is stored. */
const STORED_AS = {
  text: 'text',
  password: 'text',
  url: 'text',
  select: 'text',
  number: 'number',
  checkbox: 'boolean',
} as const satisfies Record<PlainField['type'], string>

/** What is asked for on connecting (3.1); a derived form equals the same form written out. */
export const compareConnectForm: Comparison = (context) => {
  if (!keepsAuth(context)) return
  const { before, after, report } = context
  const { kept, removed, added } = compareMembers(fieldsOf(before), fieldsOf(after))
  for (const { name, before: field } of removed) {
    report(
      'form-field-removed',
      'before',
      fieldPlace(before, name),
      `The connect form no longer asks for ${quoted(field.label)}.`,
    )
  }
  for (const { name, after: field } of added) {
    const reason = field.demanded
      ? `Connecting needs ${quoted(field.label)}, which accounts connected earlier never gave: they have to be connected again.`
      : `The connect form also takes ${quoted(field.label)}.`
    report(
      field.demanded ? 'form-field-required' : 'form-field-added',
      'after',
      fieldPlace(after, name),
      reason,
    )
  }
  for (const pair of kept) compareField(context, pair.before, pair.after)
}

function compareField(context: DiffContext, before: PlainField, after: PlainField): void {
  const place = fieldPlace(context.after, after.name)
  const label = quoted(after.label)
  const report = (code: Parameters<DiffContext['report']>[0], reason: string) =>
    context.report(code, 'after', place, reason)
  if (STORED_AS[before.type] !== STORED_AS[after.type] || (before.secret && !after.secret)) {
    report(
      'form-field-type-changed',
      `${label} is kept in another way; accounts connected earlier have to be connected again.`,
    )
  } else if (
    before.type !== after.type ||
    before.pattern !== after.pattern ||
    before.secret !== after.secret
  ) {
    report('form-field-check-changed', `${label} is shown or checked in another way on connecting.`)
  }
  if (after.demanded && !before.demanded) {
    report('form-field-required', `${label} could be left empty and has to be filled in.`)
  }
  if (!after.demanded && before.demanded) report('form-field-widened', `${label} may be left empty.`)
  compareChoices(before, after, report)
  if (!same(before.default, after.default))
    report('behaviour-changed', `${label} starts with another value on connecting.`)
  if (!same(before.texts, after.texts) || renamesChoices(before, after))
    report('text-changed', `${label} is explained in other words.`)
}

function compareChoices(
  before: PlainField,
  after: PlainField,
  report: (code: 'form-field-narrowed' | 'form-field-widened', reason: string) => void,
): void {
  if (after.choices === undefined) {
    if (before.choices !== undefined && STORED_AS[after.type] === 'text')
      report('form-field-widened', `${quoted(after.label)} takes any text.`)
    return
  }
  const gone = before.choices?.filter((choice) => !after.choices?.includes(choice))
  if (gone === undefined || gone.length > 0) {
    report(
      'form-field-narrowed',
      `${quoted(after.label)} no longer takes ${gone === undefined ? 'any text' : gone.map(quoted).join(', ')}: accounts that use it cannot be connected again.`,
    )
  }
  if (before.choices && after.choices.some((choice) => !before.choices?.includes(choice)))
    report('form-field-widened', `${quoted(after.label)} offers more choices.`)
}

function renamesChoices(before: PlainField, after: PlainField): boolean {
  return [...after.choiceLabels].some(([value, label]) => (before.choiceLabels.get(value) ?? label) !== label)
}

function fieldsOf(definition: Definition): Map<string, PlainField> {
  const sensitive = new Set(definition.auth.sensitiveKeys)
  const fields = [...byName(connectForm(definition))].map(
    ([name, field]) => [name, plainField(name, field, sensitive)] as const,
  )
  return new Map(fields)
}

function plainField(name: string, field: FormField, sensitive: ReadonlySet<string>): PlainField {
  const { type = 'text', options } = field
  const fallback = field.default === '' ? undefined : field.default
  const choices = options?.map((option) =>
    typeof option === 'string' ? { value: option, label: option } : option,
  )
  const label = field.label?.trim() || labelOf(name)
  return {
    name,
    type,
    label,
    demanded: field.required === true && fallback === undefined,
    secret: type === 'password' || sensitive.has(name),
    choices: type === 'select' ? (choices ?? []).map(({ value }) => value) : undefined,
    texts: [label, field.placeholder, field.help],
    choiceLabels: new Map(choices?.map((choice) => [choice.value, choice.label])),
    pattern: field.pattern,
    default: fallback,
  }
}

/** A field that nothing gives is there for the secret of the verification (3.1). */
function fieldPlace({ auth }: Definition, name: string): string {
  if (Object.hasOwn(auth.form ?? {}, name)) return under('/auth/form', name)
  if (Object.hasOwn(auth.config ?? {}, name)) return under('/auth/config', name)
  return '/webhook/verification/secretKey'
}
