import { type Definition, diffDefinitions } from 'miniapp'
import type { Context } from '../context.ts'
import { findApp, findVersionById, findVersionsById } from '../registry/store.ts'
import { forgetInstall } from './live-install.ts'
import { listInstallsBehind, moveInstall } from './store.ts'

/**
 * Moves the installs of an app to its published version where that breaks nothing of the version that they run on
 * (specification 8.3): by comparing the two documents, not their numbers. Others stay where they are. Each install moves
 * in a transaction of its own, so that a run that was cut short is finished by the next.
 * @returns how many moved
 */
export async function followPublishedVersion(context: Context, ns: string): Promise<number> {
  const app = await findApp(context.db.sql, ns)
  const published = app?.publishedVersionId
    ? await findVersionById(context.db.sql, app.publishedVersionId)
    : undefined
  if (!published) return 0
  const behind = await listInstallsBehind(context.db.sql, { ns, versionId: published.id })
  const harmless = await versionsThatItDoesNotBreak(context, published.definition, behind)
  const following = behind.filter(({ versionId }) => harmless.has(versionId))
  for (const key of following) {
    await context.db.transaction((trx) => moveInstall(trx, key, published.id))
    forgetInstall(context, key)
  }
  return following.length
}

/** A few versions are compared, however many installs there are. */
async function versionsThatItDoesNotBreak(
  context: Context,
  published: string,
  behind: readonly { versionId: string }[],
): Promise<Set<string>> {
  const ids = [...new Set(behind.map(({ versionId }) => versionId))]
  if (ids.length === 0) return new Set()
  const after = JSON.parse(published) as Definition
  const versions = await findVersionsById(context.db.sql, ids)
  const harmless = versions.filter(
    ({ definition }) => diffDefinitions(JSON.parse(definition) as Definition, after).bump !== 'major',
  )
  return new Set(harmless.map(({ id }) => id))
}
