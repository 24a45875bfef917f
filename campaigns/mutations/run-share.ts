import { newQuickJSWASMModule } from 'quickjs-emscripten'
import type { RunFunction } from '../../packages/miniapp/src/package/play-recording.ts'
import { createFunctionEngine } from '../../packages/miniapp/src/run/evaluate-function.ts'
import { FUNCTION_TIME_MS } from '../../packages/miniapp/src/run/evaluate-function-limits.ts'
import { catalogPackages } from '../../packages/miniapp/test/read-package.ts'
import { createRandom } from '../properties/random.ts'
import { judge, type Verdict } from './judge.ts'
import { MUTATIONS } from './mutation-classes.ts'
import { prepare } from './subject.ts'

/** A share of the mutants of one app: those numbered from `first` up to but not including `last`. */
export interface Share {
  ns: string
  first: number
  last: number
  seed: number
}

export interface Counts {
  documents: number
  threw: number
  silent: number
  wrongCode: number
  wrongPlace: number
  falseAlarms: number
  foundByRules: number
  foundByRecordings: number
  meantTheSame: number
}

export interface ShareResult {
  counts: Counts
  /** Faults by class, with the first of each told. */
  faults: Record<string, { count: number; first: string }>
}

export function noCounts(): Counts {
  return {
    documents: 0,
    threw: 0,
    silent: 0,
    wrongCode: 0,
    wrongPlace: 0,
    falseAlarms: 0,
    foundByRules: 0,
    foundByRecordings: 0,
    meantTheSame: 0,
  }
}

const FOUND = {
  byRules: 'foundByRules',
  byRecordings: 'foundByRecordings',
  not: 'meantTheSame',
} as const satisfies Record<Verdict['found'], keyof Counts>

/** Each mutant has a seed of its own, which chooses its class; one without a place in the app gives its turn to the next. */
export async function runShare({ ns, first, last, seed }: Share): Promise<ShareResult> {
  const app = catalogPackages().find((one) => one.ns === ns)
  if (!app) throw new Error(`The catalog has no app "${ns}"`)
  const runFunction = await createRunFunction()
  const subject = await prepare(app, runFunction)
  const names = Object.keys(MUTATIONS)
  const counts = noCounts()
  const faults: ShareResult['faults'] = {}
  for (let index = first; index < last; index++) {
    const mutantSeed = (seed + Math.imul(index + 1, 0x9e3779b1)) >>> 0
    const random = createRandom(mutantSeed)
    const made = makeMutant(names, random.below(names.length))
    if (!made) throw new Error(`No class of mutation has a place in "${ns}"`)
    const verdict = await judge(subject, made.mutation, made.mutant, runFunction)
    counts.documents++
    counts[FOUND[verdict.found]]++
    if (!verdict.fault) continue
    counts[verdict.fault]++
    const kind = `${made.name}: ${verdict.fault}`
    const told = `${ns}, mutant seed ${mutantSeed}, at ${made.mutant.places.join(' and ')}: ${verdict.message}`
    faults[kind] ??= { count: 0, first: told }
    faults[kind].count++

    function makeMutant(all: readonly string[], turn: number) {
      for (let skipped = 0; skipped < all.length; skipped++) {
        const name = all[(turn + skipped) % all.length] ?? ''
        const mutation = MUTATIONS[name]
        const mutant = app && mutation?.mutate(app.definition, random)
        if (mutation && mutant) return { name, mutation, mutant }
      }
      return undefined
    }
  }
  return { counts, faults }
}

async function createRunFunction(): Promise<RunFunction> {
  const load = async () => createFunctionEngine(await newQuickJSWASMModule())
  let engine = await load()
  return async (call) => {
    const end = performance.now() + FUNCTION_TIME_MS
    const result = engine.evaluate(call, { shouldInterrupt: () => performance.now() >= end })
    if (engine.isSpent()) engine = await load()
    return result
  }
}
