/**
 * Campaign `isolation`: for every operation of the schema and every route, ids of another workspace behave as if they did
 * not exist. The caller owns everything in a workspace of its own and asks for the victim's things, and for things that
 * nobody has: both answers must be the same but for the ids, nothing of the victim may change, and no value of the victim
 * may stand in any answer.
 *
 * Runs on the embedded database, and on a PostgreSQL of its own where one can be started.
 */
import { startPostgres } from '../packages/server/test/postgres.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { comparable } from './isolation/answers.ts'
import { documentOf, isQuery, operationNames } from './isolation/documents.ts'
import { type Kit, OPERATIONS, ROUTES } from './isolation/operations.ts'
import {
  type Answer,
  type Asked,
  furnish,
  nobodyLike,
  openPlatform,
  type Platform,
} from './isolation/platform.ts'

const VICTIM = 'alpha'
const CALLER = 'beta'
/** Headers by which a caller may try to be taken for somebody else's neighbour. */
const CONFUSIONS: Record<string, string>[] = [
  {},
  { host: `${VICTIM}.localhost` },
  { 'x-forwarded-host': `${VICTIM}.localhost`, 'x-forwarded-prefix': `/w/${VICTIM}` },
  { 'x-subdomain': VICTIM, 'x-original-url': `/w/${VICTIM}/graphql` },
]

interface Tally {
  operations: number
  routes: number
  attempts: number
  /** Operations that answered the caller's own things, so that what they refuse is not refused to everybody. */
  answered: number
  differences: number
  leaks: number
  changes: number
  uncovered: number
}

interface Scene {
  platform: Platform
  victim: Kit
  caller: Kit
  nobody: Kit
  /** Of the victim's rows as they should be. */
  digest: Record<string, string>
  tally: Tally
  log: (line: string) => void
  /** One is enough to know that a breach is noticed. */
  endsAtLeak: boolean
}

export interface IsolationOptions extends MeasureOptions {
  /** A table whose statements forget their workspace: the campaign must fail then. */
  breach?: string
}

/** Values of the victim that nobody else's answer may hold. */
function canaries({ victim }: Scene): string[] {
  const { workspaceId, accountId, tokenId, runId, notificationId, token, link } = victim
  const words = [`account-${VICTIM}`, `Token of ${VICTIM}`, `Notice of ${VICTIM}`, `Workspace ${VICTIM}`]
  return [workspaceId, accountId, tokenId, runId, notificationId, token, link, ...words]
}

/** What the caller sent may be repeated to it. */
function noteLeaks(scene: Scene, what: string, { asked, answer }: { asked: Asked; answer: Answer }): void {
  const sent = JSON.stringify(asked)
  for (const canary of canaries(scene)) {
    if (sent.includes(canary) || !answer.text.includes(canary)) continue
    scene.tally.leaks += 1
    scene.log(`${what} tells ${canary}`)
  }
}

/** Asks once with the victim's things and once with nobody's. */
async function attempt(scene: Scene, what: string, asking: (kit: Kit) => Asked): Promise<void> {
  const { platform, victim, nobody, tally } = scene
  const texts: string[] = []
  for (const kit of [victim, nobody]) {
    const asked = asking(kit)
    const answer = await platform.ask(asked)
    tally.attempts += 1
    noteLeaks(scene, what, { asked, answer })
    texts.push(`${answer.status} ${comparable(answer.text, JSON.stringify(asked), kit)}`)
  }
  const [one, other] = texts
  if (one !== other) {
    tally.differences += 1
    scene.log(`${what} differs:\n  ${one?.slice(0, 600)}\n  ${other?.slice(0, 600)}`)
  }
  const after = await platform.digest(victim.workspaceId)
  for (const [table, digest] of Object.entries(after)) {
    if (digest === scene.digest[table]) continue
    tally.changes += 1
    scene.log(`${what} changed ${table} of the other workspace`)
  }
  scene.digest = after
}

function operationCall(scene: Scene, name: string, confusion: Record<string, string> = {}) {
  const argumentsOf = OPERATIONS[name] ?? (() => ({}))
  return (kit: Kit): Asked => {
    const variables = argumentsOf(kit)
    return {
      method: 'POST',
      url: `/w/${CALLER}/graphql`,
      headers: { 'content-type': 'application/json', 'x-app-token': scene.caller.token, ...confusion },
      body: JSON.stringify({ query: documentOf(name, Object.keys(variables)), variables }),
    }
  }
}

