import type { SyncDefinition } from '../document.ts'
import { under } from '../schema/pointer.ts'
import type { Comparison, DiffContext } from './comparison.ts'
import { byName, compareMembers } from './members.ts'
import { lowerNames, plainPath, plainRequest, plainRules, RECORD, withoutDefaults } from './plain-rule.ts'
import { differing, same } from './same.ts'
import { compareHandlers } from './sync-handlers.ts'
import { joined, quoted } from './words.ts'

type Resource = NonNullable<SyncDefinition['resources']>[string]

/** What a configuration is without saying it (6.1). */
const CONFIGURATION_DEFAULTS = {
  enabled: true,
  batchSize: 200,
  rateLimitPerSecond: 10,
  timeout: 30_000,
} as const

/** What is imported, and how events keep it up to date (06). */
export const compareSync: Comparison = (context) => {
  const { before, after, report } = context
  const { kept, removed, added } = compareMembers(importsOf(before.sync), importsOf(after.sync))
  for (const { name, before: gone } of removed) {
    const isOff = Object.hasOwn(after.sync?.resources ?? {}, name)
    report(
      'resource-removed',
      isOff ? 'after' : 'before',
      under('/sync/resources', name),
      `${quoted(nameOf(name, gone))} is no longer imported; records that are there stay as they are.`,
    )
  }
  for (const { name, after: come } of added)
    report(
      'resource-added',
      'after',
      under('/sync/resources', name),
      `${quoted(nameOf(name, come))} can be imported.`,
    )
  for (const { name, before: from, after: to } of kept) compareResource(context, name, { from, to })
  compareHandlers(context)
  if (before.sync && after.sync) compareSettings(context, before.sync, after.sync)
}

/** Resources that are imported: neither they nor the whole import is switched off. */
function importsOf(sync: SyncDefinition | undefined): Map<string, Resource> {
  if (sync?.syncConfiguration?.enabled === false) return new Map()
  return new Map([...byName(sync?.resources)].filter(([, { enabled = true }]) => enabled))
}

function nameOf(key: string, { displayName, name }: Resource): string {
  return displayName ?? name ?? key
}

function compareSettings({ report }: DiffContext, before: SyncDefinition, after: SyncDefinition): void {
  const settings = ({ baseUrl, headers, syncConfiguration = {} }: SyncDefinition) => ({
    baseUrl: baseUrl?.replace(/\/+$/, ''),
    headers: lowerNames(headers ?? {}),
    syncConfiguration: withoutDefaults({ ...syncConfiguration, enabled: true }, CONFIGURATION_DEFAULTS),
  })
  for (const name of differing(
    ['baseUrl', 'headers', 'syncConfiguration'],
    settings(before),
    settings(after),
  )) {
    const side = after[name] === undefined ? 'before' : 'after'
    report('behaviour-changed', side, `/sync/${name}`, `Import runs with another ${name}.`)
  }
}

function compareResource(
  context: DiffContext,
  key: string,
  { from, to }: { from: Resource; to: Resource },
): void {
  const { report } = context
  const pointer = under('/sync/resources', key)
  const name = quoted(nameOf(key, to))
  if (from.contentType !== to.contentType) {
    report(
      'content-type-changed',
      'after',
      `${pointer}/contentType`,
      `${name} is stored as ${to.contentType} where it was ${from.contentType}: records that are there are not found again.`,
    )
  }
  compareFields(context, key, { from, to })
  if ((from.deletions ?? 'keep') !== (to.deletions ?? 'keep')) {
    const archives = to.deletions === 'archive'
    report(
      archives ? 'records-archived' : 'behaviour-changed',
      archives ? 'after' : 'before',
      `${pointer}/deletions`,
      archives
        ? `Records of ${name} that the provider no longer lists are archived; they were kept.`
        : `Records of ${name} that the provider no longer lists are kept.`,
    )
  }
  if (differing(['name', 'displayName', 'description', 'icon'], from, to).length > 0)
    report('text-changed', 'after', pointer, `${name} is shown with another name, description or icon.`)
  const [old, now] = [wayOf(from), wayOf(to)]
  const parts = differing([...new Set([...Object.keys(old), ...Object.keys(now)])], old, now)
  if (parts.length > 0)
    report('behaviour-changed', 'after', pointer, `How ${name} is imported differs in ${joined(parts)}.`)
}

function compareFields(
  { report }: DiffContext,
  key: string,
  { from, to }: { from: Resource; to: Resource },
): void {
  const pointer = under('/sync/resources', key, 'apiMapping')
  const name = quoted(nameOf(key, to))
  const rules = compareMembers(
    byName(plainRules(from.apiMapping, RECORD)),
    byName(plainRules(to.apiMapping, RECORD)),
  )
  for (const { name: field } of rules.removed) {
    const isCode = field === 'code'
    report(
      isCode ? 'record-code-changed' : 'record-field-removed',
      'before',
      under(pointer, field),
      isCode ? noCode(name) : `${field} of ${name} is no longer filled in.`,
    )
  }
  for (const { name: field } of rules.added)
    report('record-field-added', 'after', under(pointer, field), `${field} of ${name} is filled in.`)
  for (const { name: field, before, after } of rules.kept) {
    if (same(codeRule(field, before), codeRule(field, after))) continue
    const isCode = field === 'code'
    report(
      isCode ? 'record-code-changed' : 'behaviour-changed',
      'after',
      under(pointer, field),
      isCode ? noCode(name) : `${field} of ${name} is made in another way.`,
    )
  }
}

/** Codes are kept as strings anyway (6.6), so that `toString` says nothing. */
function codeRule(field: string, rule: Record<string, unknown>): Record<string, unknown> {
  const isText = field === 'code' && same(rule['transform'], ['toString'])
  return isText ? { ...rule, transform: undefined } : rule
}

function noCode(name: string): string {
  return `Records of ${name} get another code: those that are there are not found again and appear twice.`
}

/** How a resource is read, without what it would be anyway. */
function wayOf({
  endpoints,
  expandDetails,
  pagination,
  responseMapping = {},
  incremental,
}: Resource): Record<string, unknown> {
  const { dataProperty = '', ...rest } = responseMapping
  const paths = Object.entries(withoutDefaults(rest)).map(([name, path]) => [name, plainPath(String(path))])
  return {
    list: plainRequest(endpoints.list),
    details: endpoints.details && plainRequest(endpoints.details),
    expandDetails: expandDetails || undefined,
    pagination: pagination && withoutDefaults(pagination),
    responseMapping: {
      ...Object.fromEntries(paths),
      dataProperty: dataProperty === '' ? '[]' : plainPath(dataProperty),
    },
    incremental: incremental && withoutDefaults(incremental, { format: 'iso' }),
  }
}
