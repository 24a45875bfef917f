import { sql, type Transaction, type Updateable } from 'kysely'
import type { Database } from '../db/client.ts'
import { exempt } from '../db/exemptions.ts'
import type { RefreshAttemptOutcome, Schema } from '../db/schema.ts'
import type { InstallState } from './state.ts'

type Executor = Database['sql'] | Transaction<Schema>

/** Channel on which every change of an install is announced; the payload is `{workspaceId}/{ns}`. */
export const INSTALL_CHANNEL = 'install_changed'

export interface InstallKey {
  workspaceId: string
  ns: string
}

export interface LastConnectError {
  code: string
  message: string
  /** ISO 8601. */
  at: string
}

export interface StoredInstall extends InstallKey {
  id: string
  versionId: string
  state: InstallState
  errorCode: string | null
  /** Sealed by the vault; absent until an account was connected. */
  credentials: Uint8Array | null
  /** Sealed too: who-am-I answers hold personal data. */
  metadata: Uint8Array | null
  userInput: Record<string, unknown>
  uid: string | null
  accountName: string | null
  lastConnectError: LastConnectError | null
  authenticatedAt: Date | null
  /** When the access token expires, where the provider said so. */
  expiresAt: Date | null
  /** From when on the tokens are refreshed ahead of their expiry. */
  refreshAt: Date | null
  /** `registrationRequests` of this connection that are still to be sent. */
  pendingRegistrations: number
  /** Those that have succeeded. Both together exceed what there are while an old registration is to be undone first. */
  registered: number
  /** Last sign of life of the registration that is under way. */
  connectingSince: Date | null
  /** When we replaced the secret of its webhooks. */
  webhookSecretRotatedAt: Date | null
  /** Raised by every change, as a decimal string. */
  revision: string
}

const columns = [
  'workspaceId',
  'id',
  'ns',
  'versionId',
  'state',
  'errorCode',
  'credentials',
  'metadata',
  'userInput',
  'uid',
  'accountName',
  'lastConnectError',
  'authenticatedAt',
  'expiresAt',
  'refreshAt',
  'pendingRegistrations',
  'registered',
  'connectingSince',
  'webhookSecretRotatedAt',
  'revision',
] as const

const raised = sql<string>`revision + 1`
const now = sql<Date>`now()`

/** Part of the transaction of each change, so that a cache is told exactly when the change can be read. */
async function announce(trx: Transaction<Schema>, { workspaceId, ns }: InstallKey): Promise<void> {
  await sql`select pg_notify(${INSTALL_CHANNEL}, ${`${workspaceId}/${ns}`})`.execute(trx)
}

export async function findInstall(executor: Executor, key: InstallKey): Promise<StoredInstall | undefined> {
  const row = await executor
    .selectFrom('install')
    .select(columns)
    .where('workspaceId', '=', key.workspaceId)
    .where('ns', '=', key.ns)
    .executeTakeFirst()
  return row as StoredInstall | undefined
}

/** Makes other changes of the install wait for this transaction. */
export async function lockInstall(
  trx: Transaction<Schema>,
  key: InstallKey,
): Promise<StoredInstall | undefined> {
  const row = await trx
    .selectFrom('install')
    .select(columns)
    .where('workspaceId', '=', key.workspaceId)
    .where('ns', '=', key.ns)
    .forUpdate()
    .executeTakeFirst()
  return row as StoredInstall | undefined
}

/** An install as lists show it: what is sealed stays where it is. */
export type ListedInstall = Omit<StoredInstall, 'credentials' | 'metadata'>

const listedColumns = columns.filter((column) => column !== 'credentials' && column !== 'metadata')

export async function listInstalls(executor: Executor, workspaceId: string): Promise<ListedInstall[]> {
  const rows = await executor
    .selectFrom('install')
    .select(listedColumns)
    .where('workspaceId', '=', workspaceId)
    .orderBy('ns')
    .execute()
  return rows as ListedInstall[]
}

