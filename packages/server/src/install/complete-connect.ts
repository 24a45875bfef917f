import type { Transaction } from 'kysely'
import {
  type Bags,
  type ConnectOutcome,
  MiniAppError,
  planRegistration,
  type RegistrationPlan,
  registrationOutputsOf,
  withoutRegistration,
} from 'miniapp'
import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { storable, storableText } from '../db/text.ts'
import { ApiError } from '../errors.ts'
import { findApp } from '../registry/store.ts'
import { sealBag } from './bags.ts'
import { changeLive } from './change-live.ts'
import { noSuchApp, notInstalled } from './install-app.ts'
import { forgetInstall, type LiveInstall, openInstall } from './live-install.ts'
import { refreshInstall } from './refresh.ts'
import { expiryColumns } from './refresh-time.ts'
import { register, withWebhookSecret } from './registration.ts'
import type { InstallErrorCode } from './state.ts'
import {
  claimProviderAccount,
  connectInstall,
  findAccountHolder,
  findInstall,
  type InstallKey,
  lockInstall,
  releaseProviderAccounts,
  type StoredInstall,
} from './store.ts'
import { tellOfInstall } from './tell.ts'
import { unregister } from './unregistration.ts'

export interface Connection {
  ns: string
  /** `error`: stored, but a registration request failed, or the provider ended the grant before all had run. */
  status: 'connected' | 'error'
  /** Of `userDetails`, where the definition names them. */
  uid: string | null
  accountName: string | null
  /** Registration requests that are still to be sent. */
  pendingRegistrations: number
  error: { code: InstallErrorCode; message: string } | null
}

export interface CompleteConnect {
  /** As it was read before the provider was asked. */
  install: StoredInstall
  subdomain: string
  requestId: string
  outcome: Extract<ConnectOutcome, { ok: true }>
  /** Registers again although it is the same account. */
  reregister?: boolean
}

/** Refreshes and registrations of the old connection that commit while it is being replaced. */
const STORE_ATTEMPTS = 5

/**
 * The second half of every connect (specification 3.3): duplicate check, an old registration undone, all bags stored in
 * one transaction, then the registration requests. A process that ends in it leaves the old connection, which registers
 * again, or the new one, which goes on registering.
 * @throws MiniAppError DUPLICATE_INTEGRATION; ApiError where the install changed while the provider was being asked
 */
export async function completeConnect(context: Context, connect: CompleteConnect): Promise<Connection> {
  const { outcome, subdomain, install } = connect
  const key: InstallKey = { workspaceId: install.workspaceId, ns: install.ns }
  await undoRegistration(context, connect)
  const stored = await store(context, connect)
  const registered =
    stored.install.pendingRegistrations > 0
      ? await register(context, { ...key, subdomain, claim: stored })
      : stored
  return connectionOf(registered?.install ?? stored.install, outcome)
}

function connectionOf(
  { ns, state, errorCode, pendingRegistrations, lastConnectError }: StoredInstall,
  { uid, name }: CompleteConnect['outcome'],
): Connection {
  const connection = { ns, uid: uid ?? null, accountName: name ?? null, pendingRegistrations }
  if (state !== 'error') return { ...connection, status: 'connected', error: null }
  const code = errorCode === 'AUTH_EXPIRED' ? errorCode : 'REGISTRATION_FAILED'
  const message = lastConnectError?.message ?? 'A registration request failed.'
  return { ...connection, status: 'error', error: { code, message } }
}

/** Undoes the old registration at the provider, where that comes before the new one. */
async function undoRegistration(context: Context, connect: CompleteConnect): Promise<void> {
  const { install, outcome, subdomain, reregister = false } = connect
  const current = await findInstall(context.db.sql, install)
  refuseOther(current, install)
  const live = await openInstall(context, current)
  const plan = planOf(live, outcome.uid ?? null, reregister)
  if (!plan.unregisterFirst) return
  await refuseTaken(context, install, outcome.uid)
  const old = await announceReplacement(context, live, plan)
  const refresh = (refused: Bags) => refreshInstall(context, { live: old, subdomain, refused })
  await unregister(context, { live: old, subdomain, refresh })
}

function planOf({ install, compiled }: LiveInstall, uid: string | null, asked: boolean): RegistrationPlan {
  const before = install.credentials ? { registered: install.registered, uid: install.uid } : undefined
  return planRegistration(compiled.auth, { uid, asked, ...(before && { before }) })
}

/**
 * Says in the row, before anything is undone at the provider, that the old registration is to be undone and made again:
 * a process that ends before the new bags are stored leaves that to be resumed with the old ones.
 */
async function announceReplacement(
  context: Context,
  live: LiveInstall,
  { pending }: RegistrationPlan,
): Promise<LiveInstall> {
  if (live.install.registered === 0) return live
  const announced = await changeLive(context, live.install, ({ install }) => {
    refuseOther(install, live.install)
    return { columns: { pendingRegistrations: pending, connectingSince: new Date(context.now()) } }
  })
  refuseOther(announced?.install, live.install)
  return announced ?? live
}

