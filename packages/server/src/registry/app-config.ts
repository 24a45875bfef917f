/**
 * The operator's app config overrides (specification 3.1): they win over `auth.config`, so that OAuth clients and
 * webhook secrets of the whole platform need not stand in documents. Sealed under the platform's key; the API answers
 * names only.
 */
import { recordPlatformAct } from '../account/record-platform-act.ts'
import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { findApp, findAppConfig, replaceAppConfig } from './store.ts'

/** Bytes of all overrides of one app as JSON: a private key or two fit. */
const MAX_APP_CONFIG_BYTES = 64 * 1024
/** Two operators who change one app at the same moment. */
const CHANGE_ATTEMPTS = 5

type Config = Record<string, unknown>

const purposeOf = (ns: string) => `app-config:${ns}`

/** The overrides of an app; empty where there are none. */
export async function appConfigOf(context: Context, ns: string): Promise<Config> {
  return open(context, ns, await findAppConfig(context.db.sql, ns))
}

async function open(context: Context, ns: string, sealed: Uint8Array | undefined): Promise<Config> {
  return sealed ? ((await context.vault.openPlatform(purposeOf(ns), sealed)) as Config) : {}
}

/** Names of an app's overrides, in order. @throws ApiError NOT_FOUND where there is no such app */
export async function appConfigKeys(context: Context, ns: string): Promise<string[]> {
  await requireApp(context, ns)
  return Object.keys(await appConfigOf(context, ns)).sort()
}

/**
 * Sets the given keys of an app's overrides and leaves the others; `null` and `""` take a key away, so that the value of
 * the definition holds again.
 * @returns the names of all overrides after it
 * @throws ApiError NOT_FOUND where there is no such app, BAD_USER_INPUT where `changes` is no object or too large
 */
export async function setAppConfig(context: Context, ns: string, changes: unknown): Promise<string[]> {
  if (typeof changes !== 'object' || changes === null || Array.isArray(changes)) {
    throw new ApiError('BAD_USER_INPUT', 'config must be an object of values by name.')
  }
  await requireApp(context, ns)
  for (let attempt = 1; attempt <= CHANGE_ATTEMPTS; attempt++) {
    const before = await findAppConfig(context.db.sql, ns)
    const next = withChanges(await open(context, ns, before), changes as Config)
    const config = await context.vault.sealPlatform(purposeOf(ns), next)
    const isReplaced = await context.db.transaction(async (trx) => {
      if (!(await replaceAppConfig(trx, { ns, before, config }))) return false
      const details = { keys: Object.keys(changes).sort() }
      await recordPlatformAct(context, trx, { kind: 'app.configured', ns, details })
      return true
    })
    if (isReplaced) {
      context.log.info('app.configured', { ns })
      return Object.keys(next).sort()
    }
  }
  throw new ApiError('SERVICE_UNAVAILABLE', `The config of "${ns}" kept changing. Try again.`)
}

function withChanges(before: Config, changes: Config): Config {
  const entries = Object.entries({ ...before, ...changes })
  const next = Object.fromEntries(entries.filter(([, value]) => value !== null && value !== ''))
  if (Buffer.byteLength(JSON.stringify(next)) > MAX_APP_CONFIG_BYTES) {
    throw new ApiError(
      'BAD_USER_INPUT',
      `The config overrides of one app must not be larger than ${MAX_APP_CONFIG_BYTES / 1024} KiB.`,
    )
  }
  return next
}

async function requireApp(context: Context, ns: string): Promise<void> {
  if (await findApp(context.db.sql, ns)) return
  throw new ApiError('NOT_FOUND', `There is no app "${ns}".`)
}
