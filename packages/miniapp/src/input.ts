import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { ParameterSchema } from './document.ts'
import { DefinitionError } from './expression/definition-error.ts'
import type { Rec } from './expression/own.ts'
import { type CoercionNotes, compileCoercion } from './input-coercion.ts'
import { type FieldError, toFieldErrors } from './input-messages.ts'
import { compilePattern } from './input-pattern.ts'
import { toDraft2020 } from './input-schema.ts'

export type InputOutcome = { ok: true; input: Rec } | { ok: false; fields: FieldError[] }

/** What the validator calls for `pattern` and `patternProperties`; `code` is its name in generated code. */
const patternEngine = Object.assign((pattern: string) => compilePattern(pattern), { code: 'compilePattern' })

/**
 * Compiles the check of form input against an action's `parameters` (specification 4.1): coercion of texts, defaults,
 * unknown inputs dropped, then JSON Schema in the vocabularies of draft-07 and 2020-12. Compiling takes some
 * milliseconds, a call some microseconds.
 *
 * @throws DefinitionError where the schema is none, or a `pattern` is beyond RE2 (look-around, back references)
 */
export function compileInput(parameters: ParameterSchema, pointer: string): (raw: unknown) => InputOutcome {
  try {
    return compileChecked(toDraft2020({ type: 'object', ...parameters }))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new DefinitionError(pointer, `The parameters are no JSON Schema that can be used: ${reason}`, {
      cause,
    })
  }
}

function compileChecked(schema: Rec): (raw: unknown) => InputOutcome {
  // One instance for each schema: instances keep what they compile, and `$id`s of different definitions may be equal.
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: false,
    ownProperties: true,
    validateSchema: false,
    meta: false,
    logger: false,
    code: { regExp: patternEngine },
  })
  addFormats.default(ajv)
  const validate = ajv.compile(schema)
  const coerce = compileCoercion(schema)
  const check = (raw: unknown): InputOutcome => {
    const notes: CoercionNotes = { exactDigits: new Set(), blank: new Set() }
    const input = coerce(raw ?? {}, '', notes)
    if (validate(input)) return { ok: true, input: input as Rec }
    const fields = toFieldErrors(validate.errors ?? [], notes)
    return fields.length === 0 ? { ok: true, input: input as Rec } : { ok: false, fields }
  }
  return (raw) => {
    try {
      return check(raw)
    } catch (error) {
      // A schema that refers to itself follows the input however deep it is.
      if (!(error instanceof RangeError)) throw error
      return { ok: false, fields: [{ path: '', message: 'The input is nested too deeply' }] }
    }
  }
}
