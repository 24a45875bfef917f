import type { Transaction } from 'kysely'
import { findWorkspace } from '../account/store.ts'
import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { notInstalled } from './install-app.ts'
import { forgetInstall, type LiveInstall, openInstall } from './live-install.ts'
import {
  deleteInstall,
  disconnectInstall,
  findInstall,
  type InstallKey,
  lockInstall,
  releaseProviderAccounts,
  type StoredInstall,
} from './store.ts'
import { ended, tellOfInstall } from './tell.ts'
import { unregister } from './unregistration.ts'

/**
 * Forgets the connected account: every bag is deleted at once, the app stays installed; then what registration made at
 * the provider is undone, as far as that works. On an install that is not connected it changes nothing.
 * @throws ApiError NOT_FOUND where the app is not installed
 */
export async function disconnect(context: Context, key: InstallKey): Promise<void> {
  const old = await endConnection(context, key, {
    mayEnd: ({ state }) => state !== 'suspended',
    end: async (trx, install) => {
      if (isConnected(install)) await forgetAccount(context, trx, install)
    },
  })
  context.log.info('install.disconnected', { ...key })
  await undoRegistration(context, old)
}

const isConnected = ({ state, credentials }: StoredInstall) => state !== 'installed' || credentials !== null

async function forgetAccount(
  context: Context,
  trx: Transaction<Schema>,
  install: StoredInstall,
): Promise<void> {
  const { workspaceId, ns } = install
  await disconnectInstall(trx, { workspaceId, ns })
  await tellOfInstall(context, trx, { before: install, after: ended(install, 'installed') })
  await recordAct(context, trx, { workspaceId, ns, kind: 'app.disconnected' })
}

/**
 * The same where the provider said that the app was removed there, in the transaction that settles the delivery. What
 * registration made is to be undone after it, as far as that works: often the grant has ended with the app.
 * @param said.at when the provider said so: an account that was connected since stays
 * @returns the install as it was before, where there was such a connection
 */
export async function disconnectByProvider(
  context: Context,
  trx: Transaction<Schema>,
  { at, ...key }: InstallKey & { at: Date },
): Promise<StoredInstall | undefined> {
  const install = await lockInstall(trx, key)
  if (!install || install.state === 'suspended' || !isConnected(install)) return undefined
  if (install.authenticatedAt !== null && install.authenticatedAt > at) return undefined
  await releaseProviderAccounts(trx, key)
  await forgetAccount(context, trx, install)
  return install
}

/**
 * Takes the app out of the workspace and deletes its credentials at once; then what registration made at the provider
 * is undone, as far as that works. Run records stay until their retention ends.
 * @throws ApiError NOT_FOUND where the app is not installed
 */
export async function uninstall(context: Context, key: InstallKey): Promise<void> {
  const old = await endConnection(context, key, {
    mayEnd: () => true,
    end: async (trx, install) => {
      await deleteInstall(trx, key)
      await tellOfInstall(context, trx, { before: install, after: ended(install, 'uninstalled') })
      await recordAct(context, trx, { ...key, kind: 'app.uninstalled' })
    },
  })
  context.log.info('install.removed', { ...key })
  await undoRegistration(context, old)
}

/** The bags are opened before they are deleted: undoing a registration needs them. */
export async function endConnection(
  context: Context,
  key: InstallKey,
  {
    mayEnd,
    end,
  }: {
    mayEnd: (install: StoredInstall) => boolean
    end: (trx: Transaction<Schema>, install: StoredInstall) => Promise<void>
  },
): Promise<LiveInstall | undefined> {
  for (;;) {
    const read = await findInstall(context.db.sql, key)
    if (!read || !mayEnd(read)) throw notInstalled(key.ns)
    const old = await openIfPossible(context, read)
    const isEnded = await context.db.transaction(async (trx) => {
      const install = await lockInstall(trx, key)
      if (install?.revision !== read.revision) return false
      await releaseProviderAccounts(trx, key)
      await end(trx, install)
      return true
    })
    forgetInstall(context, key)
    if (isEnded) return old
  }
}

/** What cannot be opened any more must not stand in the way of deleting it. */
export async function openIfPossible(
  context: Context,
  install: StoredInstall,
): Promise<LiveInstall | undefined> {
  if (!install.credentials) return undefined
  try {
    return await openInstall(context, install)
  } catch (error) {
    context.log.warn('install.unregistered', {
      workspaceId: install.workspaceId,
      ns: install.ns,
      status: 'INTERNAL_ERROR',
      error,
    })
    return undefined
  }
}

export async function undoRegistration(context: Context, live: LiveInstall | undefined): Promise<void> {
  if (!live || live.compiled.auth.unregistrationRequests.length === 0) return
  const workspace = await findWorkspace(context.db.sql, { id: live.install.workspaceId })
  if (workspace) await unregister(context, { live, subdomain: workspace.subdomain })
}
