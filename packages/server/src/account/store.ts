/** All SQL on workspaces, accounts, members, app tokens and login links. */
import { type ExpressionBuilder, sql, type Transaction } from 'kysely'
import type { Database } from '../db/client.ts'
import { exempt } from '../db/exemptions.ts'
import type { AccountKind, Role, Row, Schema } from '../db/schema.ts'
import { isId } from './id.ts'

type Executor = Database['sql'] | Transaction<Schema>

export type Workspace = Row<'workspace'>
export type AppToken = Row<'appToken'>

/** @returns false where the subdomain is taken */
export async function insertWorkspace(
  trx: Transaction<Schema>,
  workspace: { id: string; subdomain: string; name: string; createdAt: Date },
): Promise<boolean> {
  const inserted = await trx
    .insertInto('workspace')
    .values(workspace)
    .onConflict((conflict) => conflict.column('subdomain').doNothing())
    .returning('id')
    .executeTakeFirst()
  return inserted !== undefined
}

export async function insertAccount(
  trx: Transaction<Schema>,
  account: { id: string; kind: AccountKind; name: string; createdAt: Date },
): Promise<void> {
  await trx.insertInto('account').values(account).execute()
}

export async function insertMember(
  trx: Transaction<Schema>,
  member: { workspaceId: string; accountId: string; role: Role; createdAt: Date },
): Promise<void> {
  await trx.insertInto('member').values(member).execute()
}

export async function findWorkspace(
  executor: Executor,
  key: { id: string } | { subdomain: string },
): Promise<Workspace | undefined> {
  const query = executor.selectFrom('workspace').selectAll()
  return 'id' in key
    ? query.where('id', '=', key.id).executeTakeFirst()
    : query.where('subdomain', '=', key.subdomain).executeTakeFirst()
}

/** The first workspace that was made: the only one in the single-workspace address mode. */
export async function findDefaultWorkspace(executor: Executor): Promise<Workspace | undefined> {
  return executor
    .selectFrom('workspace')
    .selectAll()
    .orderBy('createdAt')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
}

/** Where a page of a list begins and how many rows are read: by default newest first, by `(createdAt, id)`. */
export interface PageRange {
  limit: number
  offset: number
  /** `value` is of what the list is ordered by. */
  after?: { value: Date | string; id: string } | undefined
}

export async function listWorkspaces(executor: Executor, range: PageRange): Promise<Workspace[]> {
  const { after } = range
  return executor
    .selectFrom('workspace')
    .selectAll()
    .$if(after !== undefined, (query) => query.where(olderThan<'workspace'>(after)))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(range.limit)
    .offset(range.offset)
    .execute()
}

