import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { storable } from '../db/text.ts'
import { uuidv7 } from '../db/uuid.ts'
import type { ActKind } from './acts.ts'
import { authorOf } from './author.ts'
import { insertEntry } from './store.ts'

export interface Act {
  /** Whose log it goes to: the workspace that it concerns. */
  workspaceId: string
  kind: ActKind
  /** The app it is about. */
  ns?: string
  /** Id of the token, link or version that it is about. */
  subjectId?: string
  /** Names, ids and numbers; never a secret, nor a value that somebody entered as one. */
  details?: Record<string, unknown>
}

/** Writes the act down if and only if the transaction commits, with who acts and from where. */
export async function recordAct(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  act: Act,
): Promise<void> {
  const now = context.now()
  const author = authorOf(context)
  const { details, name } = storable({ details: act.details ?? {}, name: author?.name ?? null }).value
  await insertEntry(trx, {
    workspaceId: act.workspaceId,
    id: uuidv7(now),
    createdAt: new Date(now),
    kind: act.kind,
    ns: act.ns ?? null,
    subjectId: act.subjectId ?? null,
    accountId: author?.accountId ?? null,
    tokenId: author?.tokenId ?? null,
    actorName: name,
    requestId: author?.requestId ?? null,
    address: author?.address ?? null,
    details: JSON.stringify(details),
  })
}
