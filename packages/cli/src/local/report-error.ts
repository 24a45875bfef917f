import type { MiniAppError } from 'miniapp'
import { spanAt } from '../definition/check-source.ts'
import { positionAt } from '../definition/code-frame.ts'
import { placeName } from '../render/findings.ts'
import type { ReportedError } from '../run-report.ts'
import type { LocalApp } from './load-app.ts'

/** The error with its place in the definition's file. */
export function reportError(
  { code, message, retryable, details, path }: MiniAppError,
  app: LocalApp,
): ReportedError {
  const { source } = app
  const span = path === undefined ? undefined : spanAt(source, path, 'value')
  const position =
    span && source.text !== undefined ? { position: positionAt(source.text, span.offset) } : undefined
  return {
    code,
    message,
    retryable,
    details,
    ...(path !== undefined && { path }),
    ...(position && { place: placeName(source, position) }),
  }
}
