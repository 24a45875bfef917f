/**
 * The tables, as kysely sees them: snake_case in the database, camelCase here (`CamelCasePlugin`).
 *
 * Ids are `uuid` v7 made by us. `bigint` columns are strings when read. A `jsonb` column takes only JSON text, so that
 * whoever writes it passes the value through `storable` and `JSON.stringify` (an array handed to the driver as it is
 * would become a PostgreSQL array).
 */
import type { ColumnType, Generated, Selectable } from 'kysely'
import type {
  Bytes,
  BytesOrNull,
  JsonText,
  TextOrNull,
  Timestamp,
  TimestampOrNow,
  TimestampOrNull,
} from './column.ts'
import { NOTIFY_TABLES, type NotifyTables } from './notify-schema.ts'
import type { CustomerKeyTable, CustomerTable, OutboxTable, RecordTable } from './record-schema.ts'
import { TAG_TABLES, type TagTables } from './tag-schema.ts'
import { WEBHOOK_TABLES, type WebhookTables } from './webhook-schema.ts'

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
  'key_holder',
] as const

export type GlobalTable = (typeof GLOBAL_TABLES)[number]

type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : ''

export type TableOfWorkspaces = Exclude<SnakeCase<keyof Schema>, GlobalTable>

/** Every other table: a statement on one says whose rows it means, or is refused (`workspace-guard.ts`). */
export const WORKSPACE_TABLES = {
  workspace_key: true,
  member: true,
  app_token: true,
  login_link: true,
  install: true,
  install_refresh: true,
  notification: true,
  oauth_state: true,
  oauth_ticket: true,
  action_run: true,
  rate_window: true,
  provider_budget: true,
  audit: true,
  customer: true,
  customer_key: true,
  record: true,
  outbox: true,
  ...TAG_TABLES,
  ...WEBHOOK_TABLES,
  ...NOTIFY_TABLES,
} as const satisfies Record<TableOfWorkspaces, true>

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

/** What a workspace is told of. */
export const NOTIFICATION_KINDS = ['install.expired'] as const
export type NotificationKind = (typeof NOTIFICATION_KINDS)[number]

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

/** A process with the fingerprints of the master keys it was given; removed when it ends, or once it is found dead. */
export interface KeyHolderTable {
  processId: ColumnType<string, string, string>
  masterKeyIds: string[]
  startedAt: TimestampOrNow
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
  webhookSecretRotatedAt: TimestampOrNull
  authenticatedAt: TimestampOrNull
  expiresAt: TimestampOrNull
  /** From when on the tokens are refreshed ahead of their expiry; null where they do not expire or cannot be. */
  refreshAt: TimestampOrNull
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
 * partitions that `ensurePartitions` has made is refused, until `addPartitions` makes that of its day.
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

export const REFRESH_OUTCOMES = ['refreshed', 'failed', 'ended', 'impossible'] as const
export type RefreshAttemptOutcome = (typeof REFRESH_OUTCOMES)[number]

/**
 * The last exchange of a connection's refresh token, committed before it is sent (specification 3.5). Without `endedAt` it is
 * under way in the process `processId`, or was when that process ended.
 */
export interface InstallRefreshTable {
  workspaceId: string
  ns: string
  attemptId: string
  processId: ColumnType<string, string, string>
  startedAt: Timestamp
  endedAt: TimestampOrNull
  outcome: ColumnType<
    RefreshAttemptOutcome | null,
    RefreshAttemptOutcome | null | undefined,
    RefreshAttemptOutcome | null
  >
  /** Why it failed: code, message, details; redacted. */
  error: ColumnType<Record<string, unknown> | null, string | null | undefined, string | null>
  /** Failures in a row. */
  failures: Generated<number>
  /** Nobody but a person tries again before. */
  notBefore: TimestampOrNull
}

/** Something that the people of a workspace should know. */
export interface NotificationTable {
  workspaceId: string
  id: string
  kind: NotificationKind
  /** The app it is about. */
  ns: TextOrNull
  title: string
  message: string
  createdAt: Timestamp
  readAt: TimestampOrNull
}

/** A sliding window of leased slots: `counts[i]` calls were leased at `takenAt[i]` (milliseconds since the epoch). */
export interface RateWindowTable {
  workspaceId: string
  key: string
  takenAt: ColumnType<string[], (number | string)[] | undefined, (number | string)[]>
  counts: ColumnType<number[], number[] | undefined, number[]>
  updatedAt: TimestampOrNow
}

/** What a provider's answers said of the rate limit of one connection, for all processes. */
export interface ProviderBudgetTable {
  workspaceId: string
  installId: string
  requests: ColumnType<number | null, number | null | undefined, number | null>
  perMs: ColumnType<number | null, number | null | undefined, number | null>
  blockedUntil: TimestampOrNull
  learntAt: Timestamp
}

/** A security-relevant act (`audit/acts.ts`); a trigger refuses to change rows. Ids name what may be gone by now. */
export interface AuditTable {
  workspaceId: string
  id: string
  createdAt: Timestamp
  kind: string
  ns: TextOrNull
  subjectId: TextOrNull
  accountId: TextOrNull
  tokenId: TextOrNull
  actorName: TextOrNull
  requestId: TextOrNull
  address: TextOrNull
  details: JsonText<Record<string, unknown>>
}

export interface Schema extends TagTables, WebhookTables, NotifyTables {
  migration: MigrationTable
  setting: SettingTable
  workspace: WorkspaceTable
  account: AccountTable
  app: AppTable
  appVersion: AppVersionTable
  providerAccount: ProviderAccountTable
  appConfig: AppConfigTable
  workspaceKey: WorkspaceKeyTable
  keyHolder: KeyHolderTable
  member: MemberTable
  appToken: AppTokenTable
  loginLink: LoginLinkTable
  install: InstallTable
  installRefresh: InstallRefreshTable
  notification: NotificationTable
  oauthState: OauthStateTable
  oauthTicket: OauthTicketTable
  actionRun: ActionRunTable
  rateWindow: RateWindowTable
  providerBudget: ProviderBudgetTable
  audit: AuditTable
  customer: CustomerTable
  customerKey: CustomerKeyTable
  record: RecordTable
  outbox: OutboxTable
}

/** A row as it is read. */
export type Row<Table extends keyof Schema> = Selectable<Schema[Table]>
