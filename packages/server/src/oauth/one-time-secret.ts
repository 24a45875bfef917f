/** What a ticket and a state carry under the workspace's key (specification 3.2), each bound to its app and row. */
import type { Context } from '../context.ts'

export interface RowKey {
  workspaceId: string
  ns: string
  id: string
}

/** The form that was filled in before the popup, as it was submitted. */
export interface TicketSecret {
  form: unknown
}

export interface StateSecret extends TicketSecret {
  codeVerifier: string
}

interface Secrets {
  ticket: TicketSecret
  state: StateSecret
}

const purposeOf = (kind: keyof Secrets, { ns, id }: RowKey) => `oauth_${kind}:${ns}:${id}`

export function sealSecret<Kind extends keyof Secrets>(
  context: Context,
  kind: Kind,
  { row, secret }: { row: RowKey; secret: Secrets[Kind] },
): Promise<Uint8Array> {
  return context.vault.seal(row.workspaceId, purposeOf(kind, row), secret)
}

export async function openSecret<Kind extends keyof Secrets>(
  context: Context,
  kind: Kind,
  row: RowKey & { secret: Uint8Array },
): Promise<Secrets[Kind]> {
  return (await context.vault.open(row.workspaceId, purposeOf(kind, row), row.secret)) as Secrets[Kind]
}
