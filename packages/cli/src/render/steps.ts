import type { Paint } from '../paint.ts'
import type { ReportedStep } from '../run-report.ts'
import { indent } from './indent.ts'

const MARKS = {
  ok: (paint) => paint.good('✓'),
  failed: (paint) => paint.bad('✗'),
  skipped: (paint) => paint.faint('–'),
} as const satisfies Record<ReportedStep['status'], (paint: Paint) => string>

/** A line for each step; with `verbose` the redacted request and answer below it. */
export function renderSteps(steps: readonly ReportedStep[], paint: Paint, verbose: boolean): string {
  return steps
    .flatMap((step) => [renderStep(step, paint), ...(verbose ? [renderExchange(step, paint)] : [])])
    .filter((part) => part !== '')
    .join('\n')
}

function renderStep(step: ReportedStep, paint: Paint): string {
  const { index, kind, status, name, request, response, attempts, items, durationMs } = step
  const isFunction = kind === 'function'
  const what = request ? `${request.method} ${request.url}` : [kind, isFunction ? name : ''].join(' ').trim()
  const label = isFunction ? undefined : name
  const facts = [
    ...(status === 'skipped' ? ['skipped'] : []),
    ...(response ? [String(response.status)] : []),
    ...(attempts.length > 1 ? [`${attempts.length} attempts`] : []),
    ...(items === undefined ? [] : [`${items} items`]),
    `${Math.round(durationMs)} ms`,
  ]
  return `${MARKS[status](paint)} ${label ?? index + 1}  ${what}  ${paint.faint(facts.join(' · '))}`
}

function renderExchange(step: ReportedStep, paint: Paint): string {
  const { request, response, mapping, notes, logs } = step
  const part = (title: string, lines: string[]) =>
    lines.length === 0 ? [] : [`${paint.strong(title)}\n${indent(lines.join('\n'))}`]
  const headers = (of: Record<string, string>) =>
    Object.entries(of).map(([name, value]) => `${paint.faint(`${name}:`)} ${value}`)
  const parts = [
    ...(request
      ? part('request', [
          `${request.method} ${request.url}`,
          ...headers(request.headers),
          ...(request.body ? [request.body] : []),
        ])
      : []),
    ...(response
      ? part('answer', [
          String(response.status),
          ...headers(response.headers),
          ...(response.body === '' ? [] : [response.body]),
        ])
      : []),
    ...part(
      'mapping',
      (mapping ?? []).map(
        ({ key, rule, selected, value }) =>
          `${key} ${paint.faint(rule)}: ${selected}${value === undefined ? '' : ` ${value}`}`,
      ),
    ),
    ...part('time', timesOf(step)),
    ...part(
      'notes',
      notes.map(({ field, message }) => `${field}: ${message}`),
    ),
    ...part('log', logs === undefined || logs === '' ? [] : [logs]),
  ]
  return indent(parts.join('\n'), '    ')
}

/** Where the time of a step went, as far as it is known. */
function timesOf({ phases, attempts }: ReportedStep): string[] {
  if (!phases) return []
  const { waitMs, firstByteMs, durationMs } = attempts.at(-1) ?? {}
  const times = {
    render: phases.renderMs,
    turn: waitMs,
    'first byte': firstByteMs,
    answer: durationMs,
    refresh: phases.refreshMs,
    read: phases.readMs,
    map: phases.mapMs,
  }
  const known = Object.entries(times).filter(([, ms]) => ms !== undefined)
  return [known.map(([name, ms]) => `${name} ${Math.round(ms ?? 0)} ms`).join(' · ')]
}

/** For `--json`: without `verbose` no headers and bodies. */
export function stepDocument(step: ReportedStep, verbose: boolean): object {
  if (verbose) return step
  const { request, response, logs: _logs, ...rest } = step
  return {
    ...rest,
    ...(request && { request: { method: request.method, url: request.url } }),
    ...(response && { response: { status: response.status } }),
  }
}
