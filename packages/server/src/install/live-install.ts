import { type Bags, type CompiledDefinition, createRedactor, type Redactor } from 'miniapp'
import { BoundedCache, isFresh, Loading, perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { compiledVersion } from '../registry/compiled-version.ts'
import { APP_CONFIG_CHANNEL } from '../registry/store.ts'
import { openBags } from './bags.ts'
import { findInstall, INSTALL_CHANNEL, type InstallKey, type StoredInstall } from './store.ts'

/** An install as the interpreter needs it: everything decrypted, compiled and prepared once per change of the row. */
export interface LiveInstall {
  install: StoredInstall
  compiled: CompiledDefinition
  bags: Bags
  /** Hides every secret of this install (specification 3.2). */
  redact: Redactor
  /** Hosts that requests of this install may contact (specification 10.4). */
  allowedHosts: string[]
}

/** Longest time that a change made without a notice, or whose notice was lost, goes unseen. */
const LIVE_INSTALL_MAX_AGE_MS = 60_000
const LIVE_INSTALLS_KEPT = 5_000

interface Entry {
  live: Loading<LiveInstall | undefined>
  loadedAt: number
}

const cacheOf = perContext((_context: Context) => new BoundedCache<Entry>(LIVE_INSTALLS_KEPT))

/**
 * The install of an app in a workspace, from memory where it is younger than a minute and unchanged: then it is no promise.
 *
 * An entry leaves the cache the moment a change is announced, also while it is being read, so that what was read
 * before the change is never kept.
 */
export function findLiveInstall(
  context: Context,
  key: InstallKey,
): LiveInstall | undefined | Promise<LiveInstall | undefined> {
  const cache = cacheOf(context)
  const name = `${key.workspaceId}/${key.ns}`
  const found = cache.get(name)
  const now = context.now()
  if (found && isFresh(found.loadedAt, { now, maxAgeMs: LIVE_INSTALL_MAX_AGE_MS })) return found.live.get()
  const live = load(context, key)
  const entry: Entry = { live: new Loading(live), loadedAt: now }
  cache.set(name, entry)
  const forget = () => cache.delete(name, entry)
  live.then((found) => found ?? forget(), forget)
  return live
}

async function load(context: Context, key: InstallKey): Promise<LiveInstall | undefined> {
  const install = await findInstall(context.db.sql, key)
  return install && openInstall(context, install)
}

/** Decrypts and prepares a row that was just read. */
export async function openInstall(context: Context, install: StoredInstall): Promise<LiveInstall> {
  const compiled = await compiledVersion(context, install.versionId)
  const bags = await openBags(context, { install, compiled })
  return {
    install,
    compiled,
    bags,
    redact: createRedactor(compiled.secretsOf(bags)),
    allowedHosts: compiled.declaredHosts(bags),
  }
}

/** Forgets an install in this process; other processes are told by the notice in the change's transaction. */
export function forgetInstall(context: Context, key: InstallKey): void {
  cacheOf(context).delete(`${key.workspaceId}/${key.ns}`)
}

/** Forgets every install in this process: app config is part of what they were prepared from. */
export function forgetInstalls(context: Context): void {
  cacheOf(context).clear()
}

/**
 * Follows the changes that other processes make.
 * @returns a function that stops following
 */
export async function watchInstalls(context: Context): Promise<() => Promise<void>> {
  const cache = cacheOf(context)
  const lost = () => {
    cache.clear()
    context.log.warn('database.notified')
  }
  const { db } = context
  const stops = [await db.listen(INSTALL_CHANNEL, (payload) => void cache.delete(payload), lost)]
  stops.push(await db.listen(APP_CONFIG_CHANNEL, () => cache.clear(), lost))
  return async () => void (await Promise.all(stops.map((stop) => stop())))
}
