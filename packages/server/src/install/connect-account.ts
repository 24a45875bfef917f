/** What every way to connect has in common: a form, or the return from a provider's authorization page. */
import { type CompiledDefinition, createRedactor, explained, MiniAppError, runAuthRequests } from 'miniapp'
import { allowsHttp, type Context, effectsFor } from '../context.ts'
import { isRetryable } from '../db/error.ts'
import { publicError } from '../errors.ts'
import { openBags } from './bags.ts'
import { type Connection, completeConnect } from './complete-connect.ts'
import { keepConnectError } from './connect-error.ts'
import type { InstallKey, StoredInstall } from './store.ts'
import { systemValues } from './system-values.ts'

/** From the first auth request to the last, retries included. */
const CONNECT_DEADLINE_MS = 60_000

export interface AccountToConnect {
  /** As it was read before anything else. */
  install: StoredInstall
  compiled: CompiledDefinition
  subdomain: string
  requestId: string
  /** What the form holds, by field name. */
  submitted: unknown
  /** OAuth: `code`, `state` and `code_verifier`. */
  authValues?: Record<string, unknown>
  /** Registers again although it is the same account. */
  reregister?: boolean
}

/**
 * Tries an account at the provider, stores all bags in one transaction, or nothing, and registers what the app needs
 * there.
 * @throws MiniAppError VALIDATION_ERROR (the form, `details.fields`), TEST_FAILED (the provider refused),
 *   DUPLICATE_INTEGRATION; ApiError where the install changed meanwhile
 */
export async function connectAccount(context: Context, account: AccountToConnect): Promise<Connection> {
  const { install, compiled, subdomain, requestId, submitted, authValues, reregister = false } = account
  const stored = await openBags(context, { install, compiled })
  const outcome = await runAuthRequests(
    compiled,
    {
      submitted,
      stored: stored.credentials,
      config: stored.config,
      system: systemValues(context, { subdomain, ns: install.ns, uid: null }),
      ...(authValues && { authValues }),
    },
    effectsFor(context, install.workspaceId),
    { deadlineMs: CONNECT_DEADLINE_MS, allowHttp: allowsHttp(context) },
  )
  if (!outcome.ok) throw explained(outcome.error, { part: { connect: true }, compiled, steps: outcome.steps })
  const { bags, name } = outcome
  const redact = createRedactor(compiled.secretsOf({ ...bags, config: stored.config }))
  // The name is kept and shown in plain text, and some providers put the token into it.
  const shown = name === undefined ? outcome : { ...outcome, name: redact(name) }
  return completeConnect(context, { install, subdomain, requestId, outcome: shown, reregister })
}

/** Logs how an attempt to connect ended, and keeps a failure that says something about the account as `lastConnectError`. */
export async function recordAttempt(
  context: Context,
  { workspaceId, ns, requestId }: InstallKey & { requestId: string },
  attempt: () => Promise<Connection>,
): Promise<Connection> {
  const startedAt = context.now()
  const line = { workspaceId, ns, requestId }
  const durationMs = () => Math.round(context.now() - startedAt)
  try {
    const connection = await attempt()
    context.log.info('install.connected', { ...line, durationMs: durationMs() })
    return connection
  } catch (error) {
    const { code: status } = publicError(error, isRetryable)
    context.log.info('install.refused', { ...line, status, durationMs: durationMs() })
    await keepConnectError(context, { workspaceId, ns }, error)
    throw error instanceof MiniAppError ? explained(error, { part: { connect: true }, steps: [] }) : error
  }
}
