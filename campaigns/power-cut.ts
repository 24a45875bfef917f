/**
 * Campaign `power-cut`: the power fails while a server on the embedded database makes its database, starts, recovers, receives
 * signed events and runs actions. Each cut falls on a flush of a file or a directory; from then on only what had been
 * flushed is there, of files their bytes, of directories their names, and after every second cut, by chance, some of the
 * rest. The server then starts on that, and in the end everything that was ever acknowledged is there, and has had its effect
 * once.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { allWorkspaces } from '../packages/server/test/all-workspaces.ts'
import { apiClient, signIn } from '../packages/server/test/api-client.ts'
import { startLocalServer } from '../packages/server/test/local-server.ts'
import type { ServerProcess } from '../packages/server/test/server-process.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { Machine } from './power-cut/machine.ts'
import { createRandom, type Random } from './properties/random.ts'
import { APPS, ORIGIN } from './shop/definition.ts'
import { FAILINGS, judge } from './shop/judge.ts'
import { openShops, untilProcessed, withPlatform } from './shop/open-shops.ts'
import { type Chain, planChains, shopsOf } from './shop/plan.ts'
import { Sender } from './shop/sender.ts'
import { readEffects } from './shop/witness.ts'

const SIZES = {
  quick: { firstStarts: 0, cuts: 2 },
  default: { firstStarts: 3, cuts: 12 },
  long: { firstStarts: 6, cuts: 60 },
} as const

const WORKSPACES = 2
const LANES = 16
/** Between two cuts; those that were not acknowledged by then come again after it. */
const ORDERS_PER_CUT = 25
/** The first start flushes about so often: the files of the new database, each of its directories, and what follows. */
const FLUSHES_OF_A_FIRST_START = 1_300
/** While it works. */
const FLUSHES_OF_WORK = 40
/** Recovery flushes all files, then what it has replayed. */
const FLUSHES_OF_A_START = 1_500
/**
 * After every start the clock is ahead by so much more, altogether: days without a partition come, and none of a transaction
 * id's seven ends.
 */
const DAYS = 5
const DAY_MS = 86_400_000
/** An owner may run 30 actions of an app a minute, and each start is in another minute. */
const ACTIONS_PER_START = 20
const PROCESSED_WITHIN_MS = 600_000

interface Tally {
  cuts: number
  /** Starts after a cut that came to nothing. */
  failedStarts: number
  /** Owners who had signed in and were strangers after a cut. */
  ownersForgotten: number
  actionsAnswered: number
  actionsLost: number
}

interface Stage {
  machine: Machine
  random: Random
  tally: Tally
  log: (line: string) => void
}

export async function campaign({ form, seed, log }: MeasureOptions): Promise<Measurement> {
  const { firstStarts, cuts } = SIZES[form]
  const directory = await mkdtemp(join(tmpdir(), 'miniapps-power-cut-'))
  const provider = await startLocalServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"answer":"yes"}')
  })
  const tally: Tally = { cuts: 0, failedStarts: 0, ownersForgotten: 0, actionsAnswered: 0, actionsLost: 0 }
  try {
    const env = {
      PROVIDER_ORIGINS: `${ORIGIN}=${provider.origin}`,
      SAAS_API_URL: 'http://localhost/w/{subdomain}',
      OAUTH_BASE_URL: 'http://localhost',
      LOG_LEVEL: 'warn',
    }
    const random = createRandom(seed)
    const machine = new Machine({ directory, env })
    const stage: Stage = { machine, random, tally, log }
    const found = await cutAll(stage, SIZES[form]).catch((error: unknown) => {
      if (tally.failedStarts === 0) throw error
      return {}
    })
    const failings = [...FAILINGS, 'failedStarts', 'ownersForgotten', 'actionsLost', 'wrongAnswers'] as const
    const targets: Measurement['targets'] = {
      cuts: { min: firstStarts * 3 + cuts },
      acknowledged: { min: 1 },
      actionsAnswered: { min: 1 },
      ...Object.fromEntries(failings.map((name) => [name, { max: 0 }])),
    }
    const figures: Record<string, number> = { ...tally, ...found }
    const ok = Object.entries(targets).every(([name, { min = -Infinity, max = Infinity }]) => {
      const value = figures[name] ?? Number.NaN
      return value >= min && value <= max
    })
    return { ok, figures, targets }
  } finally {
    await provider.close()
    await rm(directory, { recursive: true, force: true })
  }
}

async function cutAll(stage: Stage, { firstStarts, cuts }: { firstStarts: number; cuts: number }) {
  for (let round = 0; round < firstStarts; round++) await cutFirstStart(stage)
  return cutWork(stage, cuts)
}

/** Makes a database, is cut while it does, then while it recovers, and must start after that. */
async function cutFirstStart(stage: Stage): Promise<void> {
  const { machine, random, tally, log } = stage
  machine.erase()
  for (const [attempt, flushes] of [FLUSHES_OF_A_FIRST_START, FLUSHES_OF_A_START].entries()) {
    machine.order({ flushes: 1 + random.below(flushes), takesEffect: random.chance(0.5) })
    const server = await start(stage)
    log(`start ${attempt + 1} on an empty disk: cut ${server ? 'after' : 'during'} it`)
    await cut(stage, server)
  }
  const server = await start(stage)
  if (server === undefined) throw new Error('A start was cut, which nobody ordered.')
  const { pathname, search } = new URL(server.ownerLink ?? '')
  const { token } = await signIn(`${server.url}/w/main`, `${server.url}${pathname}${search}`)
  await cut(stage, server)
  const again = await start(stage)
  const isKnown = await apiClient(`${again?.url}/w/main`, token)
    .call('{ currentUser { _id } }')
    .then(
      () => true,
      () => false,
    )
  if (!isKnown) tally.ownersForgotten += 1
  await again?.stop()
  machine.allFlushed()
}

