/** Whom a delivery is for: what of workspace, app and install is asked for every delivery, from memory. */
import { type CompiledDefinition, withoutFormerSecret } from 'miniapp'
import { type CompiledWebhook, compileWebhook, type SecretBags } from 'miniapp/webhook'
import { type AddressedRequest, findAddressedWorkspace, subdomainOf } from '../account/address.ts'
import type { Workspace } from '../account/store.ts'
import { BoundedCache, Loading, perContext, whenLoaded } from '../cache.ts'
import type { Context } from '../context.ts'
import { findLiveInstall, type LiveInstall } from '../install/live-install.ts'
import { refusalOf } from '../install/state.ts'
import type { InstallKey } from '../install/store.ts'
import { appConfigOf } from '../registry/app-config.ts'

/** An app of a workspace that takes deliveries. */
export interface Receiver {
  workspaceId: string
  live: LiveInstall
  webhook: CompiledWebhook
}

/** A workspace never changes its subdomain; one that is removed answers so much longer. */
const WORKSPACE_MAX_AGE_MS = 60_000
const WORKSPACES_KEPT = 5_000

const workspacesOf = perContext(
  (_context: Context) => new BoundedCache<{ workspace: Workspace; loadedAt: number }>(WORKSPACES_KEPT),
)

type MaybeReceiver = Receiver | undefined | Promise<Receiver | undefined>

/**
 * `undefined` where nobody takes it: no such workspace, no such app in it, not connected, suspended, or no webhooks. A promise
 * only where memory does not know.
 */
export function findReceiver(context: Context, request: AddressedRequest, ns: string): MaybeReceiver {
  return whenLoaded<Workspace | undefined, Receiver | undefined>(
    workspaceOf(context, request),
    (workspace) => workspace && findReceiverOf(context, { workspaceId: workspace.id, ns }),
  )
}

/** The same of a workspace that is known. */
export function findReceiverOf(context: Context, key: InstallKey): MaybeReceiver {
  return whenLoaded(findLiveInstall(context, key), (live) => receiverOf(key.workspaceId, live))
}

function receiverOf(workspaceId: string, live: LiveInstall | undefined): Receiver | undefined {
  if (live === undefined || !takesDeliveries(live)) return undefined
  const webhook = webhookOf(live.compiled)
  return webhook && { workspaceId, live, webhook }
}

function workspaceOf(
  context: Context,
  request: AddressedRequest,
): Workspace | Promise<Workspace | undefined> {
  const name = subdomainOf(context.config, request) ?? ''
  const found = workspacesOf(context).get(name)
  if (found && context.now() - found.loadedAt < WORKSPACE_MAX_AGE_MS) return found.workspace
  return loadWorkspace(context, request, name)
}

async function loadWorkspace(context: Context, request: AddressedRequest, name: string) {
  const workspace = await findAddressedWorkspace(context, request)
  if (workspace) workspacesOf(context).set(name, { workspace, loadedAt: context.now() })
  return workspace
}

/** Specification 3.2: an account that is to be connected again goes on receiving. */
function takesDeliveries({ install, compiled }: LiveInstall): boolean {
  const refusal = refusalOf(install, compiled.definition.auth.type !== 'none')
  return refusal === undefined || refusal === 'AUTH_EXPIRED'
}

const compiledWebhooks = new WeakMap<CompiledDefinition, { webhook: CompiledWebhook | undefined }>()

/** Compiled once for each version. */
export function webhookOf(compiled: CompiledDefinition): CompiledWebhook | undefined {
  let known = compiledWebhooks.get(compiled)
  if (known === undefined) {
    known = { webhook: compileWebhook(compiled.definition) }
    compiledWebhooks.set(compiled, known)
  }
  return known.webhook
}

/** How long a secret counts that we replaced (specification 5.2). */
export const FORMER_SECRET_MS = 24 * 3_600_000

interface Secrets {
  bags: Loading<SecretBags>
  /** When they are to be put together again, in milliseconds since the epoch. */
  until: number
}

const secretsByInstall = new WeakMap<LiveInstall, Secrets>()

/** Where secrets are looked for; a promise only the first time. A live install is made anew when any of it changes. */
export function secretsOf(context: Context, live: LiveInstall): SecretBags | Promise<SecretBags> {
  const known = secretsByInstall.get(live)
  if (known !== undefined && context.now() < known.until) return known.bags.get()
  const { credentials, until } = credentialsOf(live, context.now())
  const bags = appConfigOf(context, live.compiled.ns).then((override) => ({
    credentials,
    override,
    config: live.compiled.definition.auth.config ?? {},
  }))
  secretsByInstall.set(live, { bags: new Loading(bags), until })
  bags.catch(() => secretsByInstall.delete(live))
  return bags
}

/** Without a secret that we replaced a day ago. */
function credentialsOf({ install, compiled, bags: { credentials } }: LiveInstall, now: number) {
  if (install.webhookSecretRotatedAt === null) return { credentials, until: Number.POSITIVE_INFINITY }
  const until = install.webhookSecretRotatedAt.getTime() + FORMER_SECRET_MS
  if (now < until) return { credentials, until }
  return { credentials: withoutFormerSecret(compiled.auth, credentials), until: Number.POSITIVE_INFINITY }
}
