/**
 * Campaign `duplicates`: 50 identical deliveries of a provider arrive in the same instant at two server processes on one
 * PostgreSQL, again and again. Of each burst exactly one is kept and fires its trigger once, all others are counted, and
 * every sender gets the same answer.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'undici'
import { ensureDefaultWorkspace } from '../packages/server/src/account/default-workspace.ts'
import { openContext } from '../packages/server/src/app/open-context.ts'
import { readConfig } from '../packages/server/src/config.ts'
import type { Context } from '../packages/server/src/context.ts'
import { connectWithForm } from '../packages/server/src/install/connect.ts'
import { installApp } from '../packages/server/src/install/install-app.ts'
import { silentLog } from '../packages/server/src/log.ts'
import { registerDefinition } from '../packages/server/src/registry/register.ts'
import {
  marketDefinition,
  marketTrigger,
  signatureOf,
  WEBHOOK_SECRET,
} from '../packages/server/test/market-app.ts'
import { startPostgres } from '../packages/server/test/postgres.ts'
import { type ServerProcess, startServerProcess } from '../packages/server/test/server-process.ts'
import { untilNothingDue } from '../packages/server/test/until-nothing-due.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'

const BURSTS = { quick: 10, default: 200, long: 2_000 } as const satisfies Record<
  MeasureOptions['form'],
  number
>
const DELIVERIES = 50
const PROCESSES = 2
/** Milliseconds in which everything that was kept is processed; only a hang takes longer. */
const PROCESSED_WITHIN_MS = 60_000
const POLL_MS = 100
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

const TARGETS = {
  burstsWithoutExactlyOne: { max: 0 },
  burstsWithoutOneFiring: { max: 0 },
  duplicatesUncounted: { max: 0 },
  answersThatDiffer: { max: 0 },
} as const satisfies Measurement['targets']

const EVENT = 'order.created'

export async function campaign({ form, log }: MeasureOptions): Promise<Measurement> {
  const bursts = BURSTS[form]
  const directory = await mkdtemp(join(tmpdir(), 'miniapps-duplicates-'))
  const closers: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })]
  try {
    const postgres = await startPostgres()
    closers.push(() => postgres.stop())
    const env = { DATABASE_URL: postgres.url, MASTER_KEY, DATA_DIR: directory }
    const config = readConfig(env, { terminal: false, workingDirectory: directory })
    const { context, close } = await openContext(config, silentLog)
    closers.push(close)
    const workspaceId = await connectShop(context)
    const servers = await Promise.all(
      Array.from({ length: PROCESSES }, () => startServerProcess({ env, cwd: directory })),
    )
    closers.push(() => Promise.all(servers.map((server) => server.stop())))
    const answersThatDiffer = await deliverAll(servers, { bursts, log })
    const found = await whatWasKept(context, { workspaceId, bursts })
    const figures = { bursts, deliveries: bursts * DELIVERIES, answersThatDiffer, ...found }
    const ok = Object.keys(TARGETS).every((name) => figures[name as keyof typeof TARGETS] === 0)
    return { ok, figures, targets: TARGETS }
  } finally {
    for (const closer of closers.reverse()) await closer()
  }
}

/** In the default workspace. @returns its id */
async function connectShop(context: Context): Promise<string> {
  const { id: workspaceId, subdomain } = await ensureDefaultWorkspace(context)
  const key = { workspaceId, ns: 'market' }
  await registerDefinition(context, marketDefinition({ triggers: [marketTrigger(EVENT)] }))
  await installApp(context, key)
  const credentials = { webhookSecret: WEBHOOK_SECRET }
  await connectWithForm(context, { ...key, subdomain, requestId: 'campaign', credentials })
  return workspaceId
}

/** @returns how many senders were answered something else than the configured answer */
async function deliverAll(
  servers: readonly ServerProcess[],
  { bursts, log }: { bursts: number; log: (line: string) => void },
): Promise<number> {
  const pools = servers.map(
    ({ url }) => new Pool(new URL(url).origin, { connections: DELIVERIES / PROCESSES }),
  )
  let differ = 0
  for (let burst = 1; burst <= bursts; burst++) {
    const body = JSON.stringify({ delivery_id: `burst-${burst}`, order: { id: burst } })
    const headers = {
      'content-type': 'application/json',
      'x-market-topic': EVENT,
      'x-market-signature': signatureOf(Buffer.from(body)),
    }
    const answers = await Promise.all(
      Array.from({ length: DELIVERIES }, async (_, index) => {
        const pool = pools[index % pools.length] as Pool
        const answer = await pool.request({
          path: '/miniapps/market/webhooks',
          method: 'POST',
          headers,
          body,
        })
        return `${answer.statusCode} ${await answer.body.text()}`
      }),
    )
    const wrong = answers.filter((answer) => answer !== '202 {"got":"it"}')
    differ += wrong.length
    if (wrong.length > 0) log(`burst ${burst}: ${wrong.length} were answered ${wrong[0]}`)
    if (burst % 50 === 0) log(`${burst} of ${bursts} bursts`)
  }
  await Promise.all(pools.map((pool) => pool.close()))
  return differ
}

async function whatWasKept(
  context: Context,
  { workspaceId, bursts }: { workspaceId: string; bursts: number },
) {
  await untilNothingDue(context.db, { withinMs: PROCESSED_WITHIN_MS, pollMs: POLL_MS })
  const { sql } = context.db
  const events = await sql
    .selectFrom('webhookEvent')
    .select(['transactionId', 'id'])
    .where('workspaceId', '=', workspaceId)
    .execute()
  const firings = await sql
    .selectFrom('triggerFiring')
    .select('eventId')
    .where('workspaceId', '=', workspaceId)
    .execute()
  const known = await sql
    .selectFrom('webhookTransaction')
    .select(['transactionId', 'duplicates'])
    .where('workspaceId', '=', workspaceId)
    .execute()
  const all = Array.from({ length: bursts }, (_, index) => `burst-${index + 1}`)
  const idsOf = (name: string) => events.filter((event) => event.transactionId === name).map(({ id }) => id)
  const firingsOf = (name: string) => firings.filter(({ eventId }) => idsOf(name).includes(eventId))
  const counted = known.reduce((sum, { duplicates }) => sum + duplicates, 0)
  return {
    kept: events.length,
    firings: firings.length,
    burstsWithoutExactlyOne: all.filter((name) => idsOf(name).length !== 1).length,
    burstsWithoutOneFiring: all.filter((name) => firingsOf(name).length !== 1).length,
    duplicatesUncounted: Math.abs(bursts * (DELIVERIES - 1) - counted),
  }
}
