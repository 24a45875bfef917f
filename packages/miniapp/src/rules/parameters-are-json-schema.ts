import type { ErrorObject } from 'ajv'
import { compilePattern } from '../input-pattern.ts'
import { pointerSegments, under } from '../schema/pointer.ts'
import { valueAt } from '../schema/walk.ts'
import { isSchema as latest } from './dialect-2020-12.generated.ts'
import { isSchema as draft7 } from './dialect-draft-07.generated.ts'
import { type ParameterSite, parameterSites } from './parameter-sites.ts'
import { listed, type Rule, type RuleContext } from './rule.ts'

/** `parameters` is a JSON Schema, in the vocabulary of draft-07 or of 2020-12 (4.1). */
export const parametersAreJsonSchema: Rule = (context) => {
  const { survey, report } = context
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
        `\`${name}\` is not what JSON Schema allows here: it ${explain(error, valueAt(parameters.value, pointerSegments(error.instancePath)))}.`,
      )
    }
    for (const site of parameterSites(parameters)) checkPattern(site, context)
  }
}

/** As ajv compiles one; see `scripts/generate-dialects.ts`. */
interface SchemaCheck {
  (schema: unknown): boolean
  errors?: ErrorObject[] | null
}

const LATEST: SchemaCheck = latest
const DRAFT_7: SchemaCheck = draft7

function schemaErrors({ $schema, ...schema }: Record<string, unknown>): ErrorObject[] {
  if (typeof $schema === 'string' && /draft-0[4-7]/.test($schema)) return errorsOf(DRAFT_7, schema)
  const errors = errorsOf(LATEST, schema)
  return errors.length > 0 && $schema === undefined && errorsOf(DRAFT_7, schema).length === 0 ? [] : errors
}

function errorsOf(check: SchemaCheck, schema: Record<string, unknown>): ErrorObject[] {
  return check(schema) ? [] : [...(check.errors ?? [])]
}

/** Types of other forms → what JSON Schema writes. */
const OTHER_TYPES: Readonly<Record<string, string>> = {
  bool: '"type": "boolean"',
  date: '"type": "string", "format": "date"',
  datetime: '"type": "string", "format": "date-time"',
  email: '"type": "string", "format": "email"',
  file: '"type": "string"',
  float: '"type": "number"',
  int: '"type": "integer"',
  list: '"type": "array"',
  select: '"type": "string", "enum": […]',
  text: '"type": "string"',
  textarea: '"type": "string", "format": "textarea"',
  url: '"type": "string", "format": "uri"',
}

/** Of the parser, in the words of the other findings. */
const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: '`true` or `false`',
  integer: 'a whole number (integer)',
  number: 'a number',
  object: 'an object',
  string: 'a text',
}

function explain(error: ErrorObject, value: unknown): string {
  const allowed: unknown = error.params['allowedValues']
  const other = typeof value === 'string' ? OTHER_TYPES[value.toLowerCase()] : undefined
  if (Array.isArray(allowed))
    return `must be one of ${listed(allowed.map(String))}${other === undefined ? '' : `: write \`${other}\``}`
  const kind = KINDS[String(error.params['type'])]
  return kind === undefined ? (error.message ?? 'is not allowed') : `must be ${kind}`
}

/** Patterns are run on RE2, which has no look-around and no back references. */
function checkPattern({ pointer, schema }: ParameterSite, { report }: RuleContext): void {
  if (typeof schema['pattern'] !== 'string') return
  try {
    compilePattern(schema['pattern'])
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    report(
      'invalid-parameters',
      under(pointer, 'pattern'),
      `\`pattern\` is no regular expression that can be used (RE2: ${reason}); there is no look-around and no back reference.`,
    )
  }
}