export async function countWorkspaces(executor: Executor): Promise<number> {
  const { count } = await executor
    .selectFrom('workspace')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

export async function findMembers(
  executor: Executor,
  workspaceIds: readonly string[],
): Promise<{ workspaceId: string; accountId: string; role: Role }[]> {
  return exempt(executor, 'account.findMembers')
    .selectFrom('member')
    .select(['workspaceId', 'accountId', 'role'])
    .where('workspaceId', '=', sql<string>`any(${sql.val([...workspaceIds])}::uuid[])`)
    .orderBy('createdAt')
    .orderBy('accountId')
    .execute()
}

export interface AccountInWorkspace extends Row<'account'> {
  /** Null for the system user behind an app token. */
  role: Role | null
}

export async function findAccount(
  executor: Executor,
  key: { workspaceId: string; accountId: string },
): Promise<AccountInWorkspace | undefined> {
  return executor
    .selectFrom('account')
    .leftJoin('member', (join) =>
      join.onRef('member.accountId', '=', 'account.id').on('member.workspaceId', '=', key.workspaceId),
    )
    .selectAll('account')
    .select('member.role')
    .where('account.id', '=', key.accountId)
    .executeTakeFirst()
}

/** Makes later writers of the workspace's links wait for this transaction. */
export async function lockWorkspace(
  trx: Transaction<Schema>,
  workspaceId: string,
): Promise<Workspace | undefined> {
  if (!isId(workspaceId)) return undefined
  return trx.selectFrom('workspace').selectAll().where('id', '=', workspaceId).forUpdate().executeTakeFirst()
}

/** The first owner. */
export async function findOwner(executor: Executor, workspaceId: string): Promise<string | undefined> {
  const owner = await executor
    .selectFrom('member')
    .select('accountId')
    .where('workspaceId', '=', workspaceId)
    .where('role', '=', 'owner')
    .orderBy('createdAt')
    .orderBy('accountId')
    .limit(1)
    .executeTakeFirst()
  return owner?.accountId
}

export async function deleteUnusedLinks(
  trx: Transaction<Schema>,
  key: { workspaceId: string; accountId: string },
): Promise<void> {
  await trx
    .deleteFrom('loginLink')
    .where('workspaceId', '=', key.workspaceId)
    .where('accountId', '=', key.accountId)
    .where('usedAt', 'is', null)
    .execute()
}

export async function insertLink(
  trx: Transaction<Schema>,
  link: Pick<Row<'loginLink'>, 'workspaceId' | 'id' | 'tokenHash' | 'accountId' | 'expiresAt' | 'createdAt'>,
): Promise<void> {
  await trx.insertInto('loginLink').values(link).execute()
}

interface LinkKey {
  workspaceId: string
  tokenHash: Uint8Array
}

/** Marks the link used; of several transactions that try, one gets the row. */
export async function takeLink(
  trx: Transaction<Schema>,
  link: LinkKey & { now: Date },
): Promise<{ id: string; accountId: string } | undefined> {
  return trx
    .updateTable('loginLink')
    .set({ usedAt: link.now })
    .where('workspaceId', '=', link.workspaceId)
    .where('tokenHash', '=', Buffer.from(link.tokenHash))
    .where('usedAt', 'is', null)
    .where('expiresAt', '>', link.now)
    .returning(['id', 'accountId'])
    .executeTakeFirst()
}

export async function findLink(
  executor: Executor,
  key: LinkKey,
): Promise<Pick<Row<'loginLink'>, 'usedAt' | 'expiresAt'> | undefined> {
  return executor
    .selectFrom('loginLink')
    .select(['usedAt', 'expiresAt'])
    .where('workspaceId', '=', key.workspaceId)
    .where('tokenHash', '=', Buffer.from(key.tokenHash))
    .executeTakeFirst()
}

export async function insertToken(
  trx: Transaction<Schema>,
  token: Omit<AppToken, 'lastUsedAt' | 'isEnabled'>,
): Promise<void> {
  await trx.insertInto('appToken').values(token).execute()
}

interface TokenKey {
  workspaceId: string
  id: string
}

export async function findToken(executor: Executor, key: TokenKey): Promise<AppToken | undefined> {
  if (!isId(key.id)) return undefined
  return executor
    .selectFrom('appToken')
    .selectAll()
    .where('workspaceId', '=', key.workspaceId)
    .where('id', '=', key.id)
    .executeTakeFirst()
}

/** Locks the row until the transaction ends, so that a rule checked on it still holds when it is written. */
export async function lockToken(trx: Transaction<Schema>, key: TokenKey): Promise<AppToken | undefined> {
  if (!isId(key.id)) return undefined
  return trx
    .selectFrom('appToken')
    .selectAll()
    .where('workspaceId', '=', key.workspaceId)
    .where('id', '=', key.id)
    .forUpdate()
    .executeTakeFirst()
}

export async function updateToken(
  trx: Transaction<Schema>,
  key: TokenKey,
  change: Partial<Pick<AppToken, 'name' | 'expireDate' | 'noExpire' | 'isEnabled'>>,
): Promise<AppToken> {
  return trx
    .updateTable('appToken')
    .set(change)
    .where('workspaceId', '=', key.workspaceId)
    .where('id', '=', key.id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Deletes the token and the system user behind it; a person's account stays. */
export async function deleteToken(trx: Transaction<Schema>, token: AppToken): Promise<void> {
  await trx
    .deleteFrom('appToken')
    .where('workspaceId', '=', token.workspaceId)
    .where('id', '=', token.id)
    .execute()
  await trx.deleteFrom('account').where('id', '=', token.accountId).where('kind', '=', 'system').execute()
}

/** Writes the time of use unless one after `unlessSince` is there, written by any process. */
export async function touchToken(
  executor: Executor,
  key: TokenKey,
  use: { at: Date; unlessSince: Date },
): Promise<void> {
  await executor
    .updateTable('appToken')
    .set({ lastUsedAt: use.at })
    .where('workspaceId', '=', key.workspaceId)
    .where('id', '=', key.id)
    .where((eb) => eb.or([eb('lastUsedAt', 'is', null), eb('lastUsedAt', '<=', use.unlessSince)]))
    .execute()
}

interface TokenFilter {
  workspaceId: string
  /** Part of the name, in any case. */
  searchValue?: string | undefined
}

export async function listTokens(
  executor: Executor,
  filter: TokenFilter,
  range: PageRange,
): Promise<AppToken[]> {
  const { after } = range
  return executor
    .selectFrom('appToken')
    .selectAll()
    .where(matches(filter))
    .$if(after !== undefined, (query) => query.where(olderThan<'appToken'>(after)))
    .orderBy('createdAt', 'desc')
    .orderBy('id', 'desc')
    .limit(range.limit)
    .offset(range.offset)
    .execute()
}

export async function countTokens(executor: Executor, filter: TokenFilter): Promise<number> {
  const { count } = await executor
    .selectFrom('appToken')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where(matches(filter))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Whether the workspace has a token with all permissions that works at `now`. */
export async function hasLiveOwnerToken(
  executor: Executor,
  workspaceId: string,
  now: Date,
): Promise<boolean> {
  const token = await executor
    .selectFrom('appToken')
    .select('id')
    .where('workspaceId', '=', workspaceId)
    .where('allowAllPermission', '=', true)
    .where('isEnabled', '=', true)
    .where((eb) => eb.or([eb('noExpire', '=', true), eb('expireDate', '>', now)]))
    .limit(1)
    .executeTakeFirst()
  return token !== undefined
}

function matches(filter: TokenFilter) {
  return (eb: ExpressionBuilder<Schema, 'appToken'>) =>
    eb.and([
      eb('workspaceId', '=', filter.workspaceId),
      ...(filter.searchValue ? [eb('name', 'ilike', `%${literal(filter.searchValue)}%`)] : []),
    ])
}

function olderThan<Table extends 'workspace' | 'appToken'>(after: PageRange['after']) {
  return (eb: ExpressionBuilder<Schema, Table>) =>
    after === undefined ? eb.lit(true) : sql<boolean>`(created_at, id) < (${after.value}, ${after.id}::uuid)`
}

/** The text with the wildcards of LIKE taken literally. */
function literal(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}
