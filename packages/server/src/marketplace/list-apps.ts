import type { CompiledDefinition } from 'miniapp'
import type { Context } from '../context.ts'
import { countInstalls, listInstalls, type StoredInstall } from '../install/store.ts'
import { compiledVersions } from '../registry/compiled-version.ts'
import { listApps, type RegisteredApp } from '../registry/store.ts'

/** An app as a workspace sees it: the published version, and its own install where there is one. */
export interface MarketplaceApp {
  app: RegisteredApp & { versionCount: number }
  compiled: CompiledDefinition
  install: StoredInstall | undefined
  installationCount: number
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
  const [apps, installs, counts] = await Promise.all([
    listApps(context.db.sql, filter.ns),
    listInstalls(context.db.sql, filter.workspaceId),
    countInstalls(context.db.sql, filter.ns),
  ])
  const installOf = new Map(installs.map((install) => [install.ns, install]))
  const visible = apps.filter(
    (app) => app.status === 'public' || installOf.has(app.ns) || filter.includePrivate,
  )
  const versionOf = (app: RegisteredApp) => installOf.get(app.ns)?.versionId ?? String(app.publishedVersionId)
  const compiled = await compiledVersions(context, visible.map(versionOf))
  const listed = visible.flatMap((app) => {
    const definition = compiled.get(versionOf(app))
    if (!definition) return []
    const installationCount = counts.get(app.ns) ?? 0
    return [{ app, compiled: definition, install: installOf.get(app.ns), installationCount }]
  })
  return listed.filter((entry) => matches(entry, filter))
}

export function installStatusOf(install: StoredInstall | undefined): InstallStatus {
  return install && install.state !== 'suspended' ? 'installed' : 'not_installed'
}

function matches(
  { compiled, install }: MarketplaceApp,
  { installStatus, search }: MarketplaceFilter,
): boolean {
  if (installStatus !== undefined && installStatusOf(install) !== installStatus) return false
  const words = foldText(search ?? '')
    .split(/\s+/)
    .filter(Boolean)
  if (words.length === 0) return true
  const { title, label, name, description, shortDescription } = compiled.definition
  const text = foldText([title, label, name, shortDescription, description].join(' '))
  return words.every((word) => text.includes(word))
}

/** Arabic letter forms that searchers do not tell apart. */
const ARABIC_FORMS: Record<string, string> = { أ: 'ا', إ: 'ا', آ: 'ا', ى: 'ي', ة: 'ه', ؤ: 'و', ئ: 'ي' }

/** Case, accents, Arabic vowel signs and letter forms folded, for searching (specification 8.4). */
export function foldText(text: string): string {
  return text
    .replace(/[أإآىةؤئ]/g, (letter) => ARABIC_FORMS[letter] ?? letter)
    .normalize('NFKD')
    .replace(/[\p{M}\u0640]/gu, '')
    .toLowerCase()
}
