import { explained, type MiniAppError, type RunPart } from 'miniapp'
import type { ReportedStep, RunReport } from '../run-report.ts'
import type { LocalApp } from './load-app.ts'
import { reportError } from './report-error.ts'

interface Ran {
  steps: readonly ReportedStep[]
  error?: MiniAppError | undefined
  /** As `performance.now()` told it. */
  startedAt: number
  verbose: boolean
}

/** What ran on this machine, with whose turn it is where it failed. */
export function localReport(
  app: LocalApp,
  part: RunPart,
  { steps, error, startedAt, verbose }: Ran,
): RunReport {
  const { compiled, source, argument } = app
  return {
    ns: compiled.ns,
    ...namesOf(part),
    ranOn: source.name,
    argument,
    here: true,
    steps,
    ...(error && { error: reportError(explained(error, { part, compiled, steps }), app) }),
    durationMs: Math.round(performance.now() - startedAt),
    formFields: Object.keys(compiled.auth.form),
    verbose,
  }
}

function namesOf(part: RunPart): Pick<RunReport, 'kind' | 'name'> {
  if ('action' in part) return { kind: 'action', name: part.action }
  if ('source' in part) return { kind: 'source', name: part.source }
  return { kind: 'connect', name: 'connect' }
}