/** How many workspaces have each app installed, over all workspaces: the marketplace shows the number alone. */
export async function countInstalls(executor: Executor, ns?: string): Promise<Map<string, number>> {
  let query = exempt(executor, 'install.countInstalls')
    .selectFrom('install')
    .select(({ fn }) => ['ns', fn.countAll<string>().as('count')])
  if (ns !== undefined) query = query.where('ns', '=', ns)
  const rows = await query.groupBy('ns').execute()
  return new Map(rows.map((row) => [row.ns, Number(row.count)]))
}

/** @returns whether a row was made; false where the app was installed already */
export async function insertInstall(
  trx: Transaction<Schema>,
  install: InstallKey & { id: string; versionId: string },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('install')
    .values({ ...install, state: 'installed', userInput: JSON.stringify({}) })
    .onConflict((conflict) => conflict.columns(['workspaceId', 'ns']).doNothing())
    .executeTakeFirst()
  if (!numInsertedOrUpdatedRows) return false
  await announce(trx, install)
  return true
}

export interface ConnectionValues {
  credentials: Uint8Array
  metadata: Uint8Array
  userInput: Record<string, unknown>
  uid: string | null
  accountName: string | null
  authenticatedAt: Date
  expiresAt: Date | null
  refreshAt: Date | null
  pendingRegistrations: number
  registered: number
  connectingSince: Date | null
}

export type InstallChanges = Omit<
  Updateable<Schema['install']>,
  'workspaceId' | 'ns' | 'revision' | 'updatedAt'
>

/** Every change raises the revision and is announced. */
export async function changeInstall(
  trx: Transaction<Schema>,
  key: InstallKey,
  changes: InstallChanges,
): Promise<void> {
  await trx
    .updateTable('install')
    .set({ ...changes, revision: raised, updatedAt: now })
    .where('workspaceId', '=', key.workspaceId)
    .where('ns', '=', key.ns)
    .execute()
  await announce(trx, key)
}

/** Stores all bags and the state, and forgets what became of the former connection's refreshes. */
export async function connectInstall(
  trx: Transaction<Schema>,
  key: InstallKey,
  values: ConnectionValues,
): Promise<void> {
  await forgetRefresh(trx, key)
  await changeInstall(trx, key, {
    state: 'connected',
    errorCode: null,
    credentials: Buffer.from(values.credentials),
    metadata: Buffer.from(values.metadata),
    userInput: JSON.stringify(values.userInput),
    uid: values.uid,
    accountName: values.accountName,
    lastConnectError: null,
    authenticatedAt: values.authenticatedAt,
    expiresAt: values.expiresAt,
    refreshAt: values.refreshAt,
    pendingRegistrations: values.pendingRegistrations,
    registered: values.registered,
    connectingSince: values.connectingSince,
  })
}

/** Deletes every bag and forgets the account; the app stays installed, or suspended. */
export async function disconnectInstall(
  trx: Transaction<Schema>,
  key: InstallKey,
  state: 'installed' | 'suspended' = 'installed',
): Promise<void> {
  await forgetRefresh(trx, key)
  await changeInstall(trx, key, {
    state,
    errorCode: null,
    credentials: null,
    metadata: null,
    userInput: JSON.stringify({}),
    uid: null,
    accountName: null,
    lastConnectError: null,
    authenticatedAt: null,
    expiresAt: null,
    refreshAt: null,
    pendingRegistrations: 0,
    registered: 0,
    connectingSince: null,
    webhookSecretRotatedAt: null,
  })
}

export async function deleteInstall(trx: Transaction<Schema>, key: InstallKey): Promise<void> {
  await trx
    .deleteFrom('install')
    .where('workspaceId', '=', key.workspaceId)
    .where('ns', '=', key.ns)
    .execute()
  await announce(trx, key)
}

export async function saveConnectError(
  trx: Transaction<Schema>,
  key: InstallKey,
  error: LastConnectError,
): Promise<void> {
  await trx
    .updateTable('install')
    .set({ lastConnectError: JSON.stringify(error), updatedAt: now })
    .where('workspaceId', '=', key.workspaceId)
    .where('ns', '=', key.ns)
    .execute()
  await announce(trx, key)
}

/** Claims are tried again when the holder lets go of the account between the two statements of a claim. */
const CLAIM_ATTEMPTS = 3

