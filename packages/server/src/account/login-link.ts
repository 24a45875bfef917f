/**
 * One-time links by which the owner of a workspace gets a first token (specification 10.2). A link is
 * `{workspace address}/login/{subdomain}.{256 random bits}`; the database holds the SHA-256 of the random part alone.
 */
import { createHash, randomBytes } from 'node:crypto'
import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import { uuidv7 } from '../db/uuid.ts'
import { ApiError } from '../errors.ts'
import { workspaceUrl } from './address.ts'
import { insertNewToken, tokenSigner } from './app-token.ts'
import { type Grant, PLATFORM_PERMISSIONS } from './permission.ts'
import {
  deleteUnusedLinks,
  findDefaultWorkspace,
  findLink,
  findOwner,
  hasLiveOwnerToken,
  insertLink,
  lockWorkspace,
  takeLink,
  type Workspace,
} from './store.ts'

/** Milliseconds: long enough to be sent to somebody, short enough that a forgotten terminal window is harmless. */
export const LINK_LIFETIME_MS = 24 * 60 * 60 * 1000

const TOKEN_BYTES = 32
/** `{subdomain}.{token}`: base64url of the token without padding. */
const LINK = /^([a-z0-9-]{1,63})\.([A-Za-z0-9_-]{43})$/

const HOW_TO_GET_A_LINK =
  'The server prints a new link when it starts while the workspace has no usable owner token; an operator makes one with workspaceOwnerLink.'

/** Whether the workspace has no enabled, unexpired token with all permissions, so that nobody can manage it. */
export async function needsOwnerLink(context: Context, workspaceId: string): Promise<boolean> {
  return !(await hasLiveOwnerToken(context.db.sql, workspaceId, new Date(context.now())))
}

/**
 * Makes a one-time link for the workspace's first owner; earlier links that were not used stop working.
 *
 * @returns the URL; it is shown once and kept nowhere
 * @throws ApiError `NOT_FOUND` where there is no such workspace
 */
export async function makeOwnerLink(context: Context, workspaceId: string): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const now = context.now()
  const workspace = await context.db.transaction(async (trx) => {
    const locked = await lockWorkspace(trx, workspaceId)
    const accountId = locked && (await findOwner(trx, workspaceId))
    if (locked === undefined || accountId === undefined) return undefined
    await deleteUnusedLinks(trx, { workspaceId, accountId })
    const id = uuidv7(now)
    await insertLink(trx, {
      workspaceId,
      id,
      tokenHash: hash(token),
      accountId,
      expiresAt: new Date(now + LINK_LIFETIME_MS),
      createdAt: new Date(now),
    })
    await recordAct(context, trx, { workspaceId, kind: 'link.made', subjectId: id })
    return locked
  })
  if (workspace === undefined) throw new ApiError('NOT_FOUND', 'There is no such workspace.')
  return `${workspaceUrl(context.config, workspace.subdomain)}/login/${workspace.subdomain}.${token}`
}

/** What a link was traded for. */
export interface Login {
  accessToken: string
  tokenId: string
}

/** Whether the text has the form of a link, `{subdomain}.{token}`. */
export function isLoginLink(text: string): boolean {
  return LINK.test(text)
}

/**
 * Trades a link for an owner's app token, which does not expire. Of several uses, also at the same moment, one succeeds.
 *
 * @param use.workspace the workspace that the request is addressed to; a link of another one is refused
 * @param use.link the part of the URL behind `/login/`
 * @throws ApiError `UNAUTHENTICATED` where the link is unknown, used, voided or expired
 */
export async function useLoginLink(
  context: Context,
  use: { workspace: Workspace; link: string },
): Promise<Login> {
  const { workspace } = use
  const [, subdomain, token] = LINK.exec(use.link) ?? []
  if (token === undefined || subdomain !== workspace.subdomain) throw refusal('not valid')
  const key = { workspaceId: workspace.id, tokenHash: hash(token) }
  const signer = await tokenSigner(context, workspace.id)
  const grant = await ownerGrant(context, workspace.id)
  const now = context.now()
  const made = await context.db.transaction(async (trx) => {
    const link = await takeLink(trx, { ...key, now: new Date(now) })
    if (link === undefined) return undefined
    const owned = {
      workspaceId: workspace.id,
      accountId: link.accountId,
      name: 'Owner',
      grant,
      expireDate: null,
    }
    const token = await insertNewToken(trx, owned, { signer, now })
    await recordAct(context, trx, {
      workspaceId: workspace.id,
      kind: 'link.used',
      subjectId: link.id,
      details: { tokenId: token.id },
    })
    return token
  })
  if (made === undefined) throw await explain(context, key, now)
  return { accessToken: made.accessToken, tokenId: made.id }
}

/** The owner of the default workspace, whose link the terminal shows, also operates the platform. */
async function ownerGrant(context: Context, workspaceId: string): Promise<Grant> {
  const first = await findDefaultWorkspace(context.db.sql)
  return { allowAllPermission: true, permissions: first?.id === workspaceId ? PLATFORM_PERMISSIONS : [] }
}

async function explain(
  context: Context,
  key: { workspaceId: string; tokenHash: Uint8Array },
  now: number,
): Promise<ApiError> {
  const link = await findLink(context.db.sql, key)
  if (link?.usedAt) return refusal('used already')
  if (link && link.expiresAt.getTime() <= now) return refusal('expired')
  return refusal('not valid')
}

const REFUSALS = {
  'not valid': 'This sign-in link is not valid: it was copied in part, or a newer link has taken its place.',
  'used already': 'This sign-in link was used already; it works once.',
  expired: 'This sign-in link has expired; it works for 24 hours.',
} as const

function refusal(reason: keyof typeof REFUSALS): ApiError {
  return new ApiError('UNAUTHENTICATED', `${REFUSALS[reason]} ${HOW_TO_GET_A_LINK}`)
}

function hash(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
