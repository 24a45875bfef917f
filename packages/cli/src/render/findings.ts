import type { Severity } from 'miniapp'
import type { PlacedFinding } from '../definition/check-source.ts'
import { codeFrame } from '../definition/code-frame.ts'
import type { Source } from '../definition/read-source.ts'
import type { Paint } from '../paint.ts'
import { indent } from './indent.ts'

export interface CheckedSource {
  source: Source
  findings: readonly PlacedFinding[]
}

const SEVERITY_STYLE = {
  error: 'bad',
  warning: 'doubtful',
  info: 'faint',
} as const satisfies Record<Severity, keyof Paint>

/**
 * Each finding: `file:line:column  severity  code  pointer`, the message, and the lines of the file; of several at one
 * place the last one shows the lines.
 */
export function renderFindings({ source, findings }: CheckedSource, paint: Paint): string {
  return findings
    .map((finding, index) => {
      const next = findings[index + 1]?.span
      const isRepeated =
        next !== undefined && next.offset === finding.span?.offset && next.length === finding.span.length
      return renderFinding(source, isRepeated ? { ...finding, span: undefined } : finding, paint)
    })
    .join('\n\n')
}

function renderFinding(source: Source, finding: PlacedFinding, paint: Paint): string {
  const { severity, code, path, message, span } = finding
  const head = [
    paint.place(placeName(source, finding)),
    paint[SEVERITY_STYLE[severity]](severity),
    code,
    ...(path === '' ? [] : [paint.faint(path)]),
  ].join('  ')
  const frame = span && source.text !== undefined ? [indent(codeFrame(source.text, span, paint))] : []
  return [head, indent(message), ...frame].join('\n')
}

export function placeName({ name }: Source, { position }: Pick<PlacedFinding, 'position'>): string {
  return position === undefined ? name : `${name}:${position.line}:${position.column}`
}

/** `2 errors, 1 warning in 3 files.` */
export function summarise(checked: readonly CheckedSource[]): string {
  const files = counted(checked.length, 'file')
  const counts = countBySeverity(checked.flatMap(({ findings }) => findings))
  const parts = [
    ...(counts.error > 0 ? [counted(counts.error, 'error')] : []),
    ...(counts.warning > 0 ? [counted(counts.warning, 'warning')] : []),
    ...(counts.info > 0 ? [counted(counts.info, 'note')] : []),
  ]
  return parts.length === 0 ? `${files} checked, no findings.` : `${parts.join(', ')} in ${files}.`
}

export function countBySeverity(findings: readonly PlacedFinding[]): Record<Severity, number> {
  const of = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length
  return { error: of('error'), warning: of('warning'), info: of('info') }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** For `--json`. */
export function findingDocument({ severity, code, path, message, position }: PlacedFinding) {
  return { severity, code, path, message, ...position }
}
