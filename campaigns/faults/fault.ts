import type { Form } from '../../scripts/measure.ts'
import type { Answer } from './answer.ts'
import type { Site } from './site.ts'

export interface FaultOptions {
  form: Form
  log: (line: string) => void
}

/** What came of one fault. */
export interface Outcome {
  /** Every answer that was given while it lasted. */
  answers: Answer[]
  /** Milliseconds from the end of the fault until actions worked again. */
  recoveryMs: number
  /** Executions that were answered with success and have left no record. */
  lost: number
  /** By how much the server's memory grew, at most. */
  growthMb?: number
  /** Expectations of this fault alone that were not met, in words. */
  broken: string[]
  /** Whether the process is the one that was started. */
  sameProcess: boolean
}

export interface Fault {
  name: string
  /** Why it cannot be provoked here; undefined where it can. */
  skips?(): string | undefined
  run(options: FaultOptions): Promise<Outcome>
}

/** The outcome of a fault that has ended, with what can be asked now. */
export async function settle(
  site: Site,
  found: { answers: Answer[]; broken: string[]; growthMb?: number },
): Promise<Outcome> {
  const recoveryMs = await site.recovery()
  const sameProcess = site.isSameProcess()
  return { ...found, recoveryMs, sameProcess, lost: sameProcess ? await site.lost() : 0 }
}
