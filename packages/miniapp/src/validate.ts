import type { Definition } from './document.ts'
import type { Finding } from './rules/codes.ts'
import { inDocumentOrder } from './rules/document-order.ts'
import { consistencyFindings } from './rules/rules.ts'
import { app } from './schema/app.ts'
import { jsonFindings } from './schema/json-value.ts'
import { shapeFindings } from './schema/shape-findings.ts'
import { unknownProperties } from './schema/unknown-property.ts'

export type { Finding, FindingCode, Severity } from './rules/codes.ts'

/** Each level includes the one before (specification 1.2). */
export type ValidationLevel = 'schema' | 'consistency'

export interface ValidateOptions {
  /** Default `consistency`. */
  level?: ValidationLevel
}

/**
 * Everything that is wrong or doubtful in a document, in one run, ordered by place. Takes any value and never throws.
 * Where parts have no usable shape, the consistency of the other parts is still checked.
 */
export function validate(document: unknown, { level = 'consistency' }: ValidateOptions = {}): Finding[] {
  const json = jsonFindings(document)
  if (json.length > 0) return json
  const unknown = unknownProperties(app, document)
  const shape = shapeFindings(app, document)
  const broken = [...shape.map((one) => one.path), ...unknown.meant]
  const consistency = level === 'consistency' ? consistencyFindings(document, broken) : []
  return inDocumentOrder(document, [...unknown.findings, ...shape, ...consistency])
}

/** The document with its type, where validation finds no error; warnings and notes come along in `findings`. */
export function parseDefinition(document: unknown): { definition?: Definition; findings: Finding[] } {
  const findings = validate(document)
  if (findings.some((one) => one.severity === 'error')) return { findings }
  return { definition: document as Definition, findings }
}
