/**
 * How long `miniapps validate` takes from the call to its end, for the largest definition of the catalog. Measured is
 * the packed command line, as authors have it: once as after an install (Node's compile cache is empty), once as on
 * every later call. What a Node that does nothing takes, and the sources of this repository, are measured beside it.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { stageCli } from '../scripts/stage-package.ts'

const root = resolve(import.meta.dirname, '..')

/** Odd, so that the median is a round that was run. */
const ROUNDS = { quick: 1, default: 9, long: 31 } as const satisfies Record<MeasureOptions['form'], number>

const TARGETS = { validateColdMs: { max: 300 } } as const satisfies Measurement['targets']

/** A miss of less than a tenth is a tie and counts as met: machines are not that steady. */
const TIE = 0.1

type Side = 'bareNodeMs' | 'validateColdMs' | 'validateWarmMs' | 'sourcesColdMs' | 'sourcesWarmMs'

export async function bench({ form, log }: MeasureOptions): Promise<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), 'miniapps-start-'))
  try {
    await stageCli(join(folder, 'cli'))
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    const definition = await largestDefinition()
    const rounds: Record<Side, number>[] = []
    for (let round = 0; round < ROUNDS[form]; round++) {
      rounds.push(await measureRound(folder, definition))
      log(JSON.stringify(rounds.at(-1)))
    }
    const medians = Object.fromEntries(
      Object.keys(rounds[0] ?? {}).map((side) => [side, median(rounds.map((one) => one[side as Side]))]),
    ) as Record<Side, number>
    return judge(form, { ...medians, rounds: rounds.length })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** One run cannot be judged: the quick form only shows that it can be measured. */
function judge(form: MeasureOptions['form'], figures: Record<Side | 'rounds', number>): Measurement {
  if (form === 'quick') return { ok: true, figures, targets: {} }
  const { max } = TARGETS.validateColdMs
  const ok = figures.validateColdMs <= max * (1 + TIE)
  const tie = ok && figures.validateColdMs > max
  return { ok, figures: { ...figures, ...(tie ? { tie } : {}) }, targets: TARGETS }
}

/** Each side once, the cold ones with a compile cache of their own, which the warm ones then find. */
async function measureRound(folder: string, definition: string): Promise<Record<Side, number>> {
  const packed = [join(folder, 'cli/bin/miniapps.js'), 'validate', definition]
  const sources = [join(root, 'packages/cli/bin/miniapps.ts'), 'validate', definition]
  const caches = { packed: join(folder, 'packed-cache'), sources: join(folder, 'sources-cache') }
  try {
    return {
      bareNodeMs: await timeOf(['--eval', ''], caches.packed),
      validateColdMs: await timeOf(packed, caches.packed),
      sourcesColdMs: await timeOf(sources, caches.sources),
      validateWarmMs: await timeOf(packed, caches.packed),
      sourcesWarmMs: await timeOf(sources, caches.sources),
    }
  } finally {
    for (const cache of Object.values(caches)) await rm(cache, { recursive: true, force: true })
  }
}

/** @param cache folder of Node's compile cache */
function timeOf(args: string[], cache: string): Promise<number> {
  const { promise, resolve: done, reject } = Promise.withResolvers<number>()
  const start = performance.now()
  const child = spawn(process.execPath, args, {
    env: { ...process.env, NODE_COMPILE_CACHE: cache, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  child.on('error', reject)
  child.on('exit', (status) => {
    if (status === 0) done(Math.round((performance.now() - start) * 10) / 10)
    else reject(new Error(`node ${args.join(' ')} ended with ${status}`))
  })
  return promise
}

async function largestDefinition(): Promise<string> {
  const catalog = join(root, 'catalog')
  const sized: { path: string; size: number }[] = []
  for (const entry of await readdir(catalog, { withFileTypes: true })) {
    const path = join(catalog, entry.name, 'miniapp.json')
    if (entry.isDirectory()) sized.push({ path, size: (await stat(path)).size })
  }
  const [largest] = sized.toSorted((left, right) => right.size - left.size)
  if (largest === undefined) throw new Error('The catalog holds no definition.')
  return largest.path
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN
}
