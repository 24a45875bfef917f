import type { Context } from '../context.ts'
import { notInstalled } from './install-app.ts'
import { forgetInstall } from './live-install.ts'
import {
  deleteInstall,
  disconnectInstall,
  type InstallKey,
  lockInstall,
  releaseProviderAccounts,
} from './store.ts'

/**
 * Forgets the connected account: every bag is deleted at once, the app stays installed. On an install that is not
 * connected it changes nothing.
 * @throws ApiError NOT_FOUND where the app is not installed
 */
export async function disconnect(context: Context, key: InstallKey): Promise<void> {
  await context.db.transaction(async (trx) => {
    const install = await lockInstall(trx, key)
    if (!install || install.state === 'suspended') throw notInstalled(key.ns)
    if (install.state === 'installed' && !install.credentials) return
    await releaseProviderAccounts(trx, key)
    await disconnectInstall(trx, key)
  })
  forgetInstall(context, key)
  context.log.info('install.disconnected', { ...key })
}

/**
 * Takes the app out of the workspace and deletes its credentials at once; run records stay until their retention ends.
 * @throws ApiError NOT_FOUND where the app is not installed
 */
export async function uninstall(context: Context, key: InstallKey): Promise<void> {
  await context.db.transaction(async (trx) => {
    if (!(await lockInstall(trx, key))) throw notInstalled(key.ns)
    await releaseProviderAccounts(trx, key)
    await deleteInstall(trx, key)
  })
  forgetInstall(context, key)
  context.log.info('install.removed', { ...key })
}
