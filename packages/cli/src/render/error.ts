import type { CliError } from '../cli-error.ts'
import type { Paint } from '../paint.ts'

/** What happened, then what to do about it, a line each. */
export function renderError({ message, next, code, requestId }: CliError, paint: Paint): string {
  const label = code === undefined ? 'error' : `error ${code}`
  return [
    `${paint.bad(label)}  ${message}`,
    ...next.map((line) => `  ${paint.faint('→')} ${line}`),
    ...(requestId === undefined ? [] : [paint.faint(`  request ${requestId}`)]),
  ].join('\n')
}
