import type { z } from 'zod'
import type { Finding } from '../rules/codes.ts'
import { inDocumentOrder } from '../rules/document-order.ts'
import { jsonFindings } from '../schema/json-value.ts'
import { shapeFindings } from '../schema/shape-findings.ts'
import { unknownProperties } from '../schema/unknown-property.ts'

/** A JSON file of a package, parsed. */
export interface PackageFile {
  /** Relative to the package, such as `samples/order.created.json`. */
  file: string
  value: unknown
}

/** A file that was read; `value` is absent where its shape is wrong, and `findings` say how. */
export interface ReadFile<Value> {
  value?: Value & { file: string }
  findings: Finding[]
}

/** What is wrong with a file, with its name: pointers lead into the file, not into the definition. */
export function readFileOf<Value extends object>(
  schema: z.ZodType<Value>,
  { file, value }: PackageFile,
): ReadFile<Value> {
  const json = jsonFindings(value)
  const found =
    json.length > 0
      ? json
      : [...unknownProperties(schema, value).findings, ...shapeFindings(schema, value, 'The file')]
  if (found.length === 0) return { value: { ...(value as Value), file }, findings: [] }
  return { findings: inFile(file, inDocumentOrder(value, found)) }
}

export function inFile(file: string, findings: readonly Finding[]): Finding[] {
  return findings.map((one) => ({ ...one, file }))
}
