/** One exchange of a refresh token, and what its answer does to the install (specification 3.5). */
import { type MiniAppError, type RefreshOutcome, type Renewal, runRefresh, sameTokens } from 'miniapp'
import { allowsHttp, type Context, effectsFor } from '../context.ts'
import { addNotification } from '../outbox/notification.ts'
import { changeLive } from './change-live.ts'
import { connectErrorOf } from './connect-error.ts'
import type { LiveInstall } from './live-install.ts'
import { type Attempt, endAttempt, endAttemptWithin, storedAtLast } from './refresh-attempt.ts'
import { expiryColumns } from './refresh-time.ts'
import { stateAfterRefresh } from './state.ts'
import type { StoredInstall } from './store.ts'
import { systemOf } from './system-values.ts'

/** All attempts at one refresh; callers wait 30 s at most (`MAX_REFRESH_WAIT_MS`). */
const REFRESH_DEADLINE_MS = 25_000

type Turn = Attempt & { live: LiveInstall }

/**
 * Sends the refresh token, stores what comes of it and ends the turn.
 * @returns `undefined` where there is nothing to refresh with, or nothing connected any more
 * @throws MiniAppError AUTH_EXPIRED where the grant is over, EXTERNAL_API_ERROR where the refresh failed
 */
export async function exchangeTokens(
  context: Context,
  turn: Turn,
  subdomain: string,
): Promise<Renewal | undefined> {
  const { install, compiled, bags } = turn.live
  const startedAt = context.now()
  const outcome = await runRefresh(
    compiled,
    { bags, system: systemOf(context, install, subdomain) },
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
  return (AFTER[outcome.kind] as After<typeof outcome.kind>)(context, turn, outcome)
}

type After<Kind extends RefreshOutcome['kind']> = (
  context: Context,
  turn: Turn,
  outcome: Extract<RefreshOutcome, { kind: Kind }>,
) => Promise<Renewal | undefined>

const AFTER: { [Kind in RefreshOutcome['kind']]: After<Kind> } = {
  impossible: async (context, turn) => {
    await endAttempt(context, turn, { outcome: 'impossible' })
    if (turn.live.install.refreshAt) await neverDue(context, turn.live)
    return undefined
  },
  failed: async (context, turn, { error }) => {
    await endAttempt(context, turn, { outcome: 'failed', error })
    throw error
  },
  refreshed: async (context, turn, outcome) => {
    const stored = await storedAtLast(() => storeTokens(context, turn, outcome))
    if (!stored || !isSameConnection(stored.install, turn.live.install)) {
      await endAttempt(context, turn, { outcome: 'impossible' })
      return undefined
    }
    return { bags: stored.bags, refreshed: true }
  },
  ended: async (context, turn, { error }) => {
    const now = await storedAtLast(() => expire(context, turn.live, { error, turn }))
    if (!now || sameTokens(turn.live.compiled.auth, now.bags.credentials, turn.live.bags.credentials)) {
      await endAttempt(context, turn, { outcome: 'ended', error })
      throw error
    }
    await endAttempt(context, turn, { outcome: 'refreshed' })
    return { bags: now.bags, refreshed: false }
  },
}

/** The new tokens and the end of the turn, in one commit. */
function storeTokens(
  context: Context,
  turn: Turn,
  { credentials, expiresAt }: Extract<RefreshOutcome, { kind: 'refreshed' }>,
): Promise<LiveInstall | undefined> {
  const { live } = turn
  const { auth } = live.compiled
  const fresh = Object.fromEntries([...auth.tokenKeys].flatMap((key) => entryOf(credentials, key)))
  return changeLive(context, live.install, (now) => {
    if (!isSameConnection(now.install, live.install)) return undefined
    if (!sameTokens(auth, now.bags.credentials, live.bags.credentials)) return undefined
    return {
      credentials: { ...now.bags.credentials, ...fresh },
      columns: {
        ...expiryColumns(auth, { expiresAt, now: context.now() }),
        ...stateAfterRefresh(now.install),
        ...(now.install.errorCode === 'AUTH_EXPIRED' && { lastConnectError: null }),
      },
      within: (trx) => endAttemptWithin(context, trx, { attempt: turn, ending: { outcome: 'refreshed' } }),
    }
  })
}

function entryOf(record: Record<string, unknown>, key: string): [string, unknown][] {
  return Object.hasOwn(record, key) ? [[key, record[key]]] : []
}

async function neverDue(context: Context, { install }: LiveInstall): Promise<void> {
  await changeLive(context, install, (now) =>
    isSameConnection(now.install, install) ? { columns: { refreshAt: null } } : undefined,
  )
}

/**
 * Sets a connection to `AUTH_EXPIRED` whose tokens are still those that the provider refused, and tells the workspace, once.
 * @returns it as it is now
 */
export async function expire(
  context: Context,
  { install, bags, compiled }: LiveInstall,
  { error, turn }: { error: MiniAppError; turn?: Turn },
): Promise<LiveInstall | undefined> {
  let isChange = false
  const { workspaceId, ns } = install
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
        refreshAt: null,
      },
      within: async (trx) => {
        const { title } = compiled.definition
        await addNotification(context, trx, {
          workspaceId,
          kind: 'install.expired',
          ns,
          title: `${title} has to be connected again`,
          message: `${error.message} Until an account is connected again, actions and dropdowns of ${title} fail with AUTH_EXPIRED.`,
        })
        if (turn) await endAttemptWithin(context, trx, { attempt: turn, ending: { outcome: 'ended', error } })
      },
    }
  })
  if (isChange) context.log.info('install.expired', { workspaceId, ns, reason: error.message })
  return now
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
