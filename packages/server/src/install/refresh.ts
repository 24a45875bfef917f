/**
 * Refreshing the tokens of a connection (specification 3.5): one exchange at a time for each install, committed before
 * anybody uses what it gave.
 */
import {
  type Bags,
  MiniAppError,
  type RefreshOutcome,
  type Renewal,
  runRefresh,
  runRefusalCheck,
  sameTokens,
} from 'miniapp'
import { perContext } from '../cache.ts'
import { allowsHttp, type Context, effectsFor } from '../context.ts'
import { ApiError } from '../errors.ts'
import { changeLive } from './change-live.ts'
import { connectErrorOf } from './connect-error.ts'
import { notInstalled } from './install-app.ts'
import { type LiveInstall, openInstall } from './live-install.ts'
import { stateAfterRefresh } from './state.ts'
import { findInstall, type InstallKey, type StoredInstall } from './store.ts'
import { systemValues } from './system-values.ts'

/** All attempts at one refresh; callers wait 30 s at most (`MAX_REFRESH_WAIT_MS`). */
const REFRESH_DEADLINE_MS = 25_000
/** One request, which decides between an error of one call and a lost account. */
const CHECK_DEADLINE_MS = 10_000

export interface RefreshRequest {
  live: LiveInstall
  subdomain: string
  /** What the provider answered 401 to. */
  refused: Bags
}

/**
 * Other bags for a caller whose request was answered 401: the stored ones where they are newer than the refused ones,
 * else refreshed ones. Callers of one install in this process share an exchange.
 * @returns `undefined` where the connection has nothing to refresh with, or is gone
 * @throws MiniAppError AUTH_EXPIRED where the provider ended the grant, EXTERNAL_API_ERROR where the refresh failed
 */
export async function refreshInstall(
  context: Context,
  { live, subdomain, refused }: RefreshRequest,
): Promise<Renewal | undefined> {
  for (;;) {
    const shared = flightsOf(context).get(nameOf(live.install))
    if (!shared) return renew(context, live.install, { subdomain, refused })
    const renewal = await shared
    // What a refresh brought that began before may be the very thing that was refused.
    const isOther = renewal && !sameTokens(live.compiled.auth, renewal.bags.credentials, refused.credentials)
    if (isOther || !renewal) return renewal
  }
}

/**
 * The refresh button: a refresh whatever the tokens' age. A connection that had expired works again after it.
 * @throws ApiError NOT_FOUND, or BAD_USER_INPUT where there is nothing to refresh; MiniAppError as {@link refreshInstall}
 */
export async function refreshByHand(
  context: Context,
  request: InstallKey & { subdomain: string },
): Promise<StoredInstall> {
  const { subdomain, ...key } = request
  const install = await findInstall(context.db.sql, key)
  if (!install || install.state === 'suspended') throw notInstalled(key.ns)
  const renewal = await renew(context, install, { subdomain })
  if (!renewal) {
    throw new ApiError(
      'BAD_USER_INPUT',
      `"${key.ns}" has nothing to refresh: it is not connected, its definition has no refresh_token, or the provider gave no refresh token. Connect it again instead.`,
    )
  }
  return (await findInstall(context.db.sql, key)) ?? install
}

/**
 * Finds out, where refreshed tokens are answered 401 too, whether the provider refuses the whole connection; it is set
 * to `AUTH_EXPIRED` then.
 * @returns the error of the call then; `undefined` where only this one request was refused
 */
export function checkRefused(context: Context, request: RefreshRequest): Promise<MiniAppError | undefined> {
  const checks = checksOf(context)
  const name = nameOf(request.live.install)
  const running = checks.get(name)
  if (running) return running
  const check = checkAlone(context, request).finally(() => checks.delete(name))
  checks.set(name, check)
  return check
}

async function checkAlone(
  context: Context,
  { live, subdomain, refused }: RefreshRequest,
): Promise<MiniAppError | undefined> {
  const { compiled, install } = live
  const error = await runRefusalCheck(
    compiled,
    { bags: refused, system: systemOf(context, install, subdomain) },
    effectsFor(context, install.workspaceId),
    { deadlineMs: CHECK_DEADLINE_MS, allowHttp: allowsHttp(context) },
  )
  if (!error) return undefined
  const now = await expire(context, { ...live, bags: refused }, error)
  return now && sameTokens(compiled.auth, now.bags.credentials, refused.credentials) ? error : undefined
}

type Flight = Promise<Renewal | undefined>

/** Refreshes under way in this process, by install. */
const flightsOf = perContext((_context: Context) => new Map<string, Flight>())
/** Checks under way in this process, by install: runs that fail together ask once. */
const checksOf = perContext((_context: Context) => new Map<string, Promise<MiniAppError | undefined>>())
const nameOf = ({ workspaceId, ns }: InstallKey) => `${workspaceId}/${ns}`

function renew(
  context: Context,
  install: StoredInstall,
  request: { subdomain: string; refused?: Bags },
): Flight {
  const flights = flightsOf(context)
  const name = nameOf(install)
  const running = flights.get(name)
  if (running) return running
  const flight = withRefreshLock(context, install, () => renewAlone(context, install, request)).finally(() =>
    flights.delete(name),
  )
  flights.set(name, flight)
  return flight
}

