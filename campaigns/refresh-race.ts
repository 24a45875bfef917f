/**
 * Campaign `refresh-race`: several server processes on one PostgreSQL, many connections whose access tokens expire again and
 * again, callers of each connection at all processes at once, and a real authorization server that rotates refresh tokens and
 * revokes the grant when one is used twice, behind a proxy that holds its answers back. Each expiry may cost one exchange.
 *
 * Apart from that: processes are killed while an exchange is under way, and a dead grant is called on and on.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AuthorizationServer,
  startAuthorizationServer,
} from '../packages/server/test/authorization-server.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { createRandom, type Random } from './properties/random.ts'
import { NS, raceDefinition } from './refresh-race/definition.ts'
import { addCaller, type Caller, type Fleet, startFleet } from './refresh-race/fleet.ts'
import { type SlowTokens, startSlowTokens } from './refresh-race/slow-tokens.ts'

const SIZES = {
  quick: { processes: 2, connections: 4, expiries: 2, callers: 2, slowestMs: 1_000, kills: 0, deadMs: 1_000 },
  default: {
    processes: 4,
    connections: 50,
    expiries: 5,
    callers: 4,
    slowestMs: 20_000,
    kills: 2,
    deadMs: 20_000,
  },
  long: {
    processes: 4,
    connections: 50,
    expiries: 20,
    callers: 4,
    slowestMs: 20_000,
    kills: 6,
    deadMs: 60_000,
  },
} as const

/** Nine in ten answers of the token endpoint take at most this long. */
const USUAL_MS = 200
/** A left exchange is settled within this time. */
const SETTLED_WITHIN_MS = 60_000

interface Tally {
  expiries: number
  exchanges: number
  calls: number
  failedCalls: number
  revokedFamilies: number
  kills: number
  /** Connections of a killed process that neither worked nor needed reconnecting within a minute. */
  unsettled: number
  slowestSettledMs: number
  exchangesAfterKill: number
  deadGrantAttempts: number
  notifications: number
}

interface Stage {
  size: (typeof SIZES)[keyof typeof SIZES]
  provider: AuthorizationServer
  proxy: SlowTokens
  fleet: Fleet
  random: Random
  tally: Tally
  log: (line: string) => void
}

/** What a call of the action came to: `ok`, or the code and message of its error. */
async function call(stage: Stage, caller: Caller, index: number): Promise<string> {
  const { fleet, size } = stage
  const client = fleet.at(index % size.processes, caller.subdomain, caller.tokens[index] ?? '')
  const { executeMiniAppAction: answer } = await client.call<{
    executeMiniAppAction: { success: boolean; error: { code: string; message: string } | null }
  }>(`mutation { executeMiniAppAction(appNs: "${NS}", actionName: "whoAmI") }`)
  return answer.success ? 'ok' : `${answer.error?.code}: ${answer.error?.message}`
}

async function connectAll(stage: Stage, prefix: string, count: number): Promise<Caller[]> {
  const callers: Caller[] = []
  for (let index = 0; index < count; index++) {
    const subdomain = `${prefix}-${index}`
    const credentials = await stage.provider.grantTokens(subdomain)
    callers.push(await addCaller(stage.fleet, { subdomain, tokens: stage.size.callers, credentials }))
  }
  return callers
}

/** One connection: its token expires, all its callers call at once, and again. */
async function race(stage: Stage, caller: Caller): Promise<void> {
  const { size, provider, random, tally, log } = stage
  for (let expiry = 0; expiry < size.expiries; expiry++) {
    await sleep(random.below(USUAL_MS))
    provider.expireAccessTokens(caller.subdomain)
    tally.expiries += 1
    const offset = random.below(size.processes)
    const outcomes = await Promise.all(
      caller.tokens.map(async (_, index) => {
        await sleep(random.below(40))
        return call(stage, { ...caller, tokens: rotated(caller.tokens, offset) }, index).catch(String)
      }),
    )
    tally.calls += outcomes.length
    for (const outcome of outcomes.filter((one) => one !== 'ok')) {
      tally.failedCalls += 1
      log(`${caller.subdomain}, expiry ${expiry}: ${outcome}`)
    }
  }
}

const rotated = <T>(list: readonly T[], by: number): T[] => [...list.slice(by), ...list.slice(0, by)]

async function raceAll(stage: Stage): Promise<void> {
  const { size, tally, proxy, provider, log } = stage
  const callers = await connectAll(stage, 'race', size.connections)
  log(`${callers.length} connections at ${size.processes} processes`)
  const before = proxy.exchanges
  const progress = setInterval(
    () => log(`${tally.expiries} expiries, ${proxy.exchanges - before} exchanges`),
    10_000,
  )
  await Promise.all(callers.map((caller) => race(stage, caller)))
  clearInterval(progress)
  tally.exchanges = proxy.exchanges - before
  tally.revokedFamilies = provider.requests.filter(
    ({ path, status }) => path === '/token' && status === 400,
  ).length
}

