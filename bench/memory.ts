/**
 * Bench `memory`: what a server at rest holds, and what its start takes at most, the processes of its sandbox and of
 * initdb included. Measured is PSS (proportional set size): pages that several processes share count once. Linux only.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres } from '../packages/server/test/postgres.ts'
import { startServerProcess } from '../packages/server/test/server-process.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'

const FORMS = {
  quick: { rounds: 1, idleMs: 500 },
  default: { rounds: 3, idleMs: 5_000 },
  long: { rounds: 7, idleMs: 30_000 },
} as const

/** ADR 29 says where they come from. */
const TARGETS = {
  restMb: { max: 450 },
  firstStartPeakMb: { max: 700 },
  restartPeakMb: { max: 450 },
  postgresModeMb: { max: 380 },
} as const satisfies Measurement['targets']
/** A miss below this share is a tie and counts as reached. */
const TIE = 0.1
const SAMPLE_MS = 100
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

type Figure = keyof typeof TARGETS

export async function bench({ form, log }: MeasureOptions): Promise<Measurement> {
  const { rounds, idleMs } = FORMS[form]
  const measured: Record<Figure, number[]> = {
    restMb: [],
    firstStartPeakMb: [],
    restartPeakMb: [],
    postgresModeMb: [],
  }
  for (let round = 1; round <= rounds; round++) {
    const directory = await mkdtemp(join(tmpdir(), 'miniapps-bench-memory-'))
    try {
      const first = await startOnce({ DATA_DIR: directory }, directory, idleMs)
      measured.firstStartPeakMb.push(first.peakMb)
      const again = form === 'quick' ? first : await startOnce({ DATA_DIR: directory }, directory, idleMs)
      measured.restartPeakMb.push(again.peakMb)
      measured.restMb.push(again.restMb)
      if (form !== 'quick') measured.postgresModeMb.push(await onPostgres(directory, idleMs))
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
    log(`round ${round} of ${rounds}: ${JSON.stringify(latest(measured))}`)
  }
  return judge(form, measured)
}

async function onPostgres(directory: string, idleMs: number): Promise<number> {
  const postgres = await startPostgres()
  try {
    const env = { DATABASE_URL: postgres.url, MASTER_KEY, DATA_DIR: directory }
    return (await startOnce(env, directory, idleMs)).restMb
  } finally {
    await postgres.stop()
  }
}

/** Starts a server, leaves it alone for a while, and ends it. */
async function startOnce(
  env: Record<string, string>,
  directory: string,
  idleMs: number,
): Promise<{ peakMb: number; restMb: number }> {
  const before = new Set(treeOf(process.pid))
  let peakMb = 0
  const sampling = setInterval(() => {
    const started = treeOf(process.pid).filter((pid) => !before.has(pid))
    peakMb = Math.max(peakMb, sumOf(started))
  }, SAMPLE_MS)
  const server = await startServerProcess({ env, cwd: directory }).finally(() => clearInterval(sampling))
  try {
    await sleep(idleMs)
    return { peakMb, restMb: sumOf(treeOf(server.child.pid ?? 0)) }
  } finally {
    await server.stop()
  }
}

/** The process and everything it has started, directly or not. */
function treeOf(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    const children = threads.flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
    )
    return [pid, ...children.flatMap((child) => treeOf(Number(child)))]
  } catch {
    // It ended while it was looked at.
    return []
  }
}

const sumOf = (pids: number[]) => Math.round(pids.reduce((sum, pid) => sum + pssMb(pid), 0))

function pssMb(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

function latest(measured: Record<Figure, number[]>): Record<string, number | undefined> {
  return Object.fromEntries(Object.entries(measured).map(([name, values]) => [name, values.at(-1)]))
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

/** One short start cannot be judged: the quick form only shows that it can be measured. */
function judge(form: MeasureOptions['form'], measured: Record<Figure, number[]>): Measurement {
  const figures: Record<string, number | boolean> = {}
  let [ok, tie] = [true, false]
  for (const [name, { max }] of Object.entries(TARGETS)) {
    const value = median(measured[name as Figure])
    if (value === undefined) continue
    figures[name] = value
    if (value > max) tie = true
    if (value > max * (1 + TIE)) ok = false
  }
  if (form === 'quick') return { ok: true, figures, targets: {} }
  return { ok, figures: { ...figures, ...(ok && tie && { tie }) }, targets: TARGETS }
}