/**
 * Claims a provider account for a workspace, or finds whose it is (specification 3.3, duplicate check).
 * Concurrent claims of one account wait for each other on the primary key.
 * @returns the workspace that holds the account: the given one where the claim succeeded
 */
export async function claimProviderAccount(
  trx: Transaction<Schema>,
  claim: InstallKey & { uid: string },
): Promise<string> {
  for (let attempt = 1; attempt <= CLAIM_ATTEMPTS; attempt++) {
    await trx
      .insertInto('providerAccount')
      .values({ ns: claim.ns, uid: claim.uid, workspaceId: claim.workspaceId })
      .onConflict((conflict) => conflict.columns(['ns', 'uid']).doNothing())
      .execute()
    const holder = await findAccountHolder(trx, claim)
    if (holder !== undefined) return holder
  }
  throw new Error(`The account of ${claim.ns} changed hands ${CLAIM_ATTEMPTS} times during one claim`)
}

/** Frees every account of this app that the workspace holds, except the one named. */
export async function releaseProviderAccounts(
  trx: Transaction<Schema>,
  key: InstallKey & { except?: string },
): Promise<void> {
  let query = trx
    .deleteFrom('providerAccount')
    .where('workspaceId', '=', key.workspaceId)
    .where('ns', '=', key.ns)
  if (key.except !== undefined) query = query.where('uid', '!=', key.except)
  await query.execute()
}

/**
 * Connections whose registration is under way and has given no sign of life since `before`, with their workspace's
 * subdomain, over all workspaces.
 */
export async function listUnfinishedRegistrations(
  executor: Executor,
  before: Date,
): Promise<(InstallKey & { subdomain: string })[]> {
  return exempt(executor, 'install.listUnfinishedRegistrations')
    .selectFrom('install')
    .innerJoin('workspace', 'workspace.id', 'install.workspaceId')
    .select(['install.workspaceId', 'install.ns', 'workspace.subdomain'])
    .where('install.state', '=', 'connected')
    .where('install.pendingRegistrations', '>', 0)
    .where((eb) =>
      eb.or([eb('install.connectingSince', 'is', null), eb('install.connectingSince', '<=', before)]),
    )
    .execute()
}

/** Whose an account is that was claimed; `undefined` where nobody has claimed it. */
export async function findAccountHolder(
  executor: Executor,
  account: { ns: string; uid: string },
): Promise<string | undefined> {
  const row = await executor
    .selectFrom('providerAccount')
    .select('workspaceId')
    .where('ns', '=', account.ns)
    .where('uid', '=', account.uid)
    .executeTakeFirst()
  return row?.workspaceId
}

/** Installs of an app on any other version than the given one, with the version they run; for the operator's roll-out. */
export async function listInstallsBehind(
  executor: Executor,
  app: { ns: string; versionId: string },
): Promise<{ workspaceId: string; ns: string; versionId: string }[]> {
  return (
    exempt(executor, 'install.listInstallsBehind')
      .selectFrom('install')
      .select(['workspaceId', 'ns', 'versionId'])
      .where('ns', '=', app.ns)
      // Two ranges of the index instead of `!=`, which would read every install of the app.
      .where(({ eb, or }) => or([eb('versionId', '<', app.versionId), eb('versionId', '>', app.versionId)]))
      .execute()
  )
}

export function moveInstall(trx: Transaction<Schema>, key: InstallKey, versionId: string): Promise<void> {
  return changeInstall(trx, key, { versionId })
}

/** The last exchange of a connection's refresh token; without `endedAt` it is under way, or was left. */
export interface RefreshAttempt extends InstallKey {
  attemptId: string
  processId: string
  startedAt: Date
  endedAt: Date | null
  outcome: RefreshAttemptOutcome | null
  error: Record<string, unknown> | null
  failures: number
  notBefore: Date | null
}

const attemptColumns = [
  'workspaceId',
  'ns',
  'attemptId',
  'processId',
  'startedAt',
  'endedAt',
  'outcome',
  'error',
  'failures',
  'notBefore',
] as const

