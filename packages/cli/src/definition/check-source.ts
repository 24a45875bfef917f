import type { Finding, ValidateOptions } from 'miniapp/validate'
import { type Position, positionAt } from './code-frame.ts'
import type { Source } from './read-source.ts'
import type { Part, Span, SyntaxFault } from './source-document.ts'

/** A finding with its place in the file. What is no document at all is at no pointer. */
export interface PlacedFinding extends Omit<Finding, 'code'> {
  code: Finding['code'] | 'syntax' | 'module'
  position?: Position
  span?: Span
}

/** Findings that are about the name of a member, not about its value. */
const ABOUT_NAMES: ReadonlySet<string> = new Set(['unknown-property', 'reserved-name', 'misspelt-extension'])

/** How strictly a file is checked, and for whom. */
export type Judgement = Pick<ValidateOptions, 'level' | 'by'>

/** Everything that is wrong or doubtful in a file, in the order of the document. */
export async function checkSource(source: Source, judgement: Judgement): Promise<PlacedFinding[]> {
  const { parsed } = source
  if (!parsed.ok) return faultFindings(source, parsed.faults)
  const { validate } = await import('miniapp/validate')
  return placeFindings(source, validate(parsed.value, judgement))
}

export function faultFindings(source: Source, faults: readonly SyntaxFault[]): PlacedFinding[] {
  return faults.map(({ code = 'syntax', message, span }) => ({
    severity: 'error',
    code,
    path: '',
    message,
    ...placeOf(source, span),
  }))
}

/** @param findings of this very document, from validation here or on a server */
export function placeFindings(source: Source, findings: readonly Finding[]): PlacedFinding[] {
  return findings.map((finding) => {
    const part = ABOUT_NAMES.has(finding.code) ? 'name' : 'value'
    return { ...finding, ...placeOf(source, spanAt(source, finding.path, part)) }
  })
}

export function spanAt(source: Source, pointer: string, part: Part): Span | undefined {
  return source.parsed.ok ? source.parsed.locate(pointer, part) : undefined
}

/** Where the value at a pointer stands in the file. */
export function placeAt(source: Source, pointer: string): Pick<PlacedFinding, 'span' | 'position'> {
  return placeOf(source, spanAt(source, pointer, 'value'))
}

function placeOf({ text }: Source, span: Span | undefined): { span?: Span; position?: Position } {
  return span === undefined || text === undefined ? {} : { span, position: positionAt(text, span.offset) }
}
