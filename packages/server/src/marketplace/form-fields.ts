import type { ParameterSchema } from 'miniapp'

/** A field as the panel SDK draws it (specification 9, section 5); `fallback` and `options` are carried as extra keys. */
export interface PanelField {
  label: string
  type: string
  source?: string
  rules?: { required?: boolean; min?: number; max?: number; pattern?: string }
  defaultValue?: string
  items?: PanelField[]
  subForm?: Record<string, PanelField>
  description?: string
  fallback?: string
  dependsOn?: string[]
  options?: unknown[]
}

/** Nested objects and lists deeper than this are drawn as one JSON field. */
const DEEPEST_FIELD = 8

/** The form of an action's `parameters`, by field name. */
export function formFields(parameters: ParameterSchema | undefined, depth = 0): Record<string, PanelField> {
  const properties = Object.entries((parameters?.['properties'] ?? {}) as Record<string, ParameterSchema>)
  const required = listOf<string>(parameters?.['required'])
  return Object.fromEntries(
    properties.map(([name, schema]) => [
      name,
      fieldOf(schema, { name, required: required.includes(name), depth }),
    ]),
  )
}

function fieldOf(
  schema: ParameterSchema,
  { name, required, depth }: { name: string; required: boolean; depth: number },
): PanelField {
  const rules = rulesOf(schema, required)
  const { default: initial, description, enum: options, items } = schema
  const source = schema['x-source']
  const fallback = schema['x-fallback']
  const nested = depth < DEEPEST_FIELD
  return {
    label: typeof schema['title'] === 'string' ? schema['title'] : name,
    type: typeOf(schema),
    ...(typeof source === 'string' && { source }),
    ...(Object.keys(rules).length > 0 && { rules }),
    ...(initial !== undefined && {
      defaultValue: typeof initial === 'string' ? initial : JSON.stringify(initial),
    }),
    ...(nested &&
      items &&
      typeof items === 'object' && {
        items: [fieldOf(items as ParameterSchema, { name, required: false, depth: depth + 1 })],
      }),
    ...(nested && schema['properties'] !== undefined && { subForm: formFields(schema, depth + 1) }),
    ...(typeof description === 'string' && { description }),
    ...(typeof fallback === 'string' && { fallback }),
    ...(Array.isArray(schema['x-depends-on']) && { dependsOn: listOf<string>(schema['x-depends-on']) }),
    ...(Array.isArray(options) && { options }),
  }
}

function typeOf(schema: ParameterSchema): string {
  if (Array.isArray(schema['enum'])) return 'select'
  const { type } = schema
  if (Array.isArray(type)) return String(type.find((name) => name !== 'null') ?? 'string')
  return typeof type === 'string' ? type : 'string'
}

function rulesOf(schema: ParameterSchema, required: boolean): NonNullable<PanelField['rules']> {
  const number = (value: unknown) => (typeof value === 'number' ? value : undefined)
  const min = number(schema['minimum']) ?? number(schema['minLength']) ?? number(schema['minItems'])
  const max = number(schema['maximum']) ?? number(schema['maxLength']) ?? number(schema['maxItems'])
  const { pattern } = schema
  return {
    ...(required && { required }),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(typeof pattern === 'string' && { pattern }),
  }
}

function listOf<T>(value: unknown): T[] {
  return Array.isArray(value) ? (value as T[]) : []
}
