/**
 * Refreshing the tokens of a connection (specification 3.5): one exchange at a time for each install, anywhere, committed
 * before anybody uses what it gave. Within a process callers share a flight; flights of several processes take turns.
 */
import { type Bags, type MiniAppError, type Renewal, runRefusalCheck, sameTokens } from 'miniapp'
import { recordAct } from '../audit/record-act.ts'
import { perContext } from '../cache.ts'
import { allowsHttp, type Context, effectsFor } from '../context.ts'
import { ApiError } from '../errors.ts'
import { notInstalled } from './install-app.ts'
import { findLiveInstall, type LiveInstall } from './live-install.ts'
import { exchangeTokens, expire } from './refresh-exchange.ts'
import { type TurnRequest, takeTurn } from './refresh-turn.ts'
import { findInstall, type InstallKey, type StoredInstall } from './store.ts'
import { systemOf } from './system-values.ts'

/** One request, which decides between an error of one call and a lost account. */
const CHECK_DEADLINE_MS = 10_000

export interface RefreshRequest {
  live: LiveInstall
  subdomain: string
  /** What the provider answered 401 to, or what is about to expire. */
  refused: Bags
}

/**
 * Other bags for a caller whose request was answered 401: the stored ones where they are newer than the refused ones,
 * else refreshed ones.
 * @returns `undefined` where the connection has nothing to refresh with, or is gone
 * @throws MiniAppError AUTH_EXPIRED where the provider ended the grant, EXTERNAL_API_ERROR where the refresh failed, also a
 *   moment ago, so that a provider is not asked again and again
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
 * An install whose tokens are good for the moment, to run something with: due ones are refreshed ahead of their expiry,
 * without waiting for that while the present ones still last. Where refreshing fails for a passing reason the present
 * ones may do; a 401 will tell.
 * @throws MiniAppError AUTH_EXPIRED where the provider ended the grant
 */
export function freshInstall(
  context: Context,
  live: LiveInstall,
  subdomain: string,
): Promise<LiveInstall> | LiveInstall {
  const { refreshAt } = live.install
  return refreshAt && context.now() >= refreshAt.getTime() ? refreshDue(context, live, subdomain) : live
}

async function refreshDue(context: Context, live: LiveInstall, subdomain: string): Promise<LiveInstall> {
  const { expiresAt } = live.install
  const now = context.now()
  const renewal = refreshInstall(context, { live, subdomain, refused: live.bags })
  if (expiresAt && now < expiresAt.getTime()) {
    // What became of it is logged, and stored for the next caller.
    renewal.catch(() => {})
    return live
  }
  try {
    await renewal
  } catch (error) {
    if ((error as MiniAppError).code === 'AUTH_EXPIRED') throw error
  }
  return (await findLiveInstall(context, live.install)) ?? live
}

/**
 * The refresh button: a refresh whatever the tokens' age and whatever failed before. A connection that had expired works
 * again after it.
 * @throws ApiError NOT_FOUND, or BAD_USER_INPUT where there is nothing to refresh; MiniAppError as {@link refreshInstall}
 */
export async function refreshByHand(
  context: Context,
  request: InstallKey & { subdomain: string },
): Promise<StoredInstall> {
  const { subdomain, ...key } = request
  const install = await findInstall(context.db.sql, key)
  if (!install || install.state === 'suspended') throw notInstalled(key.ns)
  await context.db.transaction((trx) => recordAct(context, trx, { ...key, kind: 'app.refreshed' }))
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
 * Makes an exchange again that was left, where it still is.
 * @throws MiniAppError as {@link refreshInstall}
 */
export async function refreshLeft(
  context: Context,
  { subdomain, attemptId, ...key }: InstallKey & { subdomain: string; attemptId: string },
): Promise<void> {
  const install = await findInstall(context.db.sql, key)
  if (install) await renew(context, install, { subdomain, left: attemptId })
}

/** Whether a flight of this process is at the install's refresh. */
export function isRefreshing(context: Context, key: InstallKey): boolean {
  return flightsOf(context).has(nameOf(key))
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
  const now = await expire(context, { ...live, bags: refused }, { error })
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
  request: TurnRequest & { subdomain: string },
): Flight {
  const flights = flightsOf(context)
  const name = nameOf(install)
  const running = flights.get(name)
  if (running) return running
  const flight = renewInTurn(context, install, request).finally(() => flights.delete(name))
  flights.set(name, flight)
  return flight
}

async function renewInTurn(
  context: Context,
  install: StoredInstall,
  { subdomain, ...request }: TurnRequest & { subdomain: string },
): Flight {
  const turn = await takeTurn(context, install, request)
  if (turn.kind === 'gone') return undefined
  if (turn.kind === 'failed') throw turn.error
  if (turn.kind === 'stored') return { bags: turn.live.bags, refreshed: false }
  return exchangeTokens(context, turn, subdomain)
}
