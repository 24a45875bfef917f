import type { ParameterSchema } from '../document.ts'
import { isRecord } from '../schema/branch.ts'
import { under } from '../schema/pointer.ts'
import type { Part } from './survey.ts'

export interface ParameterSite {
  pointer: string
  schema: ParameterSchema
}

/** Keywords whose value is a schema, a list of schemas, or schemas by name. */
const SUBSCHEMA_KEYWORDS = [
  'items',
  'prefixItems',
  'contains',
  'additionalProperties',
  'not',
  'if',
  'then',
  'else',
  'allOf',
  'anyOf',
  'oneOf',
] as const
const SUBSCHEMA_RECORDS = [
  'properties',
  'patternProperties',
  'dependentSchemas',
  '$defs',
  'definitions',
] as const

/** Every schema inside `parameters`, itself included. */
export function parameterSites(parameters: Part<ParameterSchema>): ParameterSite[] {
  const found: ParameterSite[] = []
  const visit = (schema: unknown, pointer: string): void => {
    if (Array.isArray(schema)) {
      schema.forEach((one, index) => {
        visit(one, under(pointer, index))
      })
      return
    }
    if (!isRecord(schema)) return
    found.push({ pointer, schema: schema as ParameterSchema })
    for (const keyword of SUBSCHEMA_KEYWORDS) {
      if (schema[keyword] !== undefined) visit(schema[keyword], under(pointer, keyword))
    }
    for (const keyword of SUBSCHEMA_RECORDS) {
      const schemas = schema[keyword]
      if (!isRecord(schemas)) continue
      for (const [name, one] of Object.entries(schemas)) visit(one, under(pointer, keyword, name))
    }
  }
  visit(parameters.value, parameters.pointer)
  return found
}
