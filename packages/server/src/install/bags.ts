import type { Bags, CompiledDefinition } from 'miniapp'
import type { Context } from '../context.ts'
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
  const [credentials, metadata] = await Promise.all([
    openBag(context, install, 'credentials'),
    openBag(context, install, 'metadata'),
  ])
  return { credentials, metadata, userInput: install.userInput, config: configOf(compiled) }
}

/** `auth.config` without its empty values: an empty string says that the tenant provides it. */
export function configOf(compiled: CompiledDefinition): Record<string, unknown> {
  const config = compiled.definition.auth.config ?? {}
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== ''))
}
