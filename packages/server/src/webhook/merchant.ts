/**
 * Apps that a provider calls at one address for all workspaces (`merchantExtraction`, specification 5.5). What verifies a
 * delivery belongs to the app; whose it is stands in the delivery, which the provider alone can have signed.
 */
import type { CompiledWebhook, SecretBags } from 'miniapp/webhook'
import { BoundedCache, isFresh, Loading, perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { storableText } from '../db/text.ts'
import { findAccountHolder } from '../install/store.ts'
import { appConfigOf } from '../registry/app-config.ts'
import { compiledVersion } from '../registry/compiled-version.ts'
import { findApp } from '../registry/store.ts'
import { findReceiverOf, type Receiver, webhookOf } from './receiver.ts'

/** The published version of an app, as it is called at the address of the platform. */
export interface MerchantApp {
  ns: string
  webhook: CompiledWebhook
  merchantOf: NonNullable<CompiledWebhook['merchantOf']>
  /** Of the app alone: nothing that a workspace has filled in decides about the deliveries of all of them. */
  secrets: SecretBags
}

/** A new version, and another secret in the app config, count after so long at the latest. */
const APP_MAX_AGE_MS = 10_000
const APPS_KEPT = 1_000
const MERCHANTS_KEPT = 20_000

interface Entry {
  app: Loading<MerchantApp | undefined>
  loadedAt: number
}

const appsOf = perContext((_context: Context) => new BoundedCache<Entry>(APPS_KEPT))
/** Workspaces by account. An entry is only where to look: the install there says whose the account is. */
const holdersOf = perContext((_context: Context) => new BoundedCache<string>(MERCHANTS_KEPT))

/** `undefined` where the app is not called that way. A promise only where memory does not know. */
export function findMerchantApp(
  context: Context,
  ns: string,
): MerchantApp | undefined | Promise<MerchantApp | undefined> {
  const apps = appsOf(context)
  const found = apps.get(ns)
  const now = context.now()
  if (found && isFresh(found.loadedAt, { now, maxAgeMs: APP_MAX_AGE_MS })) return found.app.get()
  const app = load(context, ns)
  const entry: Entry = { app: new Loading(app), loadedAt: now }
  apps.set(ns, entry)
  app.catch(() => apps.delete(ns, entry))
  return app
}

/** Without the duplicate check two workspaces could have connected one account. */
async function load(context: Context, ns: string): Promise<MerchantApp | undefined> {
  const app = await findApp(context.db.sql, ns)
  if (!app?.publishedVersionId || !app.duplicateCheck) return undefined
  const compiled = await compiledVersion(context, app.publishedVersionId)
  const webhook = webhookOf(compiled)
  if (webhook?.merchantOf === undefined) return undefined
  const secrets = { override: await appConfigOf(context, ns), config: compiled.definition.auth.config ?? {} }
  return { ns, webhook, merchantOf: webhook.merchantOf, secrets }
}

/** The workspace that has connected the account that a delivery names; `undefined` where none has, which is counted. */
export async function findMerchant(
  context: Context,
  { ns, merchantOf }: MerchantApp,
  body: unknown,
): Promise<Receiver | undefined> {
  const uid = storableText(merchantOf(body))
  const receiver = uid === '' ? undefined : await receiverOf(context, { ns, uid })
  if (receiver === undefined) {
    context.log.info('webhook.unclaimed', { ns, status: uid === '' ? 'no-merchant' : 'unknown-merchant' })
  }
  return receiver
}

async function receiverOf(
  context: Context,
  account: { ns: string; uid: string },
): Promise<Receiver | undefined> {
  const { ns, uid } = account
  const holders = holdersOf(context)
  const name = `${ns} ${uid}`
  const receiverAt = async (workspaceId: string | undefined) => {
    const receiver = workspaceId && (await findReceiverOf(context, { workspaceId, ns }))
    return receiver && receiver.live.install.uid === uid ? receiver : undefined
  }
  const known = await receiverAt(holders.get(name))
  if (known) return known
  const holder = await findAccountHolder(context.db.sql, account)
  const receiver = await receiverAt(holder)
  if (receiver) holders.set(name, receiver.workspaceId)
  return receiver
}
