/**
 * App tokens (specification 10.2, 10b section 5): a JWT that names a row; the row decides.
 *
 * The JWT holds the token's id and workspace and is signed (HS256) with a key of that workspace. Permissions, expiry and
 * revocation live in the row alone, which is read by its primary key on every request: a change counts at once, in every
 * process, and an edited `expireDate` needs no new token. So there is no `exp` claim, which could only contradict it.
 */

import { decodeJwt, jwtVerify, SignJWT } from 'jose'
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { uuidv7 } from '../db/uuid.ts'
import { isId } from './id.ts'
import { type Grant, grants, type Permission } from './permission.ts'
import { type AppToken, findToken, insertToken, touchToken } from './store.ts'

/** Keeps a JWT that the same key signed for another purpose from passing for an app token (RFC 8725 3.11). */
const TOKEN_TYPE = 'app+jwt'
const ALGORITHM = 'HS256'

/** Ours have some 250 characters; longer ones are not worth decoding. */
export const MAX_TOKEN_CHARACTERS = 1024

/** Milliseconds between two writes of `lastUsedAt` (specification 10.2). */
export const LAST_USE_INTERVAL_MS = 60_000

/** Who makes a request, and what they may do. */
export interface Caller {
  workspaceId: string
  /** The person, or the system user behind an app token. */
  accountId: string
  tokenId: string
  /** The token's. */
  name: string
  can(permission: Permission): boolean
  /** What `can` answers from; nothing beyond it may be handed on. */
  grant: Grant
}

/** Why a token is not accepted. All but `invalid` are told only to who holds a token with a valid signature. */
export type TokenRefusal = 'invalid' | 'disabled' | 'expired'

export type TokenCheck = { ok: true; caller: Caller } | { ok: false; reason: TokenRefusal }

export interface NewToken {
  workspaceId: string
  accountId: string
  name: string
  grant: Grant
  /** Null: it does not expire. */
  expireDate: Date | null
}

/** What signs the tokens of one workspace; fetched before the transaction that stores a token, which blocks the vault. */
export interface TokenSigner {
  workspaceId: string
  sign(token: { id: string; issuedAt: number }): Promise<string>
}

export async function tokenSigner(context: Context, workspaceId: string): Promise<TokenSigner> {
  const key = await context.vault.signingKey(workspaceId)
  return {
    workspaceId,
    sign: ({ id, issuedAt }) =>
      new SignJWT({ wid: workspaceId })
        .setProtectedHeader({ alg: ALGORITHM, typ: TOKEN_TYPE })
        .setJti(id)
        .setIssuedAt(new Date(issuedAt))
        .sign(key),
  }
}

/**
 * Stores a token.
 * @returns its id and the JWT, which exists nowhere else from here on
 */
export async function insertNewToken(
  trx: Transaction<Schema>,
  token: NewToken,
  options: { signer: TokenSigner; now: number },
): Promise<{ id: string; accessToken: string }> {
  const id = uuidv7(options.now)
  const accessToken = await options.signer.sign({ id, issuedAt: options.now })
  await insertToken(trx, {
    workspaceId: token.workspaceId,
    id,
    accountId: token.accountId,
    name: token.name,
    permissions: [...token.grant.permissions],
    allowAllPermission: token.grant.allowAllPermission,
    noExpire: token.expireDate === null,
    expireDate: token.expireDate,
    lastFour: accessToken.slice(-4),
    createdAt: new Date(options.now),
  })
  return { id, accessToken }
}

/** @returns undefined for every token that is not accepted, whatever the reason */
export async function verifyAppToken(context: Context, jwt: string): Promise<Caller | undefined> {
  const check = await checkAppToken(context, jwt)
  return check.ok ? check.caller : undefined
}

/**
 * As {@link verifyAppToken}, with the reason. Notes the time of use, at most once a minute.
 *
 * @param workspaceId a token of another workspace is not valid; default: any
 */
export async function checkAppToken(
  context: Context,
  jwt: string,
  workspaceId?: string,
): Promise<TokenCheck> {
  const key = namedToken(jwt)
  const elsewhere = workspaceId !== undefined && key?.workspaceId !== workspaceId
  const token = key && !elsewhere ? await findToken(context.db.sql, key) : undefined
  if (token === undefined || !(await isSigned(context, token, jwt))) return { ok: false, reason: 'invalid' }
  if (!token.isEnabled) return { ok: false, reason: 'disabled' }
  const now = context.now()
  if (isExpired(token, now)) return { ok: false, reason: 'expired' }
  await noteUse(context, token, now)
  return { ok: true, caller: callerOf(token) }
}

function isExpired(token: Pick<AppToken, 'noExpire' | 'expireDate'>, now: number): boolean {
  return !token.noExpire && (token.expireDate === null || token.expireDate.getTime() <= now)
}

/** The row that the JWT claims to be of; nothing is verified yet. */
function namedToken(jwt: string): { workspaceId: string; id: string } | undefined {
  if (jwt.length > MAX_TOKEN_CHARACTERS) return undefined
  try {
    const { wid, jti } = decodeJwt(jwt)
    if (typeof wid !== 'string' || typeof jti !== 'string' || !isId(wid)) return undefined
    return { workspaceId: wid, id: jti }
  } catch {
    return undefined
  }
}

async function isSigned(context: Context, token: AppToken, jwt: string): Promise<boolean> {
  const key = await context.vault.signingKey(token.workspaceId)
  try {
    await jwtVerify(jwt, key, { algorithms: [ALGORITHM], typ: TOKEN_TYPE })
    return true
  } catch {
    return false
  }
}

async function noteUse(context: Context, token: AppToken, now: number): Promise<void> {
  const unlessSince = now - LAST_USE_INTERVAL_MS
  if (token.lastUsedAt !== null && token.lastUsedAt.getTime() > unlessSince) return
  await touchToken(context.db.sql, token, { at: new Date(now), unlessSince: new Date(unlessSince) })
}

function callerOf(token: AppToken): Caller {
  return {
    workspaceId: token.workspaceId,
    accountId: token.accountId,
    tokenId: token.id,
    name: token.name,
    can: (permission) => grants(token, permission),
    grant: { allowAllPermission: token.allowAllPermission, permissions: token.permissions },
  }
}
