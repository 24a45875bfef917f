import type { Outcome } from '../outcome.ts'
import type { RunReport } from '../run-report.ts'
import { renderRun, runDocument } from './run.ts'
import { renderTable } from './table.ts'

export interface SourceOption {
  value: string | number
  label: string
}

export interface OptionsResult {
  /** `null` where reading failed. */
  options: readonly SourceOption[] | null
}

export function optionsOutcome(report: RunReport, { options }: OptionsResult): Outcome {
  return {
    exit: report.error ? 'failed' : 'ok',
    document: { source: report.name, ...runDocument(report), options },
    text: (paint) => {
      const run = renderRun(report, paint)
      if (options === null) return run
      if (options.length === 0) return `${run}\n\n${paint.doubtful('The provider answered no options.')}`
      const rows = options.map(({ value, label }) => [String(value), label])
      const count = `${options.length} option${options.length === 1 ? '' : 's'} in ${report.durationMs} ms.`
      return [run, renderTable(['VALUE', 'LABEL'], rows, paint), paint.good(count)].join('\n\n')
    },
  }
}

/** A dropdown source as the definition declares it. */
export interface ListedSource {
  key: string
  /** Names that may be given with `--param`. */
  params: string[]
  /** `action.parameter`, where a form shows it. */
  usedBy: string[]
}

export function sourcesOutcome(ns: string, sources: readonly ListedSource[]): Outcome {
  return {
    exit: 'ok',
    document: { ns, sources },
    text: (paint) => {
      if (sources.length === 0) return `"${ns}" declares no sources.`
      const rows = sources.map(({ key, params, usedBy }) => [
        key,
        params.join(', ') || '–',
        usedBy.join(', ') || '–',
      ])
      return renderTable(['SOURCE', 'PARAMETERS', 'USED BY'], rows, paint)
    },
  }
}
