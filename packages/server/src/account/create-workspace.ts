import type { Transaction } from 'kysely'
import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { storableText } from '../db/text.ts'
import { uuidv7 } from '../db/uuid.ts'
import { ApiError } from '../errors.ts'
import { DNS_LABEL } from './address.ts'
import { insertAccount, insertMember, insertWorkspace, type Workspace } from './store.ts'

/** Characters; longer ones do not fit a list. */
export const MAX_NAME_LENGTH = 255

export interface NewWorkspace {
  subdomain: string
  name: string
}

/**
 * Makes a workspace with its owner, who gets in by `makeOwnerLink`.
 *
 * @throws ApiError `BAD_USER_INPUT` where the subdomain is no DNS label or is taken, or the name is empty or too long
 */
export async function createWorkspace(context: Context, wanted: NewWorkspace): Promise<Workspace> {
  const { subdomain } = wanted
  if (!DNS_LABEL.test(subdomain)) {
    throw new ApiError(
      'BAD_USER_INPUT',
      'subdomain must be 1 to 63 lower-case letters, digits and hyphens, and neither begin nor end with a hyphen.',
    )
  }
  const name = checkedName(wanted.name, 'name')
  const workspace = await context.db.transaction((trx) => insert(context, trx, { subdomain, name }))
  if (workspace === undefined) {
    throw new ApiError('BAD_USER_INPUT', `The subdomain "${subdomain}" is taken. Choose another one.`)
  }
  return workspace
}

/** @returns undefined where the subdomain is taken */
async function insert(
  context: Context,
  trx: Transaction<Schema>,
  wanted: NewWorkspace,
): Promise<Workspace | undefined> {
  const now = context.now()
  const createdAt = new Date(now)
  const workspace = { id: uuidv7(now), ...wanted, createdAt }
  if (!(await insertWorkspace(trx, workspace))) return undefined
  const accountId = uuidv7(now)
  await insertAccount(trx, { id: accountId, kind: 'person', name: 'Owner', createdAt })
  await insertMember(trx, { workspaceId: workspace.id, accountId, role: 'owner', createdAt })
  const details = { subdomain: wanted.subdomain, name: wanted.name }
  await recordAct(context, trx, { workspaceId: workspace.id, kind: 'workspace.made', details })
  return workspace
}

/**
 * @param argument its name, for the message
 * @throws ApiError `BAD_USER_INPUT` where nothing is left of the name, or too much
 */
export function checkedName(name: string | null | undefined, argument: string): string {
  const text = storableText((name ?? '').trim())
  if (text === '') throw new ApiError('BAD_USER_INPUT', `${argument} is required and must not be empty.`)
  if (text.length > MAX_NAME_LENGTH) {
    throw new ApiError('BAD_USER_INPUT', `${argument} may have at most ${MAX_NAME_LENGTH} characters.`)
  }
  return text
}
