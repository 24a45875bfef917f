/**
 * The tables, as kysely sees them: snake_case in the database, camelCase here (`CamelCasePlugin`).
 *
 * Ids are `uuid` v7 made by us. `bigint` columns are strings when read. A `jsonb` column takes only JSON text, so that
 * whoever writes it passes the value through `storable` and `JSON.stringify` (an array handed to the driver as it is
 * would become a PostgreSQL array).
 */
import type { ColumnType, Generated, Selectable } from 'kysely'

type Timestamp = ColumnType<Date, Date | string, Date | string>
type TimestampOrNow = ColumnType<Date, Date | string | undefined, Date | string>
type TimestampOrNull = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
type BytesOrNull = ColumnType<Buffer | null, Uint8Array | null | undefined, Uint8Array | null>
type Bytes = ColumnType<Buffer, Uint8Array, Uint8Array>
type TextOrNull = ColumnType<string | null, string | null | undefined, string | null>
type JsonText<Value> = ColumnType<Value, string, string>

/**
 * Tables that belong to the platform and not to one workspace, by their names in the database. Every other table
 * leads its primary key and each of its indexes with `workspace_id`, so that the database can be split by workspace
 * without changing a query (a test reads the catalogue of the database and checks it).
 */
export const GLOBAL_TABLES = [
  'migration',
  'setting',
  'workspace',
  'account',
  'app',
  'app_version',
  'provider_account',
  'app_config',
] as const

export const ACCOUNT_KINDS = ['person', 'system'] as const
export type AccountKind = (typeof ACCOUNT_KINDS)[number]

export const APP_STATUSES = ['public', 'private'] as const
export type AppStatus = (typeof APP_STATUSES)[number]

/** Specification 10.2. */
export const ROLES = ['owner', 'admin', 'developer', 'agent', 'reviewer', 'operator'] as const
export type Role = (typeof ROLES)[number]

/** Specification 3.2. */
export const INSTALL_STATES = ['installed', 'connected', 'error', 'suspended'] as const
export type InstallState = (typeof INSTALL_STATES)[number]

export const RUN_STATUSES = ['succeeded', 'failed'] as const
export type RunStatus = (typeof RUN_STATUSES)[number]

/** Which migrations this database has seen; written by `migrate` alone. */
export interface MigrationTable {
  name: string
  appliedAt: TimestampOrNow
}

/** Facts about the installation as a whole, such as the fingerprint of its master key. */
export interface SettingTable {
  name: string
  value: JsonText<unknown>
}

export interface WorkspaceTable {
  id: string
  subdomain: string
  name: string
  createdAt: TimestampOrNow
}

export interface AccountTable {
  id: string
  kind: AccountKind
  name: string
  email: TextOrNull
  createdAt: TimestampOrNow
}

/** One MiniApp. `latestVersionId` and `publishedVersionId` may name a version that is inserted later in the transaction. */
export interface AppTable {
  ns: string
  appId: string
  status: AppStatus
  visibility: string
  latestVersionId: TextOrNull
  publishedVersionId: TextOrNull
  /** False: several workspaces may connect the same provider account (specification 3.3). */
  duplicateCheck: Generated<boolean>
  createdAt: TimestampOrNow
  updatedAt: TimestampOrNow
}

/** An immutable version of a definition. `definition` is canonical JSON, `sha256` that of its UTF-8 bytes. */
export interface AppVersionTable {
  id: string
  ns: string
  version: string
  definition: string
  sha256: Bytes
  createdAt: TimestampOrNow
}

/** Which workspace has connected which account of a provider: the duplicate check is this primary key (specification 3.3). */
export interface ProviderAccountTable {
  ns: string
  uid: string
  workspaceId: string
  claimedAt: TimestampOrNow
}

/** The operator's overrides of an app's `auth.config` (specification 3.1), sealed under the platform's own key. */
export interface AppConfigTable {
  ns: string
  config: Bytes
  updatedAt: TimestampOrNow
}

/** The workspace's data key, wrapped by the master key named in `masterKeyId`. */
export interface WorkspaceKeyTable {
  workspaceId: string
  wrappedKey: Bytes
  masterKeyId: string
  createdAt: TimestampOrNow
}

export interface MemberTable {
  workspaceId: string
  accountId: string
  role: Role
  createdAt: TimestampOrNow
}

