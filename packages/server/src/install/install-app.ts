import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import { uuidv7 } from '../db/uuid.ts'
import { ApiError } from '../errors.ts'
import { findApp } from '../registry/store.ts'
import { forgetInstall } from './live-install.ts'
import { findInstall, type InstallKey, insertInstall, type StoredInstall } from './store.ts'

/**
 * Adds an app to a workspace: installed, not connected. Installing twice is no error and changes nothing.
 * @throws ApiError NOT_FOUND where no published app has this ns
 */
export async function installApp(context: Context, key: InstallKey): Promise<StoredInstall> {
  const app = await findApp(context.db.sql, key.ns)
  if (!app?.publishedVersionId) throw noSuchApp(key.ns)
  const versionId = app.publishedVersionId
  await context.db.transaction(async (trx) => {
    const isNew = await insertInstall(trx, { ...key, id: uuidv7(context.now()), versionId })
    if (isNew) await recordAct(context, trx, { ...key, kind: 'app.installed', subjectId: versionId })
  })
  forgetInstall(context, key)
  const install = await findInstall(context.db.sql, key)
  if (!install) throw new ApiError('NOT_FOUND', `"${key.ns}" was uninstalled while it was being installed.`)
  return install
}

export function noSuchApp(ns: string): ApiError {
  return new ApiError(
    'NOT_FOUND',
    `There is no app "${ns}". listMiniAppsGeneralInfo lists the apps that there are.`,
  )
}

export function notInstalled(ns: string): ApiError {
  return new ApiError(
    'NOT_FOUND',
    `"${ns}" is not installed in this workspace. Install it with installMiniApp.`,
  )
}
