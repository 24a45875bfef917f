/**
 * Bench `scale`: the operations of a platform with 200 connected apps in one workspace and 10 000 workspaces with one
 * each, beside one with ten of both. None may take more than twice as long. Both platforms are whole, in this process,
 * on the same engine; the rounds are interleaved.
 *
 * Lists are asked for as many rows on both: what is compared is finding them, not writing more of them.
 */
import { availableParallelism } from 'node:os'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { OPERATIONS, type OperationName } from './scale/operations.ts'
import { openScaled, type Scaled } from './scale/platform.ts'

interface Form {
  rounds: number
  apps: number
  workspaces: number
}

const TEN = { apps: 10, workspaces: 10 }
const FORMS = {
  quick: { rounds: 1, apps: 12, workspaces: 12 },
  default: { rounds: 25, apps: 200, workspaces: 3_000 },
  long: { rounds: 61, apps: 200, workspaces: 10_000 },
} as const satisfies Record<MeasureOptions['form'], Form>

const MAX_RATIO = 2
/** A miss below this share is a tie and counts as reached. */
const TIE = 0.1
/** Two operations of less than this are equal to whoever waits for them. */
const UNNOTICED_MS = 1

type Engine = 'embedded' | 'postgres'
type Times = Record<OperationName, { ten: number[]; many: number[] }>

export async function bench({ form, log }: MeasureOptions): Promise<Measurement> {
  const figures: Record<string, number | string | boolean> = { cores: availableParallelism() }
  let worst = 0
  for (const engine of form === 'quick' ? (['embedded'] as const) : (['embedded', 'postgres'] as const)) {
    const times = await measure(engine, FORMS[form], log)
    for (const [name, { ten, many }] of Object.entries(times)) {
      const [before, after] = [median(ten), median(many)]
      const ratio = after / before
      const counts = after - before > UNNOTICED_MS
      log(`${engine} ${name}: ${before.toFixed(2)} ms at ten, ${after.toFixed(2)} ms (${ratio.toFixed(2)}×)`)
      if (ratio > MAX_RATIO) figures[`${engine}.${name}`] = rounded(ratio)
      if (!counts || ratio <= worst) continue
      worst = ratio
      figures['slowest'] = `${engine}.${name}`
    }
  }
  // Few rounds of small platforms cannot be judged: the quick form only shows that it can be measured.
  if (form === 'quick')
    return { ok: true, figures: { ...figures, slowestRatio: rounded(worst) }, targets: {} }
  const ok = worst <= MAX_RATIO * (1 + TIE)
  return {
    ok,
    figures: { ...figures, slowestRatio: rounded(worst), ...(ok && worst > MAX_RATIO && { tie: true }) },
    targets: { slowestRatio: { max: MAX_RATIO } },
  }
}

async function measure(
  engine: Engine,
  { rounds, ...size }: Form,
  log: (line: string) => void,
): Promise<Times> {
  const ten = await openScaled(engine, TEN)
  try {
    const many = await openScaled(engine, size)
    try {
      log(`${engine}: ${size.apps} apps in a workspace, ${size.workspaces} workspaces beside it`)
      const names = Object.keys(OPERATIONS) as OperationName[]
      const times = Object.fromEntries(names.map((name) => [name, { ten: [], many: [] }])) as unknown as Times
      for (let round = 0; round <= rounds; round++) {
        for (const name of names) {
          const [before, after] = [await time(ten, name), await time(many, name)]
          // The first round warms up.
          if (round === 0) continue
          times[name].ten.push(before)
          times[name].many.push(after)
        }
      }
      return times
    } finally {
      await many.close()
    }
  } finally {
    await ten.close()
  }
}

async function time(platform: Scaled, name: OperationName): Promise<number> {
  const startedAt = performance.now()
  await OPERATIONS[name](platform)
  return performance.now() - startedAt
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const rounded = (value: number) => Number(value.toFixed(2))