async function store(
  context: Context,
  { install, outcome, reregister = false }: CompleteConnect,
): Promise<LiveInstall> {
  const key: InstallKey = { workspaceId: install.workspaceId, ns: install.ns }
  for (let attempt = 1; attempt <= STORE_ATTEMPTS; attempt++) {
    const current = await findInstall(context.db.sql, key)
    refuseOther(current, install)
    const live = await openInstall(context, current)
    const plan = planOf(live, outcome.uid ?? null, reregister)
    const bags = bagsToStore(live, outcome, plan)
    const sealed = await sealBags(context, key, bags)
    const isStored = await context.db.transaction(async (trx) => {
      const locked = await lockInstall(trx, key)
      refuseOther(locked, install)
      if (locked.revision !== current.revision) return false
      await claimAccount(trx, key, outcome.uid)
      const columns = columnsOf(context, live, { userInput: bags.userInput, outcome, plan })
      await connectInstall(trx, key, { ...sealed, ...columns })
      const after = { ...locked, ...columns, state: 'connected' as const, errorCode: null }
      await tellOfInstall(context, trx, { before: locked, after })
      const { uid = null } = outcome
      await recordAct(context, trx, { ...key, kind: 'app.connected', details: { uid } })
      return true
    })
    forgetInstall(context, key)
    const stored = isStored ? await findInstall(context.db.sql, key) : undefined
    if (stored) return openInstall(context, stored)
  }
  throw changed(key.ns)
}

/** What the provider gave, and of the old connection what registration made, as far as that stands. */
function bagsToStore(
  { compiled, bags }: LiveInstall,
  outcome: CompleteConnect['outcome'],
  { forget, pending }: RegistrationPlan,
): Bags {
  const registration = registrationOutputsOf(compiled.auth, { keepSecret: false })
  const made = Object.entries(bags.credentials).filter(([key]) => registration.has(key))
  const credentials = withoutRegistration(
    { ...outcome.bags.credentials, ...Object.fromEntries(made) },
    forget,
  )
  const next = { ...storable(outcome.bags).value, credentials, config: bags.config }
  return pending > 0 ? { ...next, credentials: withWebhookSecret(compiled, next) } : next
}

async function sealBags(context: Context, key: InstallKey, { credentials, metadata }: Bags) {
  const [sealedCredentials, sealedMetadata] = await Promise.all([
    sealBag(context, key, { bag: 'credentials', value: credentials }),
    sealBag(context, key, { bag: 'metadata', value: metadata }),
  ])
  return { credentials: sealedCredentials, metadata: sealedMetadata }
}

function columnsOf(
  context: Context,
  { compiled }: LiveInstall,
  {
    userInput,
    outcome,
    plan,
  }: Pick<Bags, 'userInput'> & Pick<CompleteConnect, 'outcome'> & { plan: RegistrationPlan },
) {
  const { registered, pending } = plan
  const now = new Date(context.now())
  const { uid, name } = storable({ uid: outcome.uid, name: outcome.name }).value
  return {
    userInput,
    uid: uid ?? null,
    accountName: name ?? null,
    authenticatedAt: now,
    ...expiryColumns(compiled.auth, { expiresAt: outcome.expiresAt, now: now.getTime() }),
    registered,
    pendingRegistrations: pending,
    connectingSince: pending > 0 ? now : null,
  }
}

/** @throws ApiError where the install is not the one that the attempt to connect began with */
function refuseOther(
  current: StoredInstall | undefined,
  before: StoredInstall,
): asserts current is StoredInstall {
  if (!current || current.state === 'suspended') throw notInstalled(before.ns)
  const isSame =
    current.id === before.id &&
    current.versionId === before.versionId &&
    current.authenticatedAt?.getTime() === before.authenticatedAt?.getTime()
  if (!isSame) throw changed(before.ns)
}

function changed(ns: string): ApiError {
  return new ApiError(
    'BAD_USER_INPUT',
    `"${ns}" was changed by somebody else while it was being connected. Look at it and try again.`,
  )
}

/** The duplicate check of specification 3.3, before the old registration is undone. */
async function refuseTaken(context: Context, key: InstallKey, uid: string | undefined): Promise<void> {
  const app = await findApp(context.db.sql, key.ns)
  if (uid === undefined || !app?.duplicateCheck) return
  const holder = await findAccountHolder(context.db.sql, { ns: key.ns, uid })
  if (holder !== undefined && holder !== key.workspaceId) throw duplicate(key.ns)
}

/** The duplicate check of specification 3.3, in the transaction that stores the connection. */
async function claimAccount(
  trx: Transaction<Schema>,
  key: InstallKey,
  uid: string | undefined,
): Promise<void> {
  const app = await findApp(trx, key.ns)
  if (!app) throw noSuchApp(key.ns)
  const claimed = app.duplicateCheck && uid !== undefined ? storableText(uid) : undefined
  await releaseProviderAccounts(trx, { ...key, ...(claimed !== undefined && { except: claimed }) })
  if (claimed === undefined) return
  const holder = await claimProviderAccount(trx, { ...key, uid: claimed })
  if (holder !== key.workspaceId) throw duplicate(key.ns)
}

function duplicate(ns: string): MiniAppError {
  return new MiniAppError(
    'DUPLICATE_INTEGRATION',
    `Another workspace has connected this account of "${ns}". Disconnect it there first, or connect another account.`,
  )
}