/** An app token (specification 10.2). The token itself is a signed JWT that names this row and is not stored. */
export interface AppTokenTable {
  workspaceId: string
  id: string
  accountId: string
  name: string
  permissions: ColumnType<string[], string[] | undefined, string[]>
  allowAllPermission: Generated<boolean>
  isEnabled: Generated<boolean>
  noExpire: Generated<boolean>
  expireDate: TimestampOrNull
  lastUsedAt: TimestampOrNull
  lastFour: string
  createdAt: TimestampOrNow
}

/** A one-time link for signing in. The link names its workspace, so that it is found by `(workspaceId, tokenHash)`. */
export interface LoginLinkTable {
  workspaceId: string
  id: string
  tokenHash: Bytes
  accountId: string
  expiresAt: Timestamp
  usedAt: TimestampOrNull
  createdAt: TimestampOrNow
}

/** An app in a workspace, with its three bags (specification 3.2); `credentials` and `metadata` are sealed. */
export interface InstallTable {
  workspaceId: string
  ns: string
  id: string
  versionId: string
  state: InstallState
  errorCode: TextOrNull
  credentials: BytesOrNull
  metadata: BytesOrNull
  userInput: ColumnType<Record<string, unknown>, string | undefined, string>
  uid: TextOrNull
  accountName: TextOrNull
  lastConnectError: ColumnType<Record<string, unknown> | null, string | null | undefined, string | null>
  pendingRegistrations: Generated<number>
  /** How many `registrationRequests` of this connection have succeeded; a retry goes on after them. */
  registered: Generated<number>
  /** Since when a connect or its registration has been under way. */
  connectingSince: TimestampOrNull
  authenticatedAt: TimestampOrNull
  expiresAt: TimestampOrNull
  /** Grows by one with every change; caches compare it. */
  revision: ColumnType<string, string | number | undefined, string | number>
  createdAt: TimestampOrNow
  updatedAt: TimestampOrNow
}

/**
 * An authorization that was started and awaits the provider's answer (specification 3.4). The text of `state` names the
 * workspace; `secret` is sealed and holds the PKCE verifier and the submitted form.
 */
export interface OauthStateTable {
  workspaceId: string
  id: string
  /** SHA-256 of the whole text of `state`. */
  stateHash: Bytes
  ns: string
  accountId: string
  /** SHA-256 of the cookie of the browser that started. */
  browserHash: Bytes
  /** The exact origin that is told the outcome. */
  openerOrigin: TextOrNull
  secret: Bytes
  createdAt: TimestampOrNow
  expiresAt: Timestamp
  usedAt: TimestampOrNull
}

/** Permission to start one authorization without a console session; `secret` is sealed and holds the submitted form. */
export interface OauthTicketTable {
  workspaceId: string
  id: string
  /** SHA-256 of the whole text of the ticket, which names the workspace. */
  ticketHash: Bytes
  ns: string
  accountId: string
  openerOrigin: TextOrNull
  secret: Bytes
  createdAt: TimestampOrNow
  expiresAt: Timestamp
  usedAt: TimestampOrNull
}

/**
 * One execution of an action (specification 4.4), partitioned by the day (UTC) of `createdAt`. A row outside the
 * partitions that `ensurePartitions` has made is refused.
 */
export interface ActionRunTable {
  workspaceId: string
  createdAt: Timestamp
  id: string
  ns: string
  version: string
  action: string
  actorKind: string
  actorId: TextOrNull
  status: RunStatus
  errorCode: TextOrNull
  durationMs: number
  requestId: TextOrNull
  /** JSON text: steps, error, notes; redacted. */
  record: string
}

/** A sliding window of leased slots: `counts[i]` calls were leased at `takenAt[i]` (milliseconds since the epoch). */
export interface RateWindowTable {
  workspaceId: string
  key: string
  takenAt: ColumnType<string[], (number | string)[] | undefined, (number | string)[]>
  counts: ColumnType<number[], number[] | undefined, number[]>
  updatedAt: TimestampOrNow
}

export interface Schema {
  migration: MigrationTable
  setting: SettingTable
  workspace: WorkspaceTable
  account: AccountTable
  app: AppTable
  appVersion: AppVersionTable
  providerAccount: ProviderAccountTable
  appConfig: AppConfigTable
  workspaceKey: WorkspaceKeyTable
  member: MemberTable
  appToken: AppTokenTable
  loginLink: LoginLinkTable
  install: InstallTable
  oauthState: OauthStateTable
  oauthTicket: OauthTicketTable
  actionRun: ActionRunTable
  rateWindow: RateWindowTable
}

/** A row as it is read. */
export type Row<Table extends keyof Schema> = Selectable<Schema[Table]>
