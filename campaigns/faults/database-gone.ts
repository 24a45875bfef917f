/** PostgreSQL is killed and stays away, or stops where it is with its connections open. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type PostgresServer, startPostgres } from '../../packages/server/test/postgres.ts'
import { type Fault, type FaultOptions, type Outcome, settle } from './fault.ts'
import { startLoad } from './load.ts'
import { openSite } from './site.ts'

const GONE_MS = { quick: 2_000, default: 15_000, long: 30_000 } as const
/** The long form outlasts what a query may take; the others end before. */
const HANGING_MS = { quick: 2_000, default: 10_000, long: 45_000 } as const
const BEFORE_MS = 1_000

interface Outage {
  forMs: number
  begin(postgres: PostgresServer): Promise<void> | void
  end(postgres: PostgresServer): Promise<void> | void
}

async function runOutage({ log }: FaultOptions, { forMs, begin, end }: Outage): Promise<Outcome> {
  const postgres = await startPostgres()
  const site = await openSite({ databaseUrl: postgres.url }).catch(async (error: unknown) => {
    await postgres.stop()
    throw error
  })
  const broken: string[] = []
  try {
    const load = startLoad(site)
    await sleep(BEFORE_MS)
    await begin(postgres)
    await sleep(forMs / 2)
    const [alive, ready] = await Promise.all([site.health('/healthz'), site.health('/readyz')])
    if (alive !== 200) broken.push(`/healthz answered ${alive} while the database was gone`)
    if (ready !== 503) broken.push(`/readyz answered ${ready} while the database was gone`)
    await sleep(forMs / 2)
    await end(postgres)
    const endedAt = performance.now()
    const recovering = settle(site, { answers: [], broken })
    const answers = await load.stop()
    const outcome = await recovering
    log(`${answers.length} answers, recovered after ${Math.round(performance.now() - endedAt)} ms at most`)
    if (!answers.some(({ kind }) => kind === 'clear')) broken.push('no call failed: the fault did not bite')
    return { ...outcome, answers, lost: await site.lost() }
  } finally {
    await site.close()
    await postgres.stop()
  }
}

export const databaseGone: Fault = {
  name: 'databaseGone',
  run: (options) =>
    runOutage(options, {
      forMs: GONE_MS[options.form],
      begin: (postgres) => postgres.kill9(),
      end: (postgres) => postgres.restart(),
    }),
}

export const databaseHangs: Fault = {
  name: 'databaseHangs',
  run: (options) =>
    runOutage(options, {
      forMs: HANGING_MS[options.form],
      begin: (postgres) => postgres.pause(),
      end: (postgres) => postgres.resume(),
    }),
}
