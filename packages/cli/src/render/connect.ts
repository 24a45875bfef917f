import type { Outcome } from '../outcome.ts'
import type { RunReport } from '../run-report.ts'
import { renderRun, runDocument } from './run.ts'

export interface ConnectResult {
  /** Absent where connecting failed. */
  account?: {
    uid: string | undefined
    name: string | undefined
    /** The file that holds the connection. */
    stored: string
    /** `origin=origin`: where later calls go, too. */
    standIns: readonly string[]
    /** Registration requests that only a server runs. */
    skippedRegistrations: number
  }
}

export function connectOutcome(report: RunReport, { account }: ConnectResult): Outcome {
  return {
    exit: account ? 'ok' : 'failed',
    document: {
      ...runDocument(report),
      ...(account && { uid: account.uid ?? null, accountName: account.name ?? null, stored: account.stored }),
    },
    text: (paint) => {
      const run = renderRun(report, paint)
      if (!account) return run
      const { uid, name, stored, standIns, skippedRegistrations } = account
      const who = name ?? (uid === undefined ? undefined : `uid ${uid}`)
      return [
        run,
        '',
        paint.good(`Connected${who === undefined ? '' : ` as ${who}`}.`),
        `The credentials are in ${stored}, readable by you alone; delete it to forget them.`,
        ...standIns.map((pair) => `Calls with this connection go there too: --origin ${pair}`),
        ...(skippedRegistrations > 0
          ? [paint.doubtful('Registration requests were not run: providers cannot call this machine.')]
          : []),
      ].join('\n')
    },
  }
}
