/**
 * Random documents through templating, paths and mapping: they throw nothing but what the specification says, never read a
 * prototype (getters wait on `Object.prototype` all the while) and never expand a value that was put in.
 */
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { withCanaries } from './properties/canary.ts'
import { checkMapping } from './properties/check-mapping.ts'
import { checkPaths } from './properties/check-paths.ts'
import { checkTemplating } from './properties/check-templating.ts'
import { createRandom, type Random } from './properties/random.ts'
import { Violation } from './properties/violation.ts'

/** Random documents for each of the three. */
const DOCUMENTS = { quick: 400, default: 20_000, long: 100_000 } as const satisfies Record<
  MeasureOptions['form'],
  number
>

const CHECKS = {
  templating: checkTemplating,
  paths: checkPaths,
  mapping: checkMapping,
} as const satisfies Record<string, (random: Random) => void>

/** Failures that are printed for each of the three; the rest are only counted. */
const SHOWN_FAILURES = 3

interface Counts {
  documents: number
  threw: number
  prototypeReads: number
  expandedTwice: number
  wrong: number
}

export async function campaign({ form, seed, log }: MeasureOptions): Promise<Measurement> {
  const counts: Counts = { documents: 0, threw: 0, prototypeReads: 0, expandedTwice: 0, wrong: 0 }
  for (const [name, check] of Object.entries(CHECKS)) {
    runCheck({ name, check, documents: DOCUMENTS[form], seed, log }, counts)
    log(`${name}: ${DOCUMENTS[form]} documents`)
  }
  const targets = {
    documents: { min: DOCUMENTS[form] * Object.keys(CHECKS).length },
    threw: { max: 0 },
    prototypeReads: { max: 0 },
    expandedTwice: { max: 0 },
    wrong: { max: 0 },
  }
  const { documents, ...failures } = counts
  const ok = documents >= targets.documents.min && Object.values(failures).every((count) => count === 0)
  return { ok, figures: { ...counts }, targets }
}

interface CheckRun {
  name: string
  check: (random: Random) => void
  documents: number
  seed: number
  log: (line: string) => void
}

const COUNTED = {
  threw: 'threw',
  prototype: 'prototypeReads',
  expanded: 'expandedTwice',
  wrong: 'wrong',
} as const satisfies Record<Violation['kind'], keyof Counts>

/** Each document has a seed of its own, which is printed: one failure can be repeated without the others. */
function runCheck({ name, check, documents, seed, log }: CheckRun, counts: Counts): void {
  let shown = 0
  const report = (documentSeed: number, message: string) => {
    if (shown++ < SHOWN_FAILURES) log(`${name}, document seed ${documentSeed}: ${message}`)
  }
  for (let index = 0; index < documents; index++) {
    const documentSeed = (seed + Math.imul(index + 1, 0x9e3779b1)) >>> 0
    const violations: Violation[] = []
    const reads = withCanaries(() => {
      try {
        check(createRandom(documentSeed))
      } catch (error) {
        if (!(error instanceof Violation)) throw error
        violations.push(error)
      }
    })
    counts.documents++
    counts.prototypeReads += reads
    if (reads > 0) report(documentSeed, `a getter of Object.prototype was reached ${reads} times`)
    for (const violation of violations) {
      counts[COUNTED[violation.kind]]++
      report(documentSeed, violation.message)
    }
  }
}
