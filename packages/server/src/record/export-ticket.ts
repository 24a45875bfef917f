/**
 * Permission to read one export without a token, for browsers and spreadsheets: the request itself, sealed under the key of
 * the workspace. It lasts for minutes and is kept nowhere; who made it was allowed to read what it names, and losing that
 * permission meanwhile does not end it.
 */
import { workspaceUrl } from '../account/address.ts'
import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { VaultError } from '../secret/envelope.ts'
import type { ExportRequest } from './export.ts'

/** Milliseconds in which a download must begin. */
const LIFETIME_MS = 10 * 60_000
const PURPOSE = 'export'

export interface ExportLink {
  url: string
  expiresAt: Date
}

interface Sealed extends Omit<ExportRequest, 'filter' | 'workspaceId'> {
  filter: Record<string, string>
  expiresAt: number
}

export async function makeExportLink(
  context: Pick<Context, 'vault' | 'now' | 'config'>,
  { subdomain, ...request }: ExportRequest & { subdomain: string },
): Promise<ExportLink> {
  const { workspaceId, name, format, filter } = request
  const expiresAt = context.now() + LIFETIME_MS
  const sealed = await context.vault.seal(workspaceId, PURPOSE, { name, format, filter, expiresAt })
  const ticket = Buffer.from(sealed).toString('base64url')
  const base = workspaceUrl(context.config, subdomain)
  return { url: `${base}/export/${name}?ticket=${ticket}`, expiresAt: new Date(expiresAt) }
}

/** @throws ApiError UNAUTHENTICATED for a ticket of another workspace, one that was changed, or is over */
export async function readExportTicket(
  context: Pick<Context, 'vault' | 'now'>,
  { workspaceId, ticket }: { workspaceId: string; ticket: string },
): Promise<ExportRequest> {
  const sealed = await opened(context, { workspaceId, ticket })
  if (sealed === undefined || sealed.expiresAt < context.now()) {
    throw new ApiError(
      'UNAUTHENTICATED',
      'The link is not valid any more, or is not one of this workspace. Make a new one with exportLink.',
    )
  }
  const { name, format, filter } = sealed
  const { from, until, ...texts } = filter
  const times = { ...(from && { from: new Date(from) }), ...(until && { until: new Date(until) }) }
  return { workspaceId, name, format, filter: { ...texts, ...times } }
}

async function opened(
  { vault }: Pick<Context, 'vault'>,
  { workspaceId, ticket }: { workspaceId: string; ticket: string },
): Promise<Sealed | undefined> {
  try {
    return (await vault.open(workspaceId, PURPOSE, Buffer.from(ticket, 'base64url'))) as Sealed
  } catch (error) {
    if (error instanceof VaultError) return undefined
    throw error
  }
}
