import type { Bags, CompiledDefinition } from 'miniapp'
import type { Context } from '../context.ts'
import { appConfigOf } from '../registry/app-config.ts'
import type { InstallKey, StoredInstall } from './store.ts'

type SealedBag = 'credentials' | 'metadata'

/** Binds a ciphertext to its workspace (by the vault), app and bag: copied elsewhere it does not decrypt. */
const purposeOf = (ns: string, bag: SealedBag) => `install:${ns}:${bag}`

export async function sealBag(
  context: Context,
  key: InstallKey,
  { bag, value }: { bag: SealedBag; value: Record<string, unknown> },
): Promise<Uint8Array> {
  return context.vault.seal(key.workspaceId, purposeOf(key.ns, bag), value)
}

async function openBag(
  context: Context,
  install: StoredInstall,
  bag: SealedBag,
): Promise<Record<string, unknown>> {
  const sealed = install[bag]
  if (!sealed) return {}
  return (await context.vault.open(install.workspaceId, purposeOf(install.ns, bag), sealed)) as Record<
    string,
    unknown
  >
}

/** The three bags of an install and the app's own config, as placeholders see them (specification 3.2, 2.1). */
export async function openBags(
  context: Context,
  { install, compiled }: { install: StoredInstall; compiled: CompiledDefinition },
): Promise<Bags> {
  const [credentials, metadata, config] = await Promise.all([
    openBag(context, install, 'credentials'),
    openBag(context, install, 'metadata'),
    configOf(context, compiled),
  ])
  return { credentials, metadata, userInput: install.userInput, config }
}

/**
 * App config: the operator's overrides over `auth.config` without its empty values, which say that the tenant provides
 * them (specification 3.1).
 */
export async function configOf(
  context: Context,
  compiled: CompiledDefinition,
): Promise<Record<string, unknown>> {
  const declared = Object.entries(compiled.definition.auth.config ?? {}).filter(([, value]) => value !== '')
  return { ...Object.fromEntries(declared), ...(await appConfigOf(context, compiled.ns)) }
}
