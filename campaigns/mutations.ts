/**
 * Definitions of the catalog with one mistake each: validation and the checks of a package never fail themselves, find the
 * mistake by its code and at its place, find nothing in changes that mean nothing, and are never silent where the changed
 * definition does something else with what is recorded.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { catalogPackages } from '../packages/miniapp/test/read-package.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { type Counts, noCounts, runShare, type Share, type ShareResult } from './mutations/run-share.ts'

/** Mutants of each definition. */
const MUTANTS = { quick: 15, default: 1_000, long: 10_000 } as const satisfies Record<
  MeasureOptions['form'],
  number
>

/** Apps of the quick form, chosen by the seed: what a definition did before has to be known first. */
const QUICK_APPS = 3

/** Mutants that one thread is given at once. */
const SHARE_SIZE = 250

export async function campaign({ form, seed, log }: MeasureOptions): Promise<Measurement> {
  const apps = appsOf(form, seed)
  const shares = apps.flatMap((ns) => sharesOf(ns, MUTANTS[form], seed))
  const counts = noCounts()
  const faults: ShareResult['faults'] = {}
  let done = 0
  await runAll(shares, form === 'quick' ? 0 : availableParallelism(), (result) => {
    for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] += result.counts[name]
    for (const [kind, { count, first }] of Object.entries(result.faults)) {
      faults[kind] ??= { count: 0, first }
      faults[kind].count += count
    }
    done++
    if (done % 20 === 0) log(`${done} of ${shares.length} shares`)
  })
  for (const [kind, { count, first }] of Object.entries(faults)) log(`${kind}, ${count} times: ${first}`)
  const targets = {
    documents: { min: apps.length * MUTANTS[form] },
    threw: { max: 0 },
    silent: { max: 0 },
    wrongCode: { max: 0 },
    wrongPlace: { max: 0 },
    falseAlarms: { max: 0 },
  }
  const { documents, threw, silent, wrongCode, wrongPlace, falseAlarms } = counts
  const ok = documents >= targets.documents.min && threw + silent + wrongCode + wrongPlace + falseAlarms === 0
  return { ok, figures: { apps: apps.length, ...counts }, targets }
}

function appsOf(form: MeasureOptions['form'], seed: number): string[] {
  const apps = catalogPackages().map(({ ns }) => ns)
  if (form !== 'quick') return apps
  return Array.from({ length: QUICK_APPS }, (_, index) => apps[(seed + index) % apps.length] ?? '')
}

function sharesOf(ns: string, mutants: number, seed: number): Share[] {
  return Array.from({ length: Math.ceil(mutants / SHARE_SIZE) }, (_, index) => ({
    ns,
    first: index * SHARE_SIZE,
    last: Math.min(mutants, (index + 1) * SHARE_SIZE),
    seed,
  }))
}

/** @param threads none: all in this one, one after the other */
async function runAll(
  shares: readonly Share[],
  threads: number,
  take: (result: ShareResult) => void,
): Promise<void> {
  if (threads === 0) {
    for (const share of shares) take(await runShare(share))
    return
  }
  const left = [...shares]
  const lane = async () => {
    const worker = new Worker(new URL('./mutations/worker.ts', import.meta.url))
    try {
      for (let share = left.shift(); share; share = left.shift()) take(await askWorker(worker, share))
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(threads, shares.length) }, lane))
}

function askWorker(worker: Worker, share: Share): Promise<ShareResult> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(error)
    worker.once('error', fail)
    worker.once('message', (result: ShareResult) => {
      worker.off('error', fail)
      resolve(result)
    })
    worker.postMessage(share)
  })
}
