import type { Transaction } from 'kysely'
import { type CompiledDefinition, type ConnectOutcome, MiniAppError, runAuthRequests } from 'miniapp'
import { type Context, effectsFor } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { storable } from '../db/text.ts'
import { ApiError } from '../errors.ts'
import { compiledVersion } from '../registry/compiled-version.ts'
import { findApp } from '../registry/store.ts'
import { configOf, openBags, sealBag } from './bags.ts'
import { noSuchApp, notInstalled } from './install-app.ts'
import { forgetInstall } from './live-install.ts'
import {
  claimProviderAccount,
  connectInstall,
  findInstall,
  type InstallKey,
  lockInstall,
  releaseProviderAccounts,
  type StoredInstall,
  saveConnectError,
} from './store.ts'
import { systemValues } from './system-values.ts'

/** From the first auth request to the last, retries included. */
const CONNECT_DEADLINE_MS = 60_000

export interface Connection {
  ns: string
  status: 'connected'
  /** Of `userDetails`, where the definition names them. */
  uid: string | null
  accountName: string | null
}

export interface ConnectRequest extends InstallKey {
  subdomain: string
  requestId: string
  /** What the credential form holds, by field name. */
  credentials: unknown
}

/**
 * Connects an account with a form (specification 3.3): tries what was submitted at the provider and stores all bags in
 * one transaction, or nothing. A failed attempt leaves an existing connection as it is and is kept as
 * `lastConnectError`.
 * @throws MiniAppError VALIDATION_ERROR (the form, `details.fields`), TEST_FAILED (the provider refused),
 *   DUPLICATE_INTEGRATION; ApiError NOT_FOUND (not installed) or BAD_USER_INPUT (nothing to connect with a form)
 */
export async function connectWithForm(context: Context, request: ConnectRequest): Promise<Connection> {
  const startedAt = context.now()
  const key: InstallKey = { workspaceId: request.workspaceId, ns: request.ns }
  const line = { ...key, requestId: request.requestId }
  try {
    const connection = await connect(context, key, request)
    context.log.info('install.connected', { ...line, durationMs: Math.round(context.now() - startedAt) })
    return connection
  } catch (error) {
    const status =
      error instanceof MiniAppError || error instanceof ApiError ? error.code : 'INTERNAL_SERVER_ERROR'
    context.log.info('install.refused', {
      ...line,
      status,
      durationMs: Math.round(context.now() - startedAt),
    })
    if (error instanceof MiniAppError && KEPT_ERRORS.has(error.code)) await keepError(context, key, error)
    throw error
  }
}

const KEPT_ERRORS: ReadonlySet<string> = new Set(['TEST_FAILED', 'DUPLICATE_INTEGRATION'])

async function connect(context: Context, key: InstallKey, request: ConnectRequest): Promise<Connection> {
  const install = await findInstall(context.db.sql, key)
  if (!install || install.state === 'suspended') throw notInstalled(key.ns)
  const compiled = await compiledVersion(context, install.versionId)
  refuseOtherWaysToConnect(compiled)
  const stored = await openBags(context, { install, compiled })
  const outcome = await runAuthRequests(
    compiled,
    {
      submitted: request.credentials,
      stored: stored.credentials,
      config: configOf(compiled),
      system: systemValues(context, { subdomain: request.subdomain, ns: key.ns, uid: null }),
    },
    effectsFor(context, key.workspaceId),
    { deadlineMs: CONNECT_DEADLINE_MS, allowHttp: context.config.allowPrivateNetworks !== undefined },
  )
  if (!outcome.ok) throw outcome.error
  await store(context, install, outcome)
  return { ns: key.ns, status: 'connected', uid: outcome.uid ?? null, accountName: outcome.name ?? null }
}

function refuseOtherWaysToConnect({ definition, auth }: CompiledDefinition): void {
  const { ns } = definition
  const reasons = {
    none: `"${ns}" needs no connection: its actions run as soon as it is installed.`,
    oauth2: `"${ns}" connects through OAuth 2.0, which this version of the platform cannot do yet.`,
    bearer_token: undefined,
    apikey: undefined,
  } as const satisfies Record<typeof definition.auth.type, string | undefined>
  const reason = reasons[definition.auth.type]
  if (reason) throw new ApiError('BAD_USER_INPUT', reason)
  if (auth.registrationRequests.length > 0) {
    throw new ApiError(
      'BAD_USER_INPUT',
      `"${ns}" registers something at its provider after connecting (registrationRequests), which this version of the platform cannot do yet.`,
    )
  }
}

type Connected = Extract<ConnectOutcome, { ok: true }>

/** @throws MiniAppError DUPLICATE_INTEGRATION; ApiError where the install changed while the provider was being asked */
async function store(
  context: Context,
  install: StoredInstall,
  { bags, uid, name }: Connected,
): Promise<void> {
  const key: InstallKey = { workspaceId: install.workspaceId, ns: install.ns }
  const values = storable({ bags, uid, name }).value
  const [credentials, metadata] = await Promise.all([
    sealBag(context, key, { bag: 'credentials', value: values.bags.credentials }),
    sealBag(context, key, { bag: 'metadata', value: values.bags.metadata }),
  ])
  await context.db.transaction(async (trx) => {
    const current = await lockInstall(trx, key)
    if (!current) throw notInstalled(key.ns)
    if (current.revision !== install.revision) {
      throw new ApiError(
        'BAD_USER_INPUT',
        `"${key.ns}" was changed by somebody else while it was being connected. Look at it and try again.`,
      )
    }
    await claimAccount(trx, key, values.uid)
    await connectInstall(trx, key, {
      credentials,
      metadata,
      userInput: values.bags.userInput,
      uid: values.uid ?? null,
      accountName: values.name ?? null,
      authenticatedAt: new Date(context.now()),
    })
  })
  forgetInstall(context, key)
}

/** The duplicate check of specification 3.3, in the transaction that stores the connection. */
async function claimAccount(
  trx: Transaction<Schema>,
  key: InstallKey,
  uid: string | undefined,
): Promise<void> {
  const app = await findApp(trx, key.ns)
  if (!app) throw noSuchApp(key.ns)
  const claimed = app.duplicateCheck ? uid : undefined
  await releaseProviderAccounts(trx, { ...key, ...(claimed !== undefined && { except: claimed }) })
  if (claimed === undefined) return
  const holder = await claimProviderAccount(trx, { ...key, uid: claimed })
  if (holder === key.workspaceId) return
  throw new MiniAppError(
    'DUPLICATE_INTEGRATION',
    `Another workspace has connected this account of "${key.ns}". Disconnect it there first, or connect another account.`,
  )
}

async function keepError(context: Context, key: InstallKey, error: MiniAppError): Promise<void> {
  const kept = storable({
    code: error.code,
    message: error.message,
    at: new Date(context.now()).toISOString(),
  }).value
  await context.db.transaction((trx) => saveConnectError(trx, key, kept))
  forgetInstall(context, key)
}
