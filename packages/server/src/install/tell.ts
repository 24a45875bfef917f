/** Changes of connections, as the workspace's own server is told of them (specification 11). */
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { addOutboxEvents } from '../outbox/event.ts'
import type { InstallState } from './state.ts'
import type { InstallKey } from './store.ts'

/** What tells one state of a connection from another. */
export interface InstallLook extends InstallKey {
  id: string
  state: InstallState | 'uninstalled'
  errorCode: string | null
  accountName: string | null
  authenticatedAt: Date | null
}

/** The look of an install after its connection has ended. */
export function ended(install: InstallLook, state: 'installed' | 'suspended' | 'uninstalled'): InstallLook {
  return { ...install, state, errorCode: null, authenticatedAt: null }
}

/** Tells of a change in its transaction, where it is one that matters: connected, failed or ended. */
export async function tellOfInstall(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  { before, after }: { before: InstallLook; after: InstallLook },
): Promise<void> {
  const action = actionOf(before, after)
  if (action === undefined) return
  const { workspaceId, id, ns, state, errorCode } = after
  // Of a connection that has ended: whose it was.
  const { accountName } = action === 'disconnected' ? before : after
  const object = { _id: id, ns, state, errorCode, accountName }
  await addOutboxEvents(context, trx, [{ workspaceId, type: 'miniapps:install', action, object }])
}

function actionOf(
  before: InstallLook,
  after: InstallLook,
): 'connected' | 'disconnected' | 'error' | undefined {
  const isOther =
    before.state !== after.state ||
    before.errorCode !== after.errorCode ||
    before.authenticatedAt?.getTime() !== after.authenticatedAt?.getTime()
  if (after.state === 'connected' || after.state === 'error') {
    if (!isOther) return undefined
    return after.state === 'error' ? 'error' : 'connected'
  }
  return before.state === 'connected' || before.state === 'error' ? 'disconnected' : undefined
}
