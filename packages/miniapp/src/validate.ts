import type { Definition } from './document.ts'
import type { Sample } from './package/sample.ts'
import type { Finding, ValidationLevel } from './rules/codes.ts'
import { inDocumentOrder } from './rules/document-order.ts'
import type { SubmittedBy } from './rules/rule.ts'
import { ruleFindings } from './rules/rules.ts'
import { app } from './schema/app.ts'
import { jsonFindings } from './schema/json-value.ts'
import { shapeFindings } from './schema/shape-findings.ts'
import { unknownProperties } from './schema/unknown-property.ts'

export type { Finding, FindingCode, Severity, ValidationLevel } from './rules/codes.ts'

export type { SubmittedBy } from './rules/rule.ts'

export interface ValidateOptions {
  /** Default `consistency`. */
  level?: ValidationLevel
  /** Who hands the document in; default `partner`. First-party fields are the operator's alone at level `submission`. */
  by?: SubmittedBy
  /** Deliveries that the package of the document holds; triggers are checked against them. Default none. */
  samples?: readonly Sample[]
}

/**
 * Everything that is wrong or doubtful in a document, in one run, ordered by place. Takes any value and never throws.
 * Where parts have no usable shape, the consistency of the other parts is still checked.
 */
export function validate(
  document: unknown,
  { level = 'consistency', by = 'partner', samples = [] }: ValidateOptions = {},
): Finding[] {
  const json = jsonFindings(document)
  if (json.length > 0) return json
  const unknown = unknownProperties(app, document)
  const meant = new Set(unknown.meant)
  // What is missing because its name is mistyped is told once, where the name stands.
  const shape = shapeFindings(app, document).filter(
    ({ code, path }) => code !== 'missing-property' || !meant.has(path),
  )
  const broken = [...shape.map((one) => one.path), ...meant]
  const ruled = level === 'schema' ? [] : ruleFindings(document, broken, { level, by, samples })
  return inDocumentOrder(document, [...unknown.findings, ...shape, ...ruled])
}

/** The document with its type, where validation finds no error; warnings and notes come along in `findings`. */
export function parseDefinition(
  document: unknown,
  options: ValidateOptions = {},
): { definition?: Definition; findings: Finding[] } {
  const findings = validate(document, options)
  if (findings.some((one) => one.severity === 'error')) return { findings }
  return { definition: document as Definition, findings }
}
