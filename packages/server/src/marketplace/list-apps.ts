import type { CompiledDefinition } from 'miniapp'
import { perContext } from '../cache.ts'
import type { Context } from '../context.ts'
import { foldText } from '../db/fold-text.ts'
import { countInstalls, findInstall, type ListedInstall, listInstalls } from '../install/store.ts'
import { compiledVersions } from '../registry/compiled-version.ts'
import { listApps, type RegisteredApp } from '../registry/store.ts'

/** An app as a workspace sees it: the published version, and its own install where there is one. */
export interface MarketplaceApp {
  app: RegisteredApp & { versionCount: number }
  compiled: CompiledDefinition
  install: ListedInstall | undefined
  /** Reads the counts of the whole listing at the first call; asked only where the query selects it. */
  installationCount: () => Promise<number>
}

export type InstallStatus = 'installed' | 'not_installed'

export interface MarketplaceFilter {
  workspaceId: string
  /** Operators also see apps that are not public yet. */
  includePrivate: boolean
  ns?: string
  installStatus?: InstallStatus
  /** Words in title, label, name or description; case and accents do not count. */
  search?: string
}

/**
 * The apps that a workspace can see, by ns: public ones, those that it has installed and, for operators, all. An
 * installed app shows the version that the install runs.
 */
export async function listMarketplace(
  context: Context,
  filter: MarketplaceFilter,
): Promise<MarketplaceApp[]> {
  const [apps, installs] = await Promise.all([
    listApps(context.db.sql, filter.ns),
    ownInstalls(context, filter),
  ])
  let counted: Promise<Map<string, number>> | undefined
  const countOf = async (ns: string) => {
    counted ??= countInstalls(context.db.sql, filter.ns)
    return (await counted).get(ns) ?? 0
  }
  const installOf = new Map(installs.map((install) => [install.ns, install]))
  const visible = apps.filter(
    (app) => app.status === 'public' || installOf.has(app.ns) || filter.includePrivate,
  )
  const versionOf = (app: RegisteredApp) => installOf.get(app.ns)?.versionId ?? String(app.publishedVersionId)
  const compiled = await compiledVersions(context, visible.map(versionOf))
  const listed = visible.flatMap((app) => {
    const definition = compiled.get(versionOf(app))
    if (!definition) return []
    const installationCount = () => countOf(app.ns)
    return [{ app, compiled: definition, install: installOf.get(app.ns), installationCount }]
  })
  return listed.filter((entry) => matches(context, entry, filter))
}

async function ownInstalls(
  { db }: Context,
  { workspaceId, ns }: MarketplaceFilter,
): Promise<ListedInstall[]> {
  if (ns === undefined) return listInstalls(db.sql, workspaceId)
  const install = await findInstall(db.sql, { workspaceId, ns })
  return install ? [install] : []
}

export function installStatusOf(install: ListedInstall | undefined): InstallStatus {
  return install && install.state !== 'suspended' ? 'installed' : 'not_installed'
}

function matches(
  context: Context,
  { compiled, install }: MarketplaceApp,
  { installStatus, search }: MarketplaceFilter,
): boolean {
  if (installStatus !== undefined && installStatusOf(install) !== installStatus) return false
  const words = foldText(search ?? '')
    .split(/\s+/)
    .filter(Boolean)
  if (words.length === 0) return true
  const text = searchTextOf(context, compiled)
  return words.every((word) => text.includes(word))
}

/** Folding a text takes longer than searching it, and a compiled version never changes. */
const searchTextsOf = perContext((_context: Context) => new WeakMap<CompiledDefinition, string>())

function searchTextOf(context: Context, compiled: CompiledDefinition): string {
  const searchTexts = searchTextsOf(context)
  const known = searchTexts.get(compiled)
  if (known !== undefined) return known
  const { title, label, name, description, shortDescription } = compiled.definition
  const text = foldText([title, label, name, shortDescription, description].join(' '))
  searchTexts.set(compiled, text)
  return text
}
