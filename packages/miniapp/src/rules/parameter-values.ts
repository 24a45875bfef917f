import type { ParameterSchema } from '../document.ts'
import { equalJson } from '../expression/equal-json.ts'

/** Whether a value is one of a type of JSON Schema. */
const IS_OF_TYPE: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: Array.isArray,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

/** Why a parameter can never have this value; `undefined` where it can, or where that is not plain to see. */
export function whyNever(schema: ParameterSchema, value: unknown): string | undefined {
  const { type, enum: choices } = schema
  const types = typeof type === 'string' ? [type] : (type ?? [])
  if (types.length > 0 && types.every((name) => IS_OF_TYPE[name]?.(value) === false)) {
    return `it is always of the type ${types.map((name) => `\`${name}\``).join(' or ')}`
  }
  if (Array.isArray(choices) && !choices.some((choice) => equalJson(choice, value))) {
    return `it is one of ${choices.map((choice) => `\`${JSON.stringify(choice)}\``).join(', ')}`
  }
  return undefined
}
