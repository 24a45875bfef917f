import type { FormField } from './document.ts'
import { DefinitionError } from './expression/definition-error.ts'
import { numberFromText } from './expression/json.ts'
import { isObject, type Rec, readOwn, setOwn } from './expression/own.ts'
import type { FieldError } from './input-messages.ts'
import { compilePattern } from './input-pattern.ts'
import { BOOLEAN_WORDS } from './input-scalar.ts'
import { labelOf } from './label.ts'
import { nearestName } from './schema/nearest-name.ts'
import { under } from './schema/pointer.ts'

export type ConnectFormOutcome =
  | {
      ok: true
      /** All values: submitted, kept and by default. */
      credentials: Rec
      /** Those that are neither password fields nor in `sensitiveKeys`. */
      userInput: Rec
    }
  | { ok: false; fields: FieldError[] }

/** @param stored `credentials` of the install, where there is one */
export type ReadConnectForm = (submitted: unknown, stored?: Rec) => ConnectFormOutcome

/**
 * Compiles the check of what is submitted to connect (specification 3.3): values are trimmed, names that are no fields
 * are refused, an empty secret field of an existing install keeps its stored value.
 *
 * @throws DefinitionError for a `pattern` that RE2 cannot compile
 */
export function compileConnectForm(
  form: Readonly<Record<string, FormField>>,
  sensitiveKeys: ReadonlySet<string>,
): ReadConnectForm {
  const fields = Object.entries(form).map(([name, field]) =>
    compileField(name, field, sensitiveKeys.has(name)),
  )
  return (submitted, stored = {}) => {
    if (!isObject(submitted ?? {}))
      return { ok: false, fields: [{ path: '', message: 'The form must be an object of fields' }] }
    const given = (submitted ?? {}) as Rec
    const errors = unknownNames(given, form)
    const credentials: Rec = {}
    const userInput: Rec = {}
    for (const field of fields) {
      const value = field.read(readOwn(given, field.name), readOwn(stored, field.name))
      if (value instanceof Fault)
        errors.push({ path: under('', field.name), message: `${field.label} ${value.reason}` })
      else if (value !== undefined) {
        setOwn(credentials, field.name, value)
        if (!field.isSecret) setOwn(userInput, field.name, value)
      }
    }
    return errors.length > 0 ? { ok: false, fields: errors } : { ok: true, credentials, userInput }
  }
}

/** Why a value is not accepted: the end of a sentence that begins with the field's label. */
class Fault {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

interface CompiledField {
  name: string
  label: string
  isSecret: boolean
  /** `undefined` where an optional field was left empty. */
  read(given: unknown, stored: unknown): unknown
}

function compileField(name: string, field: FormField, isSensitive: boolean): CompiledField {
  const kind = field.type ?? 'text'
  const isSecret = kind === 'password' || isSensitive
  const check = compileCheck(name, field)
  return {
    name,
    label: field.label?.trim() || labelOf(name),
    isSecret,
    read: (given, stored) => {
      const value = typeof given === 'string' ? given.trim() : given
      if (value !== undefined && value !== null && value !== '') return check(value)
      if (isSecret && stored !== undefined) return stored
      if (field.default !== undefined && field.default !== '') return check(field.default)
      if (kind === 'checkbox') return check(false)
      return field.required ? new Fault('is required') : undefined
    },
  }
}

type Check = (value: unknown) => unknown

function compileCheck(name: string, field: FormField): Check {
  const check = (CHECKS[field.type ?? 'text'] as (field: FormField) => Check)(field)
  if (field.pattern === undefined) return check
  const pattern = patternOf(field.pattern, name)
  return (value) => {
    const checked = check(value)
    if (checked instanceof Fault || pattern.test(String(checked))) return checked
    return new Fault(`does not have the expected form (${field.pattern})`)
  }
}

function patternOf(source: string, name: string) {
  try {
    return compilePattern(source, 'whole')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new DefinitionError(under('/auth/form', name, 'pattern'), `The pattern cannot be used: ${reason}`, {
      cause,
    })
  }
}

const text: Check = (value) =>
  typeof value === 'object' ? new Fault('must be text') : typeof value === 'string' ? value : String(value)

const CHECKS = {
  text: () => text,
  password: () => text,
  url: () => (value) => {
    const address = text(value)
    if (address instanceof Fault) return address
    const url = URL.parse(
      /^[a-z][a-z0-9+.-]*:\/\//i.test(String(address)) ? String(address) : `https://${address}`,
    )
    const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
    return isWeb && url.username === ''
      ? address
      : new Fault('must be a web address such as https://example.com')
  },
  number: () => (value) => {
    if (typeof value === 'number' && Number.isFinite(value)) return value
    return (typeof value === 'string' ? numberFromText(value) : undefined) ?? new Fault('must be a number')
  },
  select: ({ options = [] }) => {
    const choices = options.map((option) => (typeof option === 'string' ? option : option.value))
    return (value) =>
      choices.includes(String(value)) ? String(value) : new Fault(`must be one of: ${choices.join(', ')}`)
  },
  checkbox:
    ({ required }) =>
    (value) => {
      const ticked = typeof value === 'boolean' ? value : BOOLEAN_WORDS.get(String(value).toLowerCase())
      if (ticked === undefined) return new Fault('must be yes or no (true or false)')
      return required && !ticked ? new Fault('must be ticked') : ticked
    },
} satisfies Record<NonNullable<FormField['type']>, (field: FormField) => Check>

function unknownNames(given: Rec, form: Readonly<Record<string, FormField>>): FieldError[] {
  const known = Object.keys(form)
  return Object.keys(given)
    .filter((name) => !Object.hasOwn(form, name))
    .map((name) => {
      const nearest = nearestName(name, known)
      const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`
      return { path: under('', name), message: `"${name}" is no field of this form${hint}` }
    })
}