/**
 * The one place where a refresh takes its turn. Within a process flights are shared; a lock across processes goes here,
 * and what it guards reads the stored tokens first, so that whoever waited uses what another process stored.
 */
function withRefreshLock<T>(_context: Context, _key: InstallKey, work: () => Promise<T>): Promise<T> {
  return work()
}

async function renewAlone(
  context: Context,
  before: StoredInstall,
  { subdomain, refused }: { subdomain: string; refused?: Bags },
): Promise<Renewal | undefined> {
  const install = await findInstall(context.db.sql, before)
  if (!install?.credentials || install.state === 'suspended') return undefined
  if (install.id !== before.id || install.uid !== before.uid) return undefined
  const live = await openInstall(context, install)
  const { auth } = live.compiled
  if (refused && install.errorCode === 'AUTH_EXPIRED') throw expired(install)
  if (refused && !sameTokens(auth, refused.credentials, live.bags.credentials)) {
    return { bags: live.bags, refreshed: false }
  }
  const startedAt = context.now()
  const outcome = await runRefresh(
    live.compiled,
    { bags: live.bags, system: systemOf(context, install, subdomain) },
    effectsFor(context, install.workspaceId),
    { deadlineMs: REFRESH_DEADLINE_MS, allowHttp: allowsHttp(context) },
  )
  context.log.info('install.refreshed', {
    workspaceId: install.workspaceId,
    ns: install.ns,
    status: outcome.kind,
    durationMs: Math.round(context.now() - startedAt),
    ...('error' in outcome && { reason: outcome.error.message }),
  })
  return (AFTER[outcome.kind] as After<typeof outcome.kind>)(context, live, outcome)
}

type After<Kind extends RefreshOutcome['kind']> = (
  context: Context,
  live: LiveInstall,
  outcome: Extract<RefreshOutcome, { kind: Kind }>,
) => Promise<Renewal | undefined>

const AFTER: { [Kind in RefreshOutcome['kind']]: After<Kind> } = {
  impossible: async () => undefined,
  failed: async (_context, _live, { error }) => {
    throw error
  },
  refreshed: async (context, live, { credentials, expiresAt }) => {
    const { auth } = live.compiled
    const fresh = Object.fromEntries([...auth.tokenKeys].flatMap((key) => entryOf(credentials, key)))
    const stored = await changeLive(context, live.install, (now) => {
      if (!isSameConnection(now.install, live.install)) return undefined
      if (!sameTokens(auth, now.bags.credentials, live.bags.credentials)) return undefined
      return {
        credentials: { ...now.bags.credentials, ...fresh },
        columns: {
          expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
          ...stateAfterRefresh(now.install),
          ...(now.install.errorCode === 'AUTH_EXPIRED' && { lastConnectError: null }),
        },
      }
    })
    if (!stored || !isSameConnection(stored.install, live.install)) return undefined
    return { bags: stored.bags, refreshed: true }
  },
  ended: async (context, live, { error }) => {
    const now = await expire(context, live, error)
    if (!now || sameTokens(live.compiled.auth, now.bags.credentials, live.bags.credentials)) throw error
    // Another process refreshed with the same token and was first.
    return { bags: now.bags, refreshed: false }
  },
}

function entryOf(record: Record<string, unknown>, key: string): [string, unknown][] {
  return Object.hasOwn(record, key) ? [[key, record[key]]] : []
}

/** Sets a connection to `AUTH_EXPIRED` whose tokens are still those that the provider refused. @returns it as it is now */
async function expire(
  context: Context,
  { install, bags, compiled }: LiveInstall,
  error: MiniAppError,
): Promise<LiveInstall | undefined> {
  let isChange = false
  const now = await changeLive(context, install, (current) => {
    const { state, errorCode } = current.install
    if (state !== 'connected' && state !== 'error') return undefined
    if (errorCode === 'AUTH_EXPIRED' || !isSameConnection(current.install, install)) return undefined
    if (!sameTokens(compiled.auth, current.bags.credentials, bags.credentials)) return undefined
    isChange = true
    return {
      columns: {
        state: 'error',
        errorCode: 'AUTH_EXPIRED',
        lastConnectError: JSON.stringify(connectErrorOf(context, error)),
      },
    }
  })
  const { workspaceId, ns } = install
  if (isChange) context.log.info('install.expired', { workspaceId, ns, reason: error.message })
  return now
}

function expired({ ns, lastConnectError }: StoredInstall): MiniAppError {
  return new MiniAppError(
    'AUTH_EXPIRED',
    lastConnectError?.message ??
      `The provider no longer accepts the connection of "${ns}". Connect it again.`,
  )
}

/** Whether nobody connected anew, disconnected or suspended in between. */
export function isSameConnection(one: StoredInstall, other: StoredInstall): boolean {
  return (
    one.id === other.id &&
    one.credentials !== null &&
    one.state !== 'suspended' &&
    one.authenticatedAt?.getTime() === other.authenticatedAt?.getTime()
  )
}

function systemOf(context: Context, install: StoredInstall, subdomain: string): Record<string, unknown> {
  return systemValues(context, { subdomain, ns: install.ns, uid: install.uid })
}
