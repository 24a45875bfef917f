import type { FieldRule, SyncDefinition } from '../document.ts'
import { isRecord } from '../schema/branch.ts'
import { under } from '../schema/pointer.ts'
import type { DiffContext } from './comparison.ts'
import { byName, compareMembers } from './members.ts'
import { plainPath, plainRules, RECORD } from './plain-rule.ts'
import { differing, same } from './same.ts'
import { joined, quoted } from './words.ts'

type Handler = NonNullable<NonNullable<SyncDefinition['webhooks']>['handlers']>[string]

const POINTER = '/sync/webhooks/handlers'

/** What events do to records, by event (6.5). */
export function compareHandlers(context: DiffContext): void {
  const { before, after, report } = context
  const { kept, removed, added } = compareMembers(
    byName(before.sync?.webhooks?.handlers),
    byName(after.sync?.webhooks?.handlers),
  )
  for (const { name } of removed)
    report(
      'handler-removed',
      'before',
      under(POINTER, name),
      `${quoted(name)} no longer keeps records up to date.`,
    )
  for (const { name } of added)
    report('handler-added', 'after', under(POINTER, name), `${quoted(name)} keeps records up to date.`)
  for (const { name, before: from, after: to } of kept) compareHandler(context, name, { from, to })
}

function compareHandler(
  { report }: DiffContext,
  event: string,
  { from, to }: { from: Handler; to: Handler },
): void {
  const pointer = under(POINTER, event)
  const [old, now] = [targetOf(from), targetOf(to)]
  const parts = differing([...new Set([...Object.keys(old), ...Object.keys(now)])], old, now)
  if (parts.length > 0) {
    const reason = `${quoted(event)} does something else to records: it differs in ${joined(parts)}.`
    report('handler-changed', 'after', pointer, reason)
    return
  }
  const rules = compareMembers(byName(rulesOf(from)), byName(rulesOf(to)))
  for (const { name } of rules.removed)
    report(
      'record-field-removed',
      'before',
      under(pointer, 'mapping', name),
      `${quoted(event)} no longer fills in ${name}.`,
    )
  for (const { name } of rules.added)
    report(
      'record-field-added',
      'after',
      under(pointer, 'mapping', name),
      `${quoted(event)} also fills in ${name}.`,
    )
  for (const { name, before, after } of rules.kept) {
    if (same(before, after)) continue
    report(
      'behaviour-changed',
      'after',
      under(pointer, 'mapping', name),
      `${quoted(event)} fills in ${name} in another way.`,
    )
  }
}

/** Which record an event is about, and what becomes of it. */
function targetOf(handler: Handler): Record<string, unknown> {
  if (!('mapping' in handler)) {
    const { resource, operation, dataPath } = handler
    return { resource, operation, dataPath: dataPath === undefined ? '[]' : plainPath(dataPath) }
  }
  const { code = null } = plainRules(handler.mapping as Record<string, FieldRule>, RECORD)
  const isText = isRecord(code) && same(code['transform'], ['toString'])
  return {
    recordType: handler.recordType,
    operation: handler.operation,
    code: isText ? { ...code, transform: undefined } : code,
  }
}

function rulesOf(handler: Handler): Record<string, unknown> {
  if (!('mapping' in handler)) return {}
  const { code: _, ...rules } = plainRules(handler.mapping as Record<string, FieldRule>, RECORD)
  return rules
}
