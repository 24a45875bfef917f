/**
 * Registration with the provider after connecting (specification 3.2, 3.3). Each request is committed before the next
 * is sent, so that a process that ends anywhere leaves an install that says what is done and what is not.
 */
import { randomBytes } from 'node:crypto'
import {
  type Bags,
  type CompiledDefinition,
  type MiniAppError,
  mustUnregisterFirst,
  registrationOutputsOf,
  runRegistrationRequest,
  webhookSecretFor,
  withoutRegistration,
} from 'miniapp'
import { perContext } from '../cache.ts'
import { allowsHttp, type Context, effectsFor } from '../context.ts'
import { ApiError } from '../errors.ts'
import { changeLive, type LiveChange } from './change-live.ts'
import { connectErrorOf } from './connect-error.ts'
import { notInstalled } from './install-app.ts'
import { findLiveInstall, type LiveInstall } from './live-install.ts'
import { refreshInstall } from './refresh.ts'
import { isSameConnection } from './refresh-exchange.ts'
import { registrationStatus } from './state.ts'
import type { InstallKey, StoredInstall } from './store.ts'
import { systemValues } from './system-values.ts'
import { unregister } from './unregistration.ts'

/** One request with its retries. With 30 s for a refresh still below `REGISTRATION_LEFT_MS`: a sign of life comes in time. */
const REQUEST_DEADLINE_MS = 25_000
/** Specification 2.1: `{{webhookSecret}}`. Hexadecimal, because providers differ in what else they take. */
const WEBHOOK_SECRET_BYTES = 32

export interface RegistrationRun extends InstallKey {
  subdomain: string
  /** Ends the run early and leaves what is pending, as the end of the process would. */
  signal?: AbortSignal
}

export const newWebhookSecret = (): string => randomBytes(WEBHOOK_SECRET_BYTES).toString('hex')

/** The bag with the secret that the registration requests name, where they name one. */
export function withWebhookSecret(compiled: CompiledDefinition, bags: Bags): Record<string, unknown> {
  const secret = webhookSecretFor(compiled.auth, bags, newWebhookSecret)
  return secret?.isNew ? { ...bags.credentials, webhookSecret: secret.value } : bags.credentials
}

/**
 * The retry button: goes on with the request that failed, or that nobody is at any more.
 * @returns the install afterwards, which may have failed again
 * @throws ApiError NOT_FOUND, or BAD_USER_INPUT where there is nothing to retry or somebody is at it
 */
export async function retryRegistration(context: Context, run: RegistrationRun): Promise<LiveInstall> {
  const running = runsOf(context).get(nameOf(run))
  const done = running ? await running : await claimAndRegister(context, run, ['failed', 'left'])
  if (!done) throw notInstalled(run.ns)
  if (done !== 'refused') return done
  throw new ApiError(
    'BAD_USER_INPUT',
    `"${run.ns}" has no registration to retry: either none is pending, or it is under way at this moment.`,
  )
}

/** Goes on with a registration that was left. @returns whether it was */
export async function resumeRegistration(
  context: Context,
  run: RegistrationRun,
  { mine }: { mine: boolean },
): Promise<boolean> {
  if (runsOf(context).has(nameOf(run))) return false
  const done = await claimAndRegister(context, run, mine ? ['left', 'under-way'] : ['left'])
  return done !== undefined && done !== 'refused'
}

type Claimable = Exclude<ReturnType<typeof registrationStatus>, 'none'>

async function claimAndRegister(
  context: Context,
  run: RegistrationRun,
  claimable: readonly Claimable[],
): Promise<LiveInstall | 'refused' | undefined> {
  let isMine = false
  const live = await changeLive(context, run, ({ install, compiled, bags }) => {
    const now = context.now()
    isMine = (claimable as readonly string[]).includes(registrationStatus(install, now))
    if (!isMine) return undefined
    return {
      credentials: withWebhookSecret(compiled, bags),
      columns: {
        state: 'connected',
        errorCode: null,
        lastConnectError: null,
        connectingSince: new Date(now),
      },
    }
  })
  if (!live) return undefined
  return isMine ? register(context, { ...run, claim: live }) : 'refused'
}

/** Registrations under way in this process, by install. */
const runsOf = perContext((_context: Context) => new Map<string, Promise<LiveInstall | undefined>>())
const nameOf = ({ workspaceId, ns }: InstallKey) => `${workspaceId}/${ns}`

interface Claimed extends RegistrationRun {
  /** As it was stored by whoever began: it names the moment in `connectingSince`. */
  claim: LiveInstall
}

/**
 * Runs what is pending, one request and one commit after the other, until all has succeeded or one has failed. Never
 * rejects because of the provider.
 * @returns the install afterwards; `undefined` where it was disconnected meanwhile
 */
export function register(context: Context, run: Claimed): Promise<LiveInstall | undefined> {
  const runs = runsOf(context)
  const name = nameOf(run)
  const done = registerAlone(context, run).finally(() => {
    if (runs.get(name) === done) runs.delete(name)
  })
  runs.set(name, done)
  return done
}

