/**
 * Campaign `crash-webhook`: providers deliver signed events of many orders, to several workspaces and apps, and deliver
 * again what is not answered, and one in ten besides, while the processes that receive and process them are killed with
 * `kill -9`; on PostgreSQL the database is, too. What was acknowledged is kept, has its effect once (records, what the
 * workspace is told, triggers), and the events of an order are processed as they arrived.
 *
 * On the embedded database it is one process with everything, on PostgreSQL two that receive and two that process.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { type Fleet, openEmbeddedFleet, openPostgresFleet } from './crash-webhook/fleet.ts'
import { createRandom, type Random } from './properties/random.ts'
import { FAILINGS, judge } from './shop/judge.ts'
import { openShops, untilProcessed, withPlatform } from './shop/open-shops.ts'
import { planChains, shopsOf } from './shop/plan.ts'
import { Sender } from './shop/sender.ts'
import { readEffects } from './shop/witness.ts'

const SIZES = {
  quick: { workspaces: 2, events: 200, kills: 2, lanes: 32, processedWithinMs: 300_000 },
  default: { workspaces: 4, events: 5_000, kills: 12, lanes: 64, processedWithinMs: 600_000 },
  long: { workspaces: 8, events: 100_000, kills: 40, lanes: 128, processedWithinMs: 4 * 3_600_000 },
} as const
const POLL_MS = 100

const DATABASES = { embedded: openEmbeddedFleet, postgres: openPostgresFleet } as const
type DatabaseName = keyof typeof DATABASES

interface Options extends MeasureOptions {
  /** Default: both, at the same time. */
  databases?: readonly DatabaseName[]
}

export async function campaign({ form, seed, log, databases }: Options): Promise<Measurement> {
  const directory = await mkdtemp(join(tmpdir(), 'miniapps-crash-webhook-'))
  try {
    const found = await Promise.all(
      (databases ?? ['embedded', 'postgres']).map(async (name) => {
        const fleet = await DATABASES[name](directory)
        try {
          const random = createRandom(seed)
          return await run(fleet, { form, random, log: (line) => log(`${name}: ${line}`) })
        } finally {
          await fleet.close()
        }
      }),
    )
    const figures: Record<string, number> = {}
    for (const one of found) {
      for (const [name, value] of Object.entries(one)) figures[name] = (figures[name] ?? 0) + value
    }
    const { events, kills } = SIZES[form]
    const targets: Measurement['targets'] = {
      acknowledged: { min: events * found.length },
      kills: { min: kills * found.length },
      repeated: { min: 1 },
      wrongAnswers: { max: 0 },
      ...Object.fromEntries(FAILINGS.map((name) => [name, { max: 0 }])),
    }
    const ok = Object.entries(targets).every(([name, { min = -Infinity, max = Infinity }]) => {
      const value = figures[name] ?? 0
      return value >= min && value <= max
    })
    return { ok, figures, targets }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

interface Run {
  form: MeasureOptions['form']
  random: Random
  log: (line: string) => void
}

async function run(fleet: Fleet, { form, random, log }: Run) {
  const { workspaces, events, kills, lanes, processedWithinMs } = SIZES[form]
  const shops = shopsOf(workspaces)
  const chains = planChains({ events, shops }, random)
  const tokens = await withPlatform(fleet.env, (context) => openShops(context, shops))
  await fleet.start()
  log(`${events} events of ${chains.length} orders in ${shops.length} shops`)
  const sender = new Sender({ lanes, random, origins: fleet.origins })
  const sending = sender.run(chains)
  const moments = Array.from({ length: kills }, () => random.below(events)).sort((one, other) => one - other)
  for (const moment of moments) {
    while (sender.acknowledged.size < moment) await sleep(POLL_MS / 10)
    const killed = await fleet.kill(random)
    log(`${killed} was killed after ${moment} of ${events} events; ${sender.acknowledged.size} by now`)
  }
  await sending
  await sender.close()
  log(`all acknowledged; ${sender.unanswered} attempts were not, ${sender.repeated} came again`)
  await fleet.startAhead()
  const [origin = ''] = fleet.origins()
  await untilProcessed({ origin, tokens, withinMs: processedWithinMs })
  await fleet.stop()
  const effects = await withPlatform(fleet.env, ({ db }) => readEffects(db))
  const { acknowledged, repeated, unanswered, wrong } = sender
  for (const line of wrong.slice(0, 3)) log(line)
  return {
    acknowledged: acknowledged.size,
    orders: chains.length,
    kills,
    unanswered,
    repeated,
    wrongAnswers: wrong.length,
    ...judge({ chains, acknowledged, repeated, effects, log }),
  }
}
