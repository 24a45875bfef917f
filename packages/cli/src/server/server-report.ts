import type { ReportedError, RunReport } from '../run-report.ts'
import type { Session } from './session.ts'

/** An error as the API and run records hold it: the place in the definition is one of its details. */
export type AnsweredError = Omit<ReportedError, 'path' | 'place'>

type Told = Pick<RunReport, 'ns' | 'kind' | 'name' | 'steps' | 'durationMs' | 'verbose'> & {
  error?: AnsweredError | null | undefined
  requestId?: string | null
}

/** What ran on a server. */
export function serverReport({ server }: Session, { error, requestId, ...told }: Told): RunReport {
  const path = error?.details['path']
  return {
    ...told,
    ranOn: server,
    argument: told.ns,
    here: false,
    ...(error && { error: { ...error, ...(typeof path === 'string' && { path }) } }),
    ...(requestId && { requestId }),
    formFields: [],
  }
}
