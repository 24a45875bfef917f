import { CliError } from '../cli-error.ts'
import { isRunErrorCode } from '../render/advice.ts'
import type { ReportedError } from '../run-report.ts'

/**
 * A server's error about what was run, rather than about the request: the provider's, the connection's, the input's.
 * `undefined` for every other error.
 */
export function reportedFailure(error: unknown): ReportedError | undefined {
  if (!(error instanceof CliError) || error.code === undefined || !isRunErrorCode(error.code))
    return undefined
  const { code, message, details = {} } = error
  const { path } = details
  return {
    code,
    message,
    retryable: code === 'RATE_LIMITED',
    details,
    ...(typeof path === 'string' && { path }),
  }
}