async function registerAlone(context: Context, run: Claimed): Promise<LiveInstall | undefined> {
  const startedAt = context.now()
  const live = await goThrough(context, run)
  const { workspaceId, ns } = run
  context.log.info('install.registered', {
    workspaceId,
    ns,
    status: live?.install.errorCode ?? (live ? 'ok' : 'gone'),
    pending: live?.install.pendingRegistrations ?? 0,
    durationMs: Math.round(context.now() - startedAt),
  })
  return live
}

async function goThrough(context: Context, run: Claimed): Promise<LiveInstall | undefined> {
  let live: LiveInstall | undefined = run.claim
  try {
    if (mustUnregisterFirst(live.compiled.auth, registeredOf(live))) live = await undoFirst(context, run)
    while (live && isUnderWay(live) && !run.signal?.aborted) live = await registerNext(context, run, live)
    return live
  } catch (error) {
    if (!(error instanceof LostRegistrationError)) throw error
    return findLiveInstall(context, run)
  }
}

const isUnderWay = ({ install }: LiveInstall) =>
  install.pendingRegistrations > 0 && install.connectingSince !== null && install.state !== 'suspended'

const registeredOf = ({ install }: LiveInstall) => ({
  registered: install.registered,
  pending: install.pendingRegistrations,
})

/** Undoes the registration that the pending one replaces, where a process ended before it could. */
async function undoFirst(context: Context, run: Claimed): Promise<LiveInstall | undefined> {
  const { claim, subdomain } = run
  await unregister(context, { live: claim, subdomain, refresh: refreshOf(context, run, claim) })
  const { auth } = claim.compiled
  const forget = registrationOutputsOf(auth, { keepSecret: true })
  return commit(context, { run, live: claim }, ({ bags }) => ({
    credentials: withoutRegistration(bags.credentials, forget),
    columns: { registered: 0, pendingRegistrations: auth.registrationRequests.length },
  }))
}

async function registerNext(
  context: Context,
  run: Claimed,
  live: LiveInstall,
): Promise<LiveInstall | undefined> {
  const { install, compiled, bags } = live
  const index = install.registered
  const outcome = await runRegistrationRequest(
    compiled,
    index,
    {
      bags,
      system: systemValues(context, { subdomain: run.subdomain, ns: run.ns, uid: install.uid }),
      refresh: refreshOf(context, run, live),
    },
    {
      effects: effectsFor(context, run.workspaceId),
      options: {
        deadlineMs: REQUEST_DEADLINE_MS,
        allowHttp: allowsHttp(context),
        ...(run.signal && { signal: run.signal }),
      },
    },
  )
  if (run.signal?.aborted) return live
  if (!outcome.ok) return commit(context, { run, live }, failed(context, outcome.error))
  const pending = Math.max(0, compiled.auth.registrationRequests.length - index - 1)
  const stored = await commit(context, { run, live }, (now) => ({
    credentials: outcome.merge(now.bags.credentials),
    columns: {
      registered: index + 1,
      pendingRegistrations: pending,
      ...(pending === 0 && { connectingSince: null }),
    },
  }))
  if (!stored) {
    const credentials = outcome.merge(bags.credentials)
    await unregister(context, { live: { ...live, bags: { ...bags, credentials } }, subdomain: run.subdomain })
  }
  return stored
}

function failed(context: Context, error: MiniAppError) {
  const kept = connectErrorOf(context, error, 'REGISTRATION_FAILED')
  return ({ install }: LiveInstall): LiveChange => ({
    columns: {
      connectingSince: null,
      ...(install.state === 'connected' && {
        state: 'error',
        errorCode: 'REGISTRATION_FAILED',
        lastConnectError: JSON.stringify(kept),
      }),
    },
  })
}

const refreshOf = (context: Context, { subdomain }: Claimed, live: LiveInstall) => {
  const { autoRefresh } = live.compiled.auth
  return autoRefresh ? (refused: Bags) => refreshInstall(context, { live, subdomain, refused }) : undefined
}

/**
 * Stores a step of the registration, with a sign of life, where this run still is the one at it.
 * @returns the install as it is then; `undefined` where the connection is gone
 * @throws LostRegistrationError where another run goes on with it
 */
async function commit(
  context: Context,
  { run, live }: { run: Claimed; live: LiveInstall },
  decide: (now: LiveInstall) => LiveChange,
): Promise<LiveInstall | undefined> {
  const before = live.install
  let isStored = false
  let written: LiveChange['columns'] | undefined
  const now = await changeLive(context, run, (current) => {
    const { install } = current
    // A commit of which the database did not say whether it happened has happened.
    if (written && isAt(install, written)) return undefined
    isStored = isSameConnection(install, before) && isAt(install, before)
    if (!isStored) return undefined
    const change = decide(current)
    written = { registered: install.registered, connectingSince: new Date(context.now()), ...change.columns }
    return { ...change, columns: written }
  })
  if (!now || !isSameConnection(now.install, before)) return undefined
  if (!isStored) throw new LostRegistrationError()
  return now
}

class LostRegistrationError extends Error {}

function isAt(install: StoredInstall, place: LiveChange['columns'] | StoredInstall): boolean {
  const since = place.connectingSince as Date | null
  return install.registered === place.registered && install.connectingSince?.getTime() === since?.getTime()
}
