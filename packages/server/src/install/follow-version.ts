import type { Context } from '../context.ts'
import { findApp, findVersionById } from '../registry/store.ts'
import { breakingPart, compareVersions } from '../registry/version-order.ts'
import { forgetInstall } from './live-install.ts'
import { listInstallsBehind, moveInstall } from './store.ts'

/**
 * Moves the installs of an app to its published version where that does not break them by its number: same major
 * version, before 1.0.0 same minor version (specification 8.3). Others stay where they are. Each install moves in a
 * transaction of its own, so that a run that was cut short is finished by the next.
 * @returns how many moved
 */
export async function followPublishedVersion(context: Context, ns: string): Promise<number> {
  const app = await findApp(context.db.sql, ns)
  const published = app?.publishedVersionId
    ? await findVersionById(context.db.sql, app.publishedVersionId)
    : undefined
  if (!published) return 0
  const behind = await listInstallsBehind(context.db.sql, { ns, versionId: published.id })
  const following = behind.filter(
    ({ version }) =>
      breakingPart(version) === breakingPart(published.version) &&
      compareVersions(version, published.version) < 0,
  )
  for (const key of following) {
    await context.db.transaction((trx) => moveInstall(trx, key, published.id))
    forgetInstall(context, key)
  }
  return following.length
}