/** Cuts again and again while events and actions are acknowledged; in the end everything must be there. */
async function cutWork(stage: Stage, cuts: number) {
  const { machine, random, tally, log } = stage
  const shops = shopsOf(WORKSPACES)
  const chains = planChains({ orders: cuts * ORDERS_PER_CUT, shops }, random)
  const unsent = [...chains]
  const tokens = await withPlatform(machine.env, (context) => openShops(context, shops))
  machine.allFlushed()
  let origins: string[] = ['http://127.0.0.1:1']
  const sender = new Sender({ lanes: LANES, random, origins: () => origins })
  const actions: string[] = []
  const work = (server: ServerProcess, own: readonly Chain[], signal?: AbortSignal) => {
    origins = [server.url]
    return Promise.all([sender.run(own, signal), runActions({ server, tokens, signal, answered: actions })])
  }
  let isEarly = false
  for (let round = 1; round <= cuts; round++) {
    const before = sender.acknowledged.size
    const takesEffect = random.chance(0.5)
    isEarly = !isEarly && random.chance(0.25)
    if (isEarly) machine.order({ flushes: 1 + random.below(FLUSHES_OF_A_START), takesEffect })
    const server = await start(stage, (round / cuts) * DAYS * DAY_MS)
    if (server !== undefined) {
      // An event that is under way at too many ends of the server is given up.
      if (!isEarly) await untilProcessed({ origin: server.url, tokens, withinMs: PROCESSED_WITHIN_MS })
      const ending = new AbortController()
      const working = work(server, unsent.splice(0, ORDERS_PER_CUT), ending.signal)
      if (!isEarly) {
        while (sender.acknowledged.size === before) await sleep(POLL_MS)
        machine.order({ flushes: 1 + random.below(FLUSHES_OF_WORK), takesEffect })
      }
      await Promise.race([machine.untilCut(ending.signal), working])
      ending.abort()
      await server.kill9()
      await working
    }
    await cut(stage, server)
    log(`cut ${round} of ${cuts} after ${sender.acknowledged.size - before} events`)
  }
  const server = await start(stage, (DAYS + 1) * DAY_MS)
  if (server === undefined) throw new Error('The last start was cut, which nobody ordered.')
  await work(server, unsent)
  await sender.close()
  await untilProcessed({ origin: server.url, tokens, withinMs: PROCESSED_WITHIN_MS })
  await server.stop()
  const { acknowledged, repeated, unanswered, wrong } = sender
  const { effects, runs } = await withPlatform(machine.env, async ({ db }) => ({
    effects: await readEffects(db),
    runs: await sql<{ requestId: string }>`select request_id from action_run`.execute(allWorkspaces(db.sql)),
  }))
  const known = new Set(runs.rows.map(({ requestId }) => requestId))
  tally.actionsAnswered = actions.length
  tally.actionsLost = actions.filter((requestId) => !known.has(requestId)).length
  for (const line of wrong.slice(0, 3)) log(line)
  return {
    acknowledged: acknowledged.size,
    unanswered,
    repeated,
    wrongAnswers: wrong.length,
    ...judge({ chains, acknowledged, repeated, effects, log }),
  }
}

const POLL_MS = 20

/** @returns undefined where the power was cut before the server was ready @throws where it does not start otherwise */
async function start({ machine, tally, log }: Stage, aheadMs = 0): Promise<ServerProcess | undefined> {
  try {
    return await machine.start(aheadMs)
  } catch (error) {
    tally.failedStarts += 1
    log(String(error))
    throw error
  }
}

async function cut({ machine, random, tally }: Stage, server: ServerProcess | undefined): Promise<void> {
  await server?.kill9()
  tally.cuts += 1
  machine.restore(tally.cuts % 2 === 0 ? random : undefined)
}

/** What the owners do meanwhile. */
async function runActions({
  server,
  tokens,
  signal,
  answered,
}: {
  server: ServerProcess
  tokens: ReadonlyMap<string, string>
  signal: AbortSignal | undefined
  /** Request ids of those that were answered with success. */
  answered: string[]
}): Promise<void> {
  for (let count = 0; count < ACTIONS_PER_START && !signal?.aborted; count++) {
    for (const [subdomain, token] of tokens) {
      const ns = APPS[count % APPS.length]
      const api = apiClient(`${server.url}/w/${subdomain}`, token)
      const { executeMiniAppAction: run } = await api
        .call<{ executeMiniAppAction: { success: boolean; requestId: string } }>(
          `mutation { executeMiniAppAction(appNs: "${ns}", actionName: "ask") }`,
        )
        .catch(() => ({ executeMiniAppAction: undefined }))
      if (run?.success) answered.push(run.requestId)
    }
  }
}
