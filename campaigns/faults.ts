/**
 * Campaign `faults`: what happens to real server processes when the database, the disk, the clock, a provider, callers or
 * the process's own limits fail. During a fault every answer is soon and clear (code, sentence, whether trying again
 * helps); when it is over, everything works again without a restart, and nothing that was acknowledged is lost.
 *
 * Faults that need a tmpfs of their own need root; where they cannot be provoked they are counted as `skipped`. The variable
 * `FAULTS` names some of them, separated by commas, to run those alone.
 */
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { providerDrips, providerFloods, providerHangs } from './faults/bad-provider.ts'
import { clockJumps } from './faults/clock-jumps.ts'
import { databaseGone, databaseHangs } from './faults/database-gone.ts'
import { diskFullEmbedded, diskFullPostgresData, diskFullPostgresLog } from './faults/disk-full.ts'
import type { Fault, Outcome } from './faults/fault.ts'
import { outOfDescriptors } from './faults/out-of-descriptors.ts'
import { slowLoris } from './faults/slow-loris.ts'

/** In this order; the quick form runs those that need neither root nor PostgreSQL, and little time. */
const ALL: readonly Fault[] = [
  databaseGone,
  databaseHangs,
  diskFullEmbedded,
  diskFullPostgresData,
  diskFullPostgresLog,
  clockJumps,
  providerHangs,
  providerDrips,
  providerFloods,
  slowLoris,
  outOfDescriptors,
]
const QUICK: readonly Fault[] = [clockJumps, providerFloods]

/** The longest that a caller may wait for any answer: a query that hangs is given up after 30 s, a connection after 10. */
const SLOWEST_ANSWER_MS = 45_000
/** Reconnecting pauses for at most 5 s, reopening the embedded database too. */
const SLOWEST_RECOVERY_MS = 15_000
const MEMORY_GROWTH_MB = 150

const TARGETS = {
  unclearAnswers: { max: 0 },
  brokenExpectations: { max: 0 },
  lostRecords: { max: 0 },
  restarts: { max: 0 },
  skipped: { max: 0 },
  slowestAnswerMs: { max: SLOWEST_ANSWER_MS },
  slowestRecoveryMs: { max: SLOWEST_RECOVERY_MS },
  memoryGrowthMb: { max: MEMORY_GROWTH_MB },
} as const satisfies Measurement['targets']

export async function campaign({ form, log }: MeasureOptions): Promise<Measurement> {
  const figures: Record<string, number> = Object.fromEntries(Object.keys(TARGETS).map((name) => [name, 0]))
  const perFault: Record<string, number> = {}
  const worst = (name: keyof typeof TARGETS, value: number) => {
    figures[name] = Math.max(figures[name] ?? 0, value)
  }
  const add = (name: keyof typeof TARGETS, value: number) => {
    figures[name] = (figures[name] ?? 0) + value
  }
  const only = process.env['FAULTS']?.split(',')
  for (const fault of form === 'quick' ? QUICK : ALL) {
    if (only && !only.includes(fault.name)) continue
    const reason = fault.skips?.()
    if (reason !== undefined) {
      log(`${fault.name}: skipped, ${reason}`)
      add('skipped', 1)
      continue
    }
    const outcome = await fault.run({ form, log: (line) => log(`${fault.name}: ${line}`) })
    const unclear = outcome.answers.filter(({ kind }) => kind === 'unclear')
    const report = [
      ...unclear.slice(0, 3).map(({ ms, body }) => `unclear after ${ms} ms: ${body.slice(0, 500)}`),
      ...outcome.broken,
    ]
    for (const line of report) log(`${fault.name}: ${line}`)
    add('unclearAnswers', unclear.length)
    add('brokenExpectations', outcome.broken.length)
    add('lostRecords', outcome.lost)
    add('restarts', outcome.sameProcess ? 0 : 1)
    worst('slowestAnswerMs', slowest(outcome))
    worst('slowestRecoveryMs', outcome.recoveryMs)
    worst('memoryGrowthMb', outcome.growthMb ?? 0)
    perFault[`${fault.name}RecoveryMs`] = outcome.recoveryMs
    log(
      `${fault.name}: ${outcome.answers.length} answers, slowest ${slowest(outcome)} ms, recovered in ${outcome.recoveryMs} ms`,
    )
  }
  const ok = Object.entries(TARGETS).every(([name, { max }]) => (figures[name] ?? 0) <= max)
  return { ok, figures: { ...figures, ...perFault }, targets: TARGETS }
}

const slowest = ({ answers }: Outcome) => Math.max(0, ...answers.map(({ ms }) => ms))
