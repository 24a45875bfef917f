/**
 * Campaign `flood`: one workspace sends fifty times its share, others have slow and failing functions, and somebody sends what
 * is no delivery at all, or sends it so slowly that it never becomes one. Another workspace's events are processed within two
 * seconds, every request is answered clearly, and the server's memory stays flat. One server process with everything, on a
 * PostgreSQL of its own. The quick form does not wait until the slow ones are cut off: that takes half a minute.
 *
 * How long a quiet event waits is told twice: in milliseconds, and in how many events of the flood went ahead of it, which does not
 * depend on the machine.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createWorkspace } from '../packages/server/src/account/create-workspace.ts'
import { openContext } from '../packages/server/src/app/open-context.ts'
import { readConfig } from '../packages/server/src/config.ts'
import type { Context } from '../packages/server/src/context.ts'
import { connectWithForm } from '../packages/server/src/install/connect.ts'
import { installApp } from '../packages/server/src/install/install-app.ts'
import { silentLog } from '../packages/server/src/log.ts'
import { registerDefinition } from '../packages/server/src/registry/register.ts'
import { WEBHOOK_SECRET } from '../packages/server/test/market-app.ts'
import { startPostgres } from '../packages/server/test/postgres.ts'
import { startServerProcess } from '../packages/server/test/server-process.ts'
import { untilNothingDue } from '../packages/server/test/until-nothing-due.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { BUSY_APP, floodDefinitions, SHOP_APP } from './flood/apps.ts'
import { MAX_BODY_BYTES, sendHostile } from './flood/hostile.ts'
import { watchMemory } from './flood/memory.ts'
import { Sender } from './flood/sender.ts'
import { slowSenders } from './flood/slow-senders.ts'

/** Events of the quiet workspace, and the milliseconds between them. */
const QUIET = {
  quick: { events: 12, everyMs: 100 },
  default: { events: 200, everyMs: 200 },
  long: { events: 2_000, everyMs: 200 },
} as const satisfies Record<MeasureOptions['form'], { events: number; everyMs: number }>
const FLOOD_FACTOR = 50
const FLOOD_CONNECTIONS = 32
/** Of each busy workspace: fewer, because each costs a function call of a good part of a second. */
const BUSY_EVENTS = { quick: 3, default: 60, long: 300 } as const
const BUSY_WORKSPACES = ['busy-1', 'busy-2', 'busy-3'] as const
/** Of each kind. */
const SLOW_SENDERS = 25
/** Milliseconds; only a hang takes longer. */
const PROCESSED_WITHIN_MS = 15 * 60_000
const POLL_MS = 100
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

/**
 * Events of the flood while a quiet one waited: turns begin with a dozen and grow to 200, two at once, and a quick flood ends
 * before they have grown. Seen: 39 and 232; where a workspace has its turn until nothing of it is left, 193 and 679.
 */
const MAX_AHEAD = { quick: 80, default: 450, long: 450 } as const
const TARGETS = {
  quietP99Ms: { max: 2_000 },
  /** Without a backlog nothing was shown. */
  longestBacklog: { min: 20 },
  unanswered: { max: 0 },
  lost: { max: 0 },
  hostileAnswersWrong: { max: 0 },
  memoryGrowthMb: { max: 300 },
} as const satisfies Measurement['targets']
const SLOW_TARGETS = {
  slowSendersLeft: { max: 0 },
  slowAnswersWrong: { max: 0 },
} as const satisfies Measurement['targets']

export async function campaign({ form, log }: MeasureOptions): Promise<Measurement> {
  const directory = await mkdtemp(join(tmpdir(), 'miniapps-flood-'))
  const closers: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })]
  try {
    const postgres = await startPostgres()
    closers.push(() => postgres.stop())
    const env = {
      DATABASE_URL: postgres.url,
      MASTER_KEY,
      DATA_DIR: directory,
      SAAS_API_URL: 'http://localhost/w/{subdomain}',
      OAUTH_BASE_URL: 'http://localhost',
      MAX_WEBHOOK_BYTES: String(MAX_BODY_BYTES),
    }
    const config = readConfig(env, { terminal: false, workingDirectory: directory })
    const { context, close } = await openContext(config, silentLog)
    closers.push(close)
    const workspaces = await furnish(context)
    const server = await startServerProcess({ env, cwd: directory })
    closers.push(() => server.stop())
    const sender = new Sender(server.url)
    closers.push(() => sender.close())
    const memory = watchMemory(server.child.pid ?? 0)
    const slow = await slowSenders(server.url, SLOW_SENDERS)
    closers.push(async () => slow.close())
    log('flooding')
    await flood(sender, form)
    log('sending what is no delivery')
    const hostile = await sendHostile(server.url, { log })
    const cutOff = form === 'quick' ? {} : await slow.outcome(log)
    await untilNothingDue(context.db, { withinMs: PROCESSED_WITHIN_MS, pollMs: POLL_MS })
    const found = await whatHappened(context, workspaces)
    const figures = {
      events: sender.accepted,
      unanswered: sender.failed,
      lost: sender.accepted - found.processed,
      ...hostile,
      ...cutOff,
      memoryGrowthMb: memory.stop(),
      quietP99Ms: found.quietP99Ms,
      quietP50Ms: found.quietP50Ms,
      wentAheadP99: found.wentAheadP99,
      longestBacklog: found.longestBacklog,
    }
    const targets = {
      ...TARGETS,
      ...(form !== 'quick' && SLOW_TARGETS),
      wentAheadP99: { max: MAX_AHEAD[form] },
    }
    return { ok: isWithin(figures, targets), figures, targets }
  } finally {
    for (const closer of closers.reverse()) await closer()
  }
}