export function findRefresh(executor: Executor, key: InstallKey): Promise<RefreshAttempt | undefined> {
  return executor
    .selectFrom('installRefresh')
    .select(attemptColumns)
    .where('workspaceId', '=', key.workspaceId)
    .where('ns', '=', key.ns)
    .executeTakeFirst()
}

export interface RefreshClaim extends InstallKey {
  attemptId: string
  processId: string
  startedAt: Date
  /** The attempt that its process left under way. */
  instead?: string
}

/**
 * Says in one statement that an exchange is under way, where none is, or only the one that was left.
 * @returns how often refreshing has failed in a row; `undefined` where another attempt is under way
 */
export async function claimRefresh(
  executor: Executor,
  { instead, ...claim }: RefreshClaim,
): Promise<{ failures: number } | undefined> {
  const { attemptId, processId, startedAt } = claim
  return executor
    .insertInto('installRefresh')
    .values(claim)
    .onConflict((conflict) =>
      conflict
        .columns(['workspaceId', 'ns'])
        .doUpdateSet({
          attemptId,
          processId,
          startedAt,
          endedAt: null,
          outcome: null,
          error: null,
          notBefore: null,
        })
        .where((eb) =>
          instead === undefined
            ? eb('installRefresh.endedAt', 'is not', null)
            : eb.and([
                eb('installRefresh.attemptId', '=', instead),
                eb('installRefresh.endedAt', 'is', null),
              ]),
        ),
    )
    .returning('failures')
    .executeTakeFirst()
}

/** Ends the attempt, unless another one has taken its place. */
export async function endRefresh(
  executor: Executor,
  attempt: InstallKey & { attemptId: string },
  ending: Pick<RefreshAttempt, 'outcome' | 'failures' | 'notBefore'> & {
    endedAt: Date
    error: string | null
  },
): Promise<void> {
  await executor
    .updateTable('installRefresh')
    .set(ending)
    .where('workspaceId', '=', attempt.workspaceId)
    .where('ns', '=', attempt.ns)
    .where('attemptId', '=', attempt.attemptId)
    .execute()
}

async function forgetRefresh(trx: Transaction<Schema>, key: InstallKey): Promise<void> {
  await trx
    .deleteFrom('installRefresh')
    .where('workspaceId', '=', key.workspaceId)
    .where('ns', '=', key.ns)
    .execute()
}

type InWorkspace = InstallKey & { subdomain: string }

/** Exchanges that are under way, or were left, with their workspace's subdomain, over all workspaces. */
export function listRunningRefreshes(executor: Executor): Promise<(InWorkspace & RefreshAttempt)[]> {
  return exempt(executor, 'install.listRunningRefreshes')
    .selectFrom('installRefresh')
    .innerJoin('workspace', 'workspace.id', 'installRefresh.workspaceId')
    .select(attemptColumns.map((column) => `installRefresh.${column}` as const))
    .select('workspace.subdomain')
    .where('installRefresh.endedAt', 'is', null)
    .execute()
}

/** Connections whose tokens are due and whose refresh nobody is at or has to wait with, over all workspaces. */
export function listDueRefreshes(
  executor: Executor,
  { at, limit }: { at: Date; limit: number },
): Promise<InWorkspace[]> {
  return exempt(executor, 'install.listDueRefreshes')
    .selectFrom('install')
    .innerJoin('workspace', 'workspace.id', 'install.workspaceId')
    .leftJoin('installRefresh', (join) =>
      join
        .onRef('installRefresh.workspaceId', '=', 'install.workspaceId')
        .onRef('installRefresh.ns', '=', 'install.ns'),
    )
    .select(['install.workspaceId', 'install.ns', 'workspace.subdomain'])
    .where('install.refreshAt', '<=', at)
    .where('install.state', 'in', ['connected', 'error'])
    .where('install.errorCode', 'is distinct from', 'AUTH_EXPIRED')
    .where((eb) =>
      eb.or([
        eb('installRefresh.workspaceId', 'is', null),
        eb.and([
          eb('installRefresh.endedAt', 'is not', null),
          eb.or([eb('installRefresh.notBefore', 'is', null), eb('installRefresh.notBefore', '<=', at)]),
        ]),
      ]),
    )
    .orderBy('install.refreshAt')
    .limit(limit)
    .execute()
}
