import { Ajv, type ErrorObject } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { listed, type Rule } from './rule.ts'

/** `parameters` is a JSON Schema, in the vocabulary of draft-07 or of 2020-12 (4.1). */
export const parametersAreJsonSchema: Rule = ({ survey, report }) => {
  for (const { parameters } of survey.actions) {
    if (parameters.value === undefined) continue
    const seen = new Set<string>()
    for (const error of schemaErrors(parameters.value)) {
      if (seen.has(error.instancePath)) continue
      seen.add(error.instancePath)
      const name = error.instancePath.slice(error.instancePath.lastIndexOf('/') + 1) || 'parameters'
      report(
        'invalid-parameters',
        parameters.pointer + error.instancePath,
        `\`${name}\` is not what JSON Schema allows here: it ${explain(error)}.`,
      )
    }
  }
}

let dialects: { latest: Ajv2020; draft7: Ajv } | undefined

function schemaErrors({ $schema, ...schema }: Record<string, unknown>): ErrorObject[] {
  const options = { strict: false, validateFormats: false, allErrors: true, logger: false } as const
  dialects ??= { latest: new Ajv2020(options), draft7: new Ajv(options) }
  const { latest, draft7 } = dialects
  if (typeof $schema === 'string' && /draft-0[4-7]/.test($schema)) return errorsOf(draft7, schema)
  const errors = errorsOf(latest, schema)
  return errors.length > 0 && $schema === undefined && errorsOf(draft7, schema).length === 0 ? [] : errors
}

function errorsOf(dialect: Ajv | Ajv2020, schema: Record<string, unknown>): ErrorObject[] {
  return dialect.validateSchema(schema) === true ? [] : [...(dialect.errors ?? [])]
}

function explain(error: ErrorObject): string {
  const allowed: unknown = error.params['allowedValues']
  return Array.isArray(allowed)
    ? `must be one of ${listed(allowed.map(String))}`
    : (error.message ?? 'is not allowed')
}