function isWithin(figures: Record<string, number>, targets: Measurement['targets']): boolean {
  return Object.entries(targets).every(([name, { min, max }]) => {
    const figure = figures[name] ?? Number.NaN
    return figure >= (min ?? Number.NEGATIVE_INFINITY) && figure <= (max ?? Number.POSITIVE_INFINITY)
  })
}

type Workspaces = Record<string, string>

/** @returns ids by subdomain */
async function furnish(context: Context): Promise<Workspaces> {
  for (const definition of floodDefinitions()) await registerDefinition(context, definition)
  const workspaces: Workspaces = {}
  for (const subdomain of ['quiet', 'flooding', ...BUSY_WORKSPACES]) {
    const { id: workspaceId } = await createWorkspace(context, { subdomain, name: subdomain })
    const ns = subdomain.startsWith('busy') ? BUSY_APP : SHOP_APP
    await installApp(context, { workspaceId, ns })
    const credentials = { webhookSecret: WEBHOOK_SECRET }
    await connectWithForm(context, { workspaceId, ns, subdomain, requestId: 'campaign', credentials })
    workspaces[subdomain] = workspaceId
  }
  return workspaces
}

/** The flood as fast as it is taken; the quiet workspace all the while, at its pace. */
async function flood(sender: Sender, form: MeasureOptions['form']): Promise<void> {
  const { events, everyMs } = QUIET[form]
  let left = events * FLOOD_FACTOR
  const flooding = Array.from({ length: FLOOD_CONNECTIONS }, async () => {
    while (left > 0) {
      left -= 1
      await sender.send('flooding', SHOP_APP)
    }
  })
  const busy = BUSY_WORKSPACES.map(async (subdomain) => {
    for (let event = 0; event < BUSY_EVENTS[form]; event++) await sender.send(subdomain, BUSY_APP)
  })
  const quiet = async () => {
    const sending: Promise<void>[] = []
    for (let event = 0; event < events; event++) {
      sending.push(sender.send('quiet', SHOP_APP))
      await sleep(everyMs)
    }
    await Promise.all(sending)
  }
  await Promise.all([...flooding, ...busy, quiet()])
}

interface Span {
  came: number
  settled: number
}

async function whatHappened(context: Context, workspaces: Workspaces) {
  const spansOf = async (subdomain: string): Promise<Span[]> => {
    const rows = await context.db.sql
      .selectFrom('webhookEvent')
      .select(['createdAt', 'processedAt'])
      .where('workspaceId', '=', workspaces[subdomain] ?? '')
      .where('event', '=', 'order.created')
      .where('processedAt', 'is not', null)
      .execute()
    return rows.map(({ createdAt, processedAt }) => ({
      came: createdAt.getTime(),
      settled: processedAt?.getTime() ?? 0,
    }))
  }
  const [quiet, flooding] = [await spansOf('quiet'), await spansOf('flooding')]
  const busy = await Promise.all(BUSY_WORKSPACES.map(spansOf))
  const waits = quiet.map(({ came, settled }) => settled - came)
  const ahead = quiet.map(
    ({ came, settled }) => flooding.filter((one) => one.settled > came && one.settled < settled).length,
  )
  const backlogs = quiet.map(
    ({ came }) => flooding.filter((one) => one.came < came && one.settled > came).length,
  )
  return {
    processed: quiet.length + flooding.length + busy.flat().length,
    quietP99Ms: percentile(waits, 0.99),
    quietP50Ms: percentile(waits, 0.5),
    wentAheadP99: percentile(ahead, 0.99),
    longestBacklog: Math.max(0, ...backlogs),
  }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0
}
