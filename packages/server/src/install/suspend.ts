import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { notInstalled } from './install-app.ts'
import { forgetInstall } from './live-install.ts'
import { endConnection, undoRegistration } from './remove.ts'
import { mayBecome } from './state.ts'
import { disconnectInstall, type InstallKey, lockInstall } from './store.ts'
import { ended, tellOfInstall } from './tell.ts'

/**
 * Suspends an app in one workspace, as the operator does (specification 3.2): the connection is ended, the provider
 * account is free for others, and the app answers as if it were not installed until the suspension is lifted.
 * Suspending twice changes nothing.
 * @throws ApiError NOT_FOUND where the app is not installed in that workspace
 */
export async function suspend(context: Context, key: InstallKey): Promise<void> {
  const old = await endConnection(context, key, {
    mayEnd: () => true,
    end: async (trx, install) => {
      if (install.state === 'suspended') return
      await disconnectInstall(trx, key, 'suspended')
      await tellOfInstall(context, trx, { before: install, after: ended(install, 'suspended') })
      await recordAct(context, trx, { ...key, kind: 'app.suspended' })
    },
  })
  context.log.info('install.suspended', { ...key })
  await undoRegistration(context, old)
}

/**
 * Lifts a suspension: the app is installed and not connected.
 * @throws ApiError NOT_FOUND where the app is not installed in that workspace, BAD_USER_INPUT where it is not suspended
 */
export async function liftSuspension(context: Context, key: InstallKey): Promise<void> {
  await context.db.transaction(async (trx) => {
    const install = await lockInstall(trx, key)
    if (!install) throw notInstalled(key.ns)
    if (install.state !== 'suspended' || !mayBecome(install.state, 'installed')) {
      throw new ApiError('BAD_USER_INPUT', `"${key.ns}" is not suspended in that workspace.`)
    }
    await disconnectInstall(trx, key)
    await recordAct(context, trx, { ...key, kind: 'app.resumed' })
  })
  forgetInstall(context, key)
  context.log.info('install.suspended', { ...key, status: 'lifted' })
}
