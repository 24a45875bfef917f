import { type Bags, createRedactor, type Renewal, type RunContext, runRefresh } from 'miniapp'
import { type StoredConnection, writeConnection } from './connection-store.ts'
import type { Given } from './given.ts'
import type { LocalApp } from './load-app.ts'
import type { LocalRuntime } from './runtime.ts'
import { systemValues } from './system-values.ts'

type Rec = Record<string, unknown>

/** Milliseconds; waiting for a new token is not counted as the action's own time. */
const REFRESH_DEADLINE_MS = 30_000

export interface Account {
  bags: Bags
  given: Given
}

/** What the interpreter sees of an install on this machine. */
export function runContextOf(app: LocalApp, account: Account, input: Rec, runtime: LocalRuntime): RunContext {
  const { compiled } = app
  const { bags } = account
  const uid = bags.metadata['uid']
  const { autoRefresh, refreshToken } = compiled.auth
  return {
    bags,
    input,
    system: systemValues(typeof uid === 'string' || typeof uid === 'number' ? String(uid) : undefined),
    allowedHosts: compiled.declaredHosts(bags),
    redact: createRedactor(compiled.secretsOf(bags)),
    functions: compiled.definition.functions,
    ...(autoRefresh && refreshToken && { refresh: () => refresh(app, account, runtime) }),
  }
}

/**
 * Fresh bags from `refresh_token` (specification 3.5), stored before they are used where the connection is.
 * @throws MiniAppError where the provider gave none
 */
async function refresh(app: LocalApp, account: Account, runtime: LocalRuntime): Promise<Renewal | undefined> {
  const { bags, given } = account
  const { system } = runContextOf(app, account, {}, runtime)
  const outcome = await runRefresh(app.compiled, { bags, system }, runtime.effects, {
    deadlineMs: REFRESH_DEADLINE_MS,
    allowHttp: runtime.allowHttp,
  })
  if (outcome.kind === 'impossible') return undefined
  if (outcome.kind !== 'refreshed') throw outcome.error
  const { credentials } = outcome
  if (given.stored) {
    const fresh = Object.fromEntries(
      Object.entries(credentials).filter(([key, value]) => bags.credentials[key] !== value),
    )
    const stored: StoredConnection = {
      ...given.stored,
      credentials: { ...given.stored.credentials, ...fresh },
    }
    await writeConnection(given.file, stored)
  }
  return { bags: { ...bags, credentials }, refreshed: true }
}
