import type { ErrorDetails } from 'miniapp'
import type { Paint } from '../paint.ts'
import type { ReportedError, RunReport } from '../run-report.ts'
import { adviceFor } from './advice.ts'
import { renderSteps, stepDocument } from './steps.ts'

/** Heading; where it failed, whose turn it is, what happened, what to do and where; then the steps. */
export function renderRun(report: RunReport, paint: Paint): string {
  const { ns, name, ranOn, steps, error, verbose } = report
  const heading = `${paint.strong(`${ns} ${name}`)}  ${paint.faint(report.here ? ranOn : `on ${ranOn}`)}`
  const parts = [
    heading,
    ...(error ? [renderFailure(error, report, paint)] : []),
    ...(steps.length > 0 ? [renderSteps(steps, paint, verbose)] : []),
  ]
  return parts.join('\n\n')
}

interface Field {
  path: string
  message: string
}

function renderFailure(error: ReportedError, report: RunReport, paint: Paint): string {
  const { code, message, details, path, place } = error
  const { turn, next } = adviceFor(error, report)
  const row = (title: string, text: string) =>
    text === '' ? [] : [`  ${paint.faint(title.padEnd(9))}${text}`]
  const fields = fieldsOf(details)
  const { explanation, providerMessage: said } = details as ErrorDetails
  return [
    `${paint.bad(code)}  ${message}`,
    ...fields.map((field) => `  ${paint.place(field.path || '/')}  ${field.message}`),
    ...row('turn', turn),
    ...row('what', explanation && !message.includes(explanation.what.slice(0, -1)) ? explanation.what : ''),
    ...next.map((line) => `  ${paint.faint('→')} ${line}`),
    ...row('where', [place, path].filter((part) => part !== undefined).join('  ')),
    ...row('provider', typeof said === 'string' && !message.includes(said) ? said : ''),
    ...row('request', report.requestId ?? ''),
  ].join('\n')
}

function fieldsOf({ fields }: Record<string, unknown>): Field[] {
  return Array.isArray(fields) ? (fields as Field[]) : []
}

/** For `--json`: everything but what the command found. */
export function runDocument(report: RunReport) {
  const { ns, ranOn, steps, error, durationMs, requestId, verbose } = report
  return {
    ns,
    ranOn,
    success: error === undefined,
    error: error ? { ...error, ...adviceFor(error, report) } : null,
    steps: steps.map((step) => stepDocument(step, verbose)),
    durationMs,
    ...(requestId !== undefined && { requestId }),
  }
}
