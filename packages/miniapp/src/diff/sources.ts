import type { SourceDefinition } from '../document.ts'
import { under } from '../schema/pointer.ts'
import type { Comparison } from './comparison.ts'
import { byName, compareMembers } from './members.ts'
import { plainPath, plainRequest } from './plain-rule.ts'
import { canonicalText, differing, same } from './same.ts'
import { joined, quoted } from './words.ts'

/** The options of dropdowns, by key (4.5). */
export const compareSources: Comparison = ({ before, after, report }) => {
  const { kept, removed, added } = compareMembers(byName(before.source), byName(after.source))
  for (const { name } of removed) {
    report(
      'source-removed',
      'before',
      under('/source', name),
      `The options of ${quoted(name)} can no longer be loaded: calls that ask for them fail.`,
    )
  }
  for (const { name } of added)
    report('source-added', 'after', under('/source', name), `The options of ${quoted(name)} can be loaded.`)
  for (const { name, before: from, after: to } of kept) {
    if (valuesMeanTheSame(from, to)) {
      const [old, now] = [plainSource(from), plainSource(to)]
      const parts = differing([...new Set([...Object.keys(old), ...Object.keys(now)])], old, now)
      if (parts.length > 0)
        report(
          'behaviour-changed',
          'after',
          under('/source', name),
          `The options of ${quoted(name)} differ in ${joined(parts)}.`,
        )
    } else {
      report(
        'option-values-changed',
        'after',
        under('/source', name, 'valueField'),
        `An option of ${quoted(name)} stands for another value: choices that were stored mean something else.`,
      )
    }
  }
}

/** Whether a stored choice still names the same thing; a further `sourceRef` changes no stored one. */
function valuesMeanTheSame(before: SourceDefinition, after: SourceDefinition): boolean {
  const [from, to] = [valuePaths(before), valuePaths(after)]
  return Object.entries(from).every(([ref, path]) => (to[ref] ?? to['']) === path)
}

/** By `sourceRef`; the empty one for those that name none. */
function valuePaths({ valueField, valueFields = {} }: SourceDefinition): Record<string, string> {
  const named = Object.entries(valueFields).map(([ref, path]) => [ref, plainPath(path)])
  return { ...Object.fromEntries(named), '': plainPath(valueField) }
}

/** A source without what it would be anyway. */
function plainSource(source: SourceDefinition): Record<string, unknown> {
  const { valueField, labelField, valueFields: _, dataPath = '', pagination, ...request } = source
  return {
    ...plainRequest(request),
    mapping: undefined,
    valueField: plainPath(valueField),
    labelField: plainPath(labelField),
    valueFields: valuePaths(source),
    dataPath: dataPath === '' || dataPath === '$' ? undefined : plainPath(dataPath),
    pagination: pagination && canonicalText(pagination),
  }
}

/** Whether two sources offer the same options, whatever their keys are. */
export function offerTheSame(
  one: SourceDefinition | undefined,
  other: SourceDefinition | undefined,
): boolean {
  if (one === undefined || other === undefined) return one === other
  return same(plainSource(one), plainSource(other))
}
