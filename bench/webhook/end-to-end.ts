/** From the receipt of a delivery to its customer, record and trigger, on PostgreSQL, with one receiver and with several. */
import { sql as query } from 'kysely'
import { type Database, openDatabase } from '../../packages/server/src/db/client.ts'
import { silentLog } from '../../packages/server/src/log.ts'
import { allWorkspaces } from '../../packages/server/test/all-workspaces.ts'
import { untilNothingDue } from '../../packages/server/test/until-nothing-due.ts'
import { median } from '../../scripts/measure-rounds.ts'
import { deliver } from './load.ts'
import { deliveries, type Side } from './sides.ts'

export interface EndToEndOptions {
  /** Of a database that nobody else uses. */
  url: string
  processes: number
  events: number
  connections: number
  startShop(isFirst: boolean): Promise<Side>
}

const POLL_MS = 10
const analyze = query`analyze`
/** Of the load that was measured before. */
const LIGHT_LOAD = 0.1
const LIGHT_CONNECTIONS = 10

/**
 * @returns `perSecond`: events processed in a second with one process, with two and so on, counted from the first delivery
 * until nothing is left; `triggerP50Ms`: from receipt to trigger at a tenth of the best of them
 */
export async function endToEnd(
  options: EndToEndOptions,
): Promise<{ perSecond: number[]; triggerP50Ms: number }> {
  const { processes, events, connections } = options
  const db = await openDatabase({ databaseUrl: options.url, dataDir: '', log: silentLog, poolSize: 1 })
  const sql = allWorkspaces(db.sql)
  try {
    const shops: Side[] = []
    const perSecond: number[] = []
    while (shops.length < processes) {
      shops.push(await options.startShop(shops.length === 0))
      await run(db, { shops, connections, events: Math.ceil(events / 10) })
      // As the database does by itself, within a minute, wherever much has changed.
      await analyze.execute(sql)
      perSecond.push(await run(db, { shops, connections, events }))
    }
    const since = new Date()
    const rate = Math.max(...perSecond) * LIGHT_LOAD
    const pauseMs = (LIGHT_CONNECTIONS * 1000) / rate
    const light = { shops: shops.slice(0, 1), connections: LIGHT_CONNECTIONS, pauseMs }
    await run(db, { ...light, events: Math.ceil(events / 10) })
    const fired = await sql
      .selectFrom('triggerFiring')
      .select(['createdAt', 'firedAt'])
      .where('createdAt', '>=', since)
      .execute()
    const timesMs = fired.map(({ createdAt, firedAt }) => firedAt.getTime() - createdAt.getTime())
    return { perSecond, triggerP50Ms: median(timesMs) }
  } finally {
    await db.close()
  }
}

interface Run {
  shops: readonly Side[]
  connections: number
  events: number
  pauseMs?: number
}

/** @returns events a second */
async function run(db: Database, { shops, connections, events, ...load }: Run): Promise<number> {
  const share = Math.ceil(events / shops.length)
  const loads = shops.map(({ port }) => ({ port, connections, requests: deliveries(share), ...load }))
  const startedAt = performance.now()
  await Promise.all(loads.map(deliver))
  await untilNothingDue(db, { pollMs: POLL_MS })
  const perSecond = (share * shops.length * 1000) / (performance.now() - startedAt)
  const left = await allWorkspaces(db.sql)
    .selectFrom('webhookEvent')
    .select('id')
    .where('status', '!=', 'processed')
    .limit(1)
    .execute()
  if (left.length > 0) throw new Error('an event was not processed')
  return perSecond
}
