/**
 * Campaign `budget`: two callers exhaust a provider that allows ten requests in any second and answers 429 beyond. Nothing
 * may be refused after the first 429, and whoever waits in front of a form gets through within a second meanwhile.
 *
 * Twice: two server contexts on one PostgreSQL, and two callers of one context on the embedded database.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureDefaultWorkspace } from '../packages/server/src/account/default-workspace.ts'
import type { Actor } from '../packages/server/src/action/actor.ts'
import { executeAction } from '../packages/server/src/action/execute.ts'
import { loadOptions } from '../packages/server/src/action/load-options.ts'
import { startMaintenance } from '../packages/server/src/app/maintenance.ts'
import { openContext } from '../packages/server/src/app/open-context.ts'
import { readConfig } from '../packages/server/src/config.ts'
import type { Context } from '../packages/server/src/context.ts'
import { connectWithForm } from '../packages/server/src/install/connect.ts'
import { installApp } from '../packages/server/src/install/install-app.ts'
import { watchInstalls } from '../packages/server/src/install/live-install.ts'
import { silentLog } from '../packages/server/src/log.ts'
import { registerDefinition } from '../packages/server/src/registry/register.ts'
import { fillDataDirectory } from '../packages/server/test/data-directory.ts'
import { listing } from '../packages/server/test/ledger-app.ts'
import { startLocalServer } from '../packages/server/test/local-server.ts'
import { startPostgres } from '../packages/server/test/postgres.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'

const DURATION_MS = { quick: 2_000, default: 30_000, long: 240_000 } as const
/** Loops of one caller that load options one after the other: together far more than the provider allows. */
const LANES = 15
/** Milliseconds between two calls of the person in front of a form. */
const INTERACTIVE_PAUSE_MS = 700
const ALLOWED = 10
const WINDOW_MS = 1_000
const MAX_INTERACTIVE_MS = 1_000
/** A second at least so many get through: a budget that lets nobody through would also be refused nothing. */
const MIN_PER_SECOND = 4
const ORIGIN = 'https://narrow.example'
const RAISED_LIMIT = { limit: 1_000_000, windowMs: 60_000 }
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

const headers = { Authorization: 'Bearer [[accessToken]]' }
const DEFINITION = {
  ...listing('narrow', ORIGIN),
  auth: {
    type: 'bearer_token',
    sensitiveKeys: ['accessToken'],
    form: { accessToken: { type: 'password', label: 'Token', required: true } },
  },
  actions: [
    {
      name: 'ask',
      title: 'Ask',
      description: 'Asks.',
      parameters: { type: 'object', properties: {} },
      requests: [{ url: `${ORIGIN}/ask`, method: 'GET', headers, mapping: { id: '$[0].id' } }],
    },
  ],
  source: {
    rpc_items: {
      url: `${ORIGIN}/items`,
      method: 'GET',
      headers,
      valueField: 'id',
      labelField: 'id',
      searchParam: 'q',
    },
  },
}

/** Counts strictly: of any second, the first ten requests are answered. Refused ones do not count. */
async function startProvider() {
  let taken: number[] = []
  const seen = { answered: 0, refused: 0, refusedAfterFirst: 0 }
  const server = await startLocalServer(
    (_request, response) => {
      const now = performance.now()
      taken = taken.filter((at) => at > now - WINDOW_MS)
      const isRefused = taken.length >= ALLOWED
      if (!isRefused) taken.push(now)
      const freedIn = Math.max(0, (taken[0] ?? now) + WINDOW_MS - now)
      response.setHeader('X-RateLimit-Limit', ALLOWED)
      response.setHeader('X-RateLimit-Remaining', ALLOWED - taken.length)
      response.setHeader('X-RateLimit-Reset', Math.ceil((Date.now() + freedIn) / 1000))
      if (!isRefused) {
        seen.answered += 1
        return response.setHeader('Content-Type', 'application/json').end('[{"id":1}]')
      }
      seen.refused += 1
      if (seen.refused > 1) seen.refusedAfterFirst += 1
      response.writeHead(429, { 'Retry-After': '1' }).end()
    },
    { bodies: false },
  )
  return { server, seen }
}

interface Tally {
  failed: number
  interactive: number[]
  loaded: number
}

async function connect(context: Context): Promise<Omit<Actor, 'kind'>> {
  const workspace = await ensureDefaultWorkspace(context)
  const key = { workspaceId: workspace.id, ns: 'narrow' }
  await registerDefinition(context, DEFINITION)
  await installApp(context, key)
  const { id, subdomain } = workspace
  const credentials = { accessToken: 'token-of-the-campaign' }
  await connectWithForm(context, { ...key, subdomain, requestId: 'campaign', credentials })
  return { workspaceId: id, subdomain, id }
}