async function tryOperations(scene: Scene, confusions: readonly Record<string, string>[]): Promise<void> {
  const { platform, caller, tally } = scene
  const names = Object.keys(OPERATIONS).filter((name) => operationNames.includes(name))
  for (const name of names) {
    if (scene.endsAtLeak && tally.leaks > 0) return
    tally.operations += 1
    if (isQuery(name) || name === 'executeMiniAppAction') {
      const asked = operationCall(scene, name)(caller)
      const answer = await platform.ask(asked)
      noteLeaks(scene, `${name} with the caller's own`, { asked, answer })
      if (!answer.text.includes('"errors"')) tally.answered += 1
    }
    for (const confusion of confusions) await attempt(scene, name, operationCall(scene, name, confusion))
  }
}

/** At the caller's address with the victim's things, and at the victim's with things that nobody has. */
async function tryRoutes(scene: Scene): Promise<void> {
  for (const route of scene.platform.routes) {
    const method = route.startsWith('POST') ? 'POST' : 'GET'
    scene.tally.routes += 1
    for (const { url, headers, body } of ROUTES[route] ?? []) {
      const asking = (kit: Kit): Asked => ({
        method,
        url: url(kit, CALLER),
        ...(headers && { headers: headers(kit) }),
        ...(body !== undefined && { body }),
      })
      await attempt(scene, route, asking)
    }
  }
  // A token that works elsewhere opens no more at this address than one that was made up.
  const elsewhere = (token: string): Asked => ({
    method: 'POST',
    url: `/w/${VICTIM}/graphql`,
    headers: { 'content-type': 'application/json', 'x-app-token': token },
    body: '{"query":"{ currentUser { _id } apps { data { name } } }"}',
  })
  const { caller, nobody } = scene
  await attempt(scene, "the caller's token at the other address", (kit) =>
    elsewhere(kit === nobody ? nobody.token : caller.token),
  )
}

/** What operators read names no workspace and nothing of one. */
async function readMetrics(scene: Scene): Promise<void> {
  const asked: Asked = {
    method: 'GET',
    url: '/metrics',
    headers: { authorization: `Bearer ${scene.platform.metricsToken}` },
  }
  const answer = await scene.platform.ask(asked)
  const named = [VICTIM, CALLER].some((name) => answer.text.includes(name))
  if (answer.status !== 200 || named)
    throw new Error(`The metrics cannot be read, or name a workspace: ${answer.text}`)
  noteLeaks(scene, 'GET /metrics', { asked, answer })
}

function noteUncovered({ platform, tally, log }: Scene): void {
  const missing = [
    ...operationNames.filter((name) => !Object.hasOwn(OPERATIONS, name)),
    ...Object.keys(OPERATIONS).filter((name) => !operationNames.includes(name)),
    ...platform.routes.filter((route) => !Object.hasOwn(ROUTES, route)),
  ]
  for (const name of missing) log(`${name} has no entry in campaigns/isolation/operations.ts, or is gone`)
  tally.uncovered += missing.length
}

async function run(options: IsolationOptions, tally: Tally, databaseUrl?: string): Promise<void> {
  const platform = await openPlatform({ databaseUrl, breach: options.breach })
  try {
    const victim = await furnish(platform, VICTIM, ['shared', 'atlas'])
    const caller = await furnish(platform, CALLER, ['shared'])
    const nobody = nobodyLike(victim)
    const digest = await platform.digest(victim.workspaceId)
    const scene: Scene = {
      digest,
      platform,
      victim,
      caller,
      nobody,
      tally,
      log: options.log,
      endsAtLeak: options.breach !== undefined,
    }
    noteUncovered(scene)
    await tryRoutes(scene)
    await tryOperations(scene, options.form === 'quick' ? CONFUSIONS.slice(0, 1) : CONFUSIONS)
    await readMetrics(scene)
  } finally {
    await platform.close()
  }
}

export async function campaign(options: IsolationOptions): Promise<Measurement> {
  const tally: Tally = {
    operations: 0,
    routes: 0,
    attempts: 0,
    answered: 0,
    differences: 0,
    leaks: 0,
    changes: 0,
    uncovered: 0,
  }
  await run(options, tally)
  const postgres = options.form === 'quick' ? undefined : await startPostgres()
  try {
    if (postgres) await run(options, tally, postgres.url)
  } finally {
    await postgres?.stop()
  }
  const none = { max: 0 }
  const targets = {
    operations: { min: operationNames.length },
    answered: { min: 10 },
    differences: none,
    leaks: none,
    changes: none,
    uncovered: none,
  }
  const { operations, answered, differences, leaks, changes, uncovered } = tally
  const ok =
    operations >= operationNames.length && answered >= 10 && differences + leaks + changes + uncovered === 0
  return { ok, figures: { ...tally, postgres: postgres !== undefined }, targets }
}
