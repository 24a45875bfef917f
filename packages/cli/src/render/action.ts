import type { Outcome } from '../outcome.ts'
import type { RunReport } from '../run-report.ts'
import { renderRun, runDocument } from './run.ts'

export interface ActionResult {
  /** `null` where the action failed. */
  data: Record<string, unknown> | null
}

export function actionOutcome(report: RunReport, { data }: ActionResult): Outcome {
  return {
    exit: report.error ? 'failed' : 'ok',
    document: { action: report.name, ...runDocument(report), data },
    text: (paint) => {
      const run = renderRun(report, paint)
      if (data === null) return run
      const done = paint.good(`Done in ${report.durationMs} ms.`)
      return [run, JSON.stringify(data, undefined, 2), done].join('\n\n')
    },
  }
}