/** @param contexts one for each caller */
async function exhaust(
  contexts: readonly Context[],
  actor: Omit<Actor, 'kind'>,
  { durationMs, log }: { durationMs: number; log: (line: string) => void },
): Promise<Tally> {
  const tally: Tally = { failed: 0, interactive: [], loaded: 0 }
  const endsAt = performance.now() + durationMs
  const isOn = () => performance.now() < endsAt
  let searches = 0
  const lane = async (context: Context): Promise<void> => {
    while (isOn()) {
      const load = loadOptions(context, {
        actor: { ...actor, kind: 'automation' },
        miniAppNs: 'narrow',
        sourceKey: 'rpc_items',
        params: { q: String(searches++) },
        requestId: 'loop',
      })
      await load.then(
        () => (tally.loaded += 1),
        (error: unknown) => {
          tally.failed += 1
          log(`a loop failed: ${String(error)}`)
        },
      )
    }
  }
  const person = async (context: Context): Promise<void> => {
    while (isOn()) {
      await sleep(INTERACTIVE_PAUSE_MS)
      const startedAt = performance.now()
      const { error } = await executeAction(context, {
        actor: { ...actor, kind: 'user' },
        appNs: 'narrow',
        actionName: 'ask',
        formInput: {},
        requestId: 'person',
        rateLimit: RAISED_LIMIT,
      })
      tally.interactive.push(performance.now() - startedAt)
      if (!error) continue
      tally.failed += 1
      log(`a person's call failed: ${error.message}`)
    }
  }
  const lanes = contexts.flatMap((context) => Array.from({ length: LANES }, () => lane(context)))
  await Promise.all([...lanes, ...contexts.slice(0, 1).map(person)])
  return tally
}

async function round(
  databaseUrl: string | undefined,
  { durationMs, log }: { durationMs: number; log: (line: string) => void },
) {
  const directory = await mkdtemp(join(tmpdir(), 'miniapps-budget-'))
  const { server, seen } = await startProvider()
  const env = {
    DATA_DIR: directory,
    PROVIDER_ORIGINS: `${ORIGIN}=${server.origin}`,
    MASTER_KEY,
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
  }
  if (databaseUrl === undefined) await fillDataDirectory(directory)
  const config = readConfig(env, { terminal: false, workingDirectory: directory })
  const closers: (() => Promise<unknown>)[] = [() => server.close()]
  try {
    const open = async () => {
      const { context, close } = await openContext(config, silentLog)
      closers.push(close)
      closers.push(await watchInstalls(context), await context.budget.watch())
      return context
    }
    const first = await open()
    closers.push(await startMaintenance(first, { repeat: false }))
    const second = databaseUrl === undefined ? first : await open()
    const actor = await connect(first)
    const startedAt = performance.now()
    const tally = await exhaust([first, second], actor, { durationMs, log })
    const perSecond = (seen.answered * 1000) / (performance.now() - startedAt)
    const slowestMs = Math.round(Math.max(...tally.interactive))
    log(
      `${seen.answered} answered, ${seen.refused} refused, ${tally.interactive.length} calls of a person, the slowest in ${slowestMs} ms`,
    )
    return { ...seen, ...tally, perSecond, slowestMs }
  } finally {
    for (const closer of closers.reverse()) await closer()
    await rm(directory, { recursive: true, force: true })
  }
}

export async function campaign({ form, log }: MeasureOptions): Promise<Measurement> {
  const durationMs = DURATION_MS[form]
  log('two callers of one process on the embedded database')
  const rounds = [await round(undefined, { durationMs, log })]
  if (form !== 'quick') {
    log('two processes on PostgreSQL')
    const postgres = await startPostgres()
    try {
      rounds.push(await round(postgres.url, { durationMs, log }))
    } finally {
      await postgres.stop()
    }
  }
  const sum = (of: (one: (typeof rounds)[number]) => number) =>
    rounds.reduce((total, one) => total + of(one), 0)
  const refusedAfterFirst = sum((one) => one.refusedAfterFirst)
  const failed = sum((one) => one.failed)
  const interactiveCalls = sum((one) => one.interactive.length)
  const slowestInteractiveMs = Math.max(...rounds.map((one) => one.slowestMs))
  const perSecond = Number(Math.min(...rounds.map((one) => one.perSecond)).toFixed(1))
  return {
    ok:
      refusedAfterFirst === 0 &&
      failed === 0 &&
      interactiveCalls > 0 &&
      slowestInteractiveMs < MAX_INTERACTIVE_MS &&
      perSecond >= MIN_PER_SECOND,
    figures: {
      requests: sum((one) => one.answered + one.refused),
      refused: sum((one) => one.refused),
      refusedAfterFirst,
      failed,
      interactiveCalls,
      slowestInteractiveMs,
      perSecond,
      postgres: rounds.length > 1,
    },
    targets: {
      refusedAfterFirst: { max: 0 },
      failed: { max: 0 },
      interactiveCalls: { min: 1 },
      slowestInteractiveMs: { max: MAX_INTERACTIVE_MS },
      perSecond: { min: MIN_PER_SECOND },
    },
  }
}
