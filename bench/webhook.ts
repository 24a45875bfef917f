/**
 * Bench `webhook`: deliveries a second from the request to the answer, each one another, verified, parsed and committed
 * before it is answered, over those of a bare `node:http` server that reads the body and verifies its HMAC; and how long the
 * slowest wait beside that server's. `groundRatio` is that of a server that does nothing but keep deliveries in PostgreSQL, in
 * one thread: printed, not judged, it says what the machine allows. Each side is a process of its own; they take turns within each round. Once on PostgreSQL
 * with its default durability, once embedded. Then, on PostgreSQL, the way to the end: customer, record and trigger.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fillDataDirectory } from '../packages/server/test/data-directory.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { judge, median, round } from '../scripts/measure-rounds.ts'
import { startSettledPostgres } from './settled-postgres.ts'
import { endToEnd } from './webhook/end-to-end.ts'
import { type Delivered, deliver } from './webhook/load.ts'
import { deliveries, type Side, type SideKind, startSide } from './webhook/sides.ts'

const FORMS = {
  quick: { rounds: 1, requests: 100, processes: 1 },
  default: { rounds: 7, requests: 10_000, processes: 3 },
  long: { rounds: 21, requests: 30_000, processes: 3 },
} as const satisfies Record<MeasureOptions['form'], { rounds: number; requests: number; processes: number }>

const CONNECTIONS = 64
/** Requests of each side before the first round: caches are full and the code is compiled. */
const WARM_UP = 2_000
/** With a load, a server and a database on one machine, a figure says something from four cores on. */
const CORES_TO_JUDGE = 4
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

const TARGETS = {
  postgresRatio: { min: 0.5 },
  embeddedRatio: { min: 0.18 },
  postgresP99Ratio: { max: 3 },
  embeddedP99Ratio: { max: 15 },
  processedPerSecond: { min: 3_000 },
  triggerP50Ms: { max: 50 },
} as const satisfies Measurement['targets']

export async function bench({ form, log }: MeasureOptions): Promise<Measurement> {
  const directory = await mkdtemp(join(tmpdir(), 'miniapps-bench-webhook-'))
  const postgres = await startSettledPostgres()
  const sides: Side[] = []
  const start = async (kind: SideKind, env: Record<string, string>) => {
    const side = await startSide(kind, { DATA_DIR: directory, ...env })
    sides.push(side)
    return side
  }
  const end = () => {
    for (const { child } of sides.splice(0)) child.kill('SIGKILL')
  }
  try {
    await fillDataDirectory(directory)
    const compared = {
      bare: await start('bare', {}),
      ground: await start('ground', { DATABASE_URL: postgres.url }),
      postgres: await start('platform', { DATABASE_URL: postgres.url, MASTER_KEY }),
      embedded: await start('platform', { MASTER_KEY }),
    }
    const rounds = await measure(compared, { ...FORMS[form], log })
    end()
    await postgres.execute(['create database shop'])
    const url = new URL('/shop', postgres.url).href
    const { perSecond, triggerP50Ms } = await endToEnd({
      ...{ url, processes: FORMS[form].processes, events: FORMS[form].requests, connections: CONNECTIONS },
      startShop: (isFirst) => start(isFirst ? 'shop' : 'another-shop', { DATABASE_URL: url, MASTER_KEY }),
    })
    return judged({
      ...acceptFigures(rounds),
      processedPerSecond: Math.round(Math.max(...perSecond)),
      processedByProcesses: perSecond.map(Math.round).join(' '),
      triggerP50Ms: round(triggerP50Ms),
    })
  } finally {
    end()
    await postgres.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

type Name = 'bare' | 'ground' | 'postgres' | 'embedded'
type Round = Record<Name, Delivered>

async function measure(
  sides: Record<Name, Side>,
  { rounds, requests, log }: { rounds: number; requests: number; log: (line: string) => void },
): Promise<Round[]> {
  const send = ({ port }: Side, count: number) =>
    deliver({ port, connections: CONNECTIONS, requests: deliveries(count) })
  const names = Object.keys(sides) as Name[]
  for (const name of names) await send(sides[name], Math.min(requests, WARM_UP))
  const measured: Round[] = []
  for (let index = 1; index <= rounds; index++) {
    const one = {} as Round
    for (const name of names) one[name] = await send(sides[name], requests)
    measured.push(one)
    const told = names.map(
      (name) => `${name} ${Math.round(one[name].perSecond)}/s, p99 ${Math.round(one[name].p99Ms)} ms`,
    )
    log(`round ${index}: ${told.join('; ')}`)
  }
  return measured
}

function acceptFigures(rounds: readonly Round[]) {
  const over = (name: Name, figure: keyof Delivered) =>
    round(median(rounds.map((one) => one[name][figure] / one.bare[figure])))
  const perSecond = (name: Name) => Math.round(median(rounds.map((one) => one[name].perSecond)))
  return {
    groundRatio: over('ground', 'perSecond'),
    postgresRatio: over('postgres', 'perSecond'),
    embeddedRatio: over('embedded', 'perSecond'),
    postgresP99Ratio: over('postgres', 'p99Ms'),
    embeddedP99Ratio: over('embedded', 'p99Ms'),
    barePerSecond: perSecond('bare'),
    postgresPerSecond: perSecond('postgres'),
    embeddedPerSecond: perSecond('embedded'),
  }
}

function judged(measured: Record<keyof typeof TARGETS, number> & Measurement['figures']): Measurement {
  const cores = availableParallelism()
  const verdicts = Object.entries(TARGETS).map(([name, target]) =>
    judge(measured[name as keyof typeof TARGETS], target),
  )
  const ok = cores < CORES_TO_JUDGE || !verdicts.includes('missed')
  const figures = { ...measured, cores, ...(verdicts.includes('tie') && { tie: true }) }
  return { ok, figures, targets: TARGETS }
}
