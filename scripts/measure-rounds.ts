/** Benches that compare two ways of doing the same, in turns. */

export interface Rounds {
  /** Odd, so that the median is a round that was run. */
  rounds: number
  /** Milliseconds that one side runs in one round. */
  sliceMs: number
}

/** One call of what is measured; its result is used, and is never 0. */
export type Run = () => number

/** A miss of less than a tenth is a tie and counts as met: machines are not that steady. */
const TIE = 0.1

/** Calls between two looks at the clock. */
const BATCH = 200

/** Microseconds a call of each side, round by round; one round before the first is not counted. */
export function measureRounds<Name extends string>(
  sides: Record<Name, Run>,
  { rounds, sliceMs }: Rounds,
): Record<Name, number>[] {
  const names = Object.keys(sides) as Name[]
  const measureRound = (): Record<Name, number> => {
    const entries = names.map((name) => [name, microsecondsPerCall(sides[name], sliceMs)])
    return Object.fromEntries(entries) as Record<Name, number>
  }
  measureRound()
  return Array.from({ length: rounds }, measureRound)
}

function microsecondsPerCall(run: Run, sliceMs: number): number {
  let used = 0
  let calls = 0
  const start = performance.now()
  let elapsed = 0
  while (elapsed < sliceMs) {
    for (let index = 0; index < BATCH; index++) used += run()
    calls += BATCH
    elapsed = performance.now() - start
  }
  if (!(used > 0)) throw new Error('the measured work gave no result')
  return (elapsed * 1000) / calls
}

export function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN
}

export function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

export function judge(value: number, target: { min?: number; max?: number }): 'met' | 'tie' | 'missed' {
  const { min = 0, max = Number.POSITIVE_INFINITY } = target
  if (value >= min && value <= max) return 'met'
  return value >= min * (1 - TIE) && value <= max * (1 + TIE) ? 'tie' : 'missed'
}