/** The process that sent the exchange is killed when the provider has answered and nothing is stored yet. */
async function killHolders(stage: Stage): Promise<void> {
  const { size, fleet, proxy, provider, tally, log } = stage
  const callers = await connectAll(stage, 'killed', size.kills)
  for (const [round, caller] of callers.entries()) {
    const victim = 1 + (round % (size.processes - 1))
    const answered = Promise.withResolvers<void>()
    const killed = Promise.withResolvers<void>()
    proxy.onAnswer = async () => {
      answered.resolve()
      await killed.promise
      return 'drop'
    }
    const before = proxy.exchanges
    provider.expireAccessTokens(caller.subdomain)
    const cut = call(stage, caller, victim).catch(() => 'cut')
    await answered.promise
    await fleet.servers[victim]?.kill9()
    proxy.onAnswer = async () => 'pass'
    killed.resolve()
    await cut
    const startedAt = performance.now()
    const state = await settledState(stage, caller)
    const took = Math.round(performance.now() - startedAt)
    tally.kills += 1
    tally.slowestSettledMs = Math.max(tally.slowestSettledMs, took)
    if (state === undefined) tally.unsettled += 1
    await fleet.replace(victim)
    await call(stage, caller, 0)
    tally.exchangesAfterKill = Math.max(tally.exchangesAfterKill, proxy.exchanges - before - 1)
    log(`killed ${round + 1}: ${state ?? 'unsettled'} after ${took} ms`)
  }
}

/** Nobody calls: it is the other processes' own business to notice. */
async function settledState(stage: Stage, caller: Caller): Promise<string | undefined> {
  const client = stage.fleet.at(0, caller.subdomain, caller.tokens[0] ?? '')
  const deadline = performance.now() + SETTLED_WITHIN_MS
  while (performance.now() < deadline) {
    const { miniAppGeneralInfo, notifications } = await client.call<{
      miniAppGeneralInfo: { auth: { errorCode: string | null } }
      notifications: { data: { kind: string }[] }
    }>(`{ miniAppGeneralInfo(ns: "${NS}") { auth { errorCode } } notifications { data { kind } } }`)
    if (miniAppGeneralInfo.auth.errorCode === 'AUTH_EXPIRED') {
      stage.tally.notifications += notifications.data.length
      return 'reconnect needed'
    }
    await sleep(500)
  }
  return undefined
}

/** A grant that the provider has withdrawn, called at all processes on and on. */
async function callDeadGrant(stage: Stage): Promise<void> {
  const { size, provider, proxy, tally } = stage
  const [caller] = await connectAll(stage, 'dead', 1)
  if (!caller) return
  provider.revokeGrant()
  const before = proxy.exchanges
  const deadline = performance.now() + size.deadMs
  for (let index = 0; performance.now() < deadline; index++) {
    await call(stage, caller, index % size.callers).catch(() => {})
    await sleep(250)
  }
  tally.deadGrantAttempts = proxy.exchanges - before
}

export async function campaign({ form, seed, log }: MeasureOptions): Promise<Measurement> {
  const size = SIZES[form]
  const random = createRandom(seed)
  const provider = await startAuthorizationServer({
    accessTokenSeconds: 86_400,
    redirectUris: ['http://localhost/unused'],
  })
  const proxy = await startSlowTokens(provider.origin, () =>
    random.chance(0.9) ? random.below(USUAL_MS) : USUAL_MS + random.below(size.slowestMs - USUAL_MS),
  )
  const tally: Tally = {
    expiries: 0,
    exchanges: 0,
    calls: 0,
    failedCalls: 0,
    revokedFamilies: 0,
    kills: 0,
    unsettled: 0,
    slowestSettledMs: 0,
    exchangesAfterKill: 0,
    deadGrantAttempts: 0,
    notifications: 0,
  }
  try {
    const fleet = await startFleet(size.processes, proxy.origin)
    const stage: Stage = { size, provider, proxy, fleet, random, tally, log }
    try {
      await fleet.operator.call('mutation ($d: JSON!) { registerMiniApp(definition: $d) }', {
        d: raceDefinition(provider.clients.confidential),
      })
      await raceAll(stage)
      await killHolders(stage)
      await callDeadGrant(stage)
    } finally {
      await fleet.close()
    }
  } finally {
    await proxy.close()
    await provider.close()
  }
  return judged(size, tally)
}

function judged({ connections, expiries, kills }: Stage['size'], tally: Tally): Measurement {
  const exchanges = connections * expiries
  const targets: Measurement['targets'] = {
    exchanges: { min: exchanges, max: exchanges },
    failedCalls: { max: 0 },
    revokedFamilies: { max: 0 },
    kills: { min: kills },
    unsettled: { max: 0 },
    slowestSettledMs: { max: SETTLED_WITHIN_MS },
    exchangesAfterKill: { max: 1 },
    notifications: { min: kills, max: kills },
    deadGrantAttempts: { max: 5 },
  }
  const figures: Record<string, number> = { ...tally }
  const ok = Object.entries(targets).every(
    ([name, { min, max }]) => (figures[name] ?? 0) >= (min ?? 0) && (figures[name] ?? 0) <= (max ?? Infinity),
  )
  return { ok, figures, targets }
}
