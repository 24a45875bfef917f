import type { ErrorCode, StepRecord } from 'miniapp'

/** Why a run failed, told the same way for runs here and on a server. */
export interface ReportedError {
  code: ErrorCode
  message: string
  retryable: boolean
  details: Record<string, unknown>
  /** JSON Pointer into the definition. */
  path?: string
  /** `file:line:column`, where the definition is a file here. */
  place?: string
}

/** A step; `name` is that of the auth request or of the function, where it is known. */
export type ReportedStep = StepRecord & { name?: string }

/** What an action, a source or a connect did. */
export interface RunReport {
  ns: string
  kind: 'action' | 'source' | 'connect'
  /** Name of the action, key of the source, `connect`. */
  name: string
  /** The definition's file, or the server's address. */
  ranOn: string
  /** As the user named the app, for commands that messages suggest. */
  argument: string
  /** On this machine, not on a server. */
  here: boolean
  steps: readonly ReportedStep[]
  error?: ReportedError
  durationMs: number
  requestId?: string
  /** Fields of the connect form. */
  formFields: readonly string[]
  /** Requests and answers are shown. */
  verbose: boolean
}
