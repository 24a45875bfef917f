import { under } from '../schema/pointer.ts'
import type { Comparison } from './comparison.ts'
import { byName, compareMembers } from './members.ts'
import { differing } from './same.ts'
import { quoted } from './words.ts'

/** Code of App Functions (4.3). What they return is compared with the outputs of the actions that call them. */
export const compareFunctions: Comparison = ({ before, after, report }) => {
  const { kept, removed, added } = compareMembers(byName(before.functions), byName(after.functions))
  for (const { name, before: from, after: to } of kept) {
    if (differing(['params', 'code'], from, to).length > 0)
      report(
        'behaviour-changed',
        'after',
        under('/functions', name),
        `The function ${quoted(name)} computes in another way.`,
      )
    if (differing(['returns'], from, to).length > 0)
      report(
        'behaviour-changed',
        'after',
        under('/functions', name),
        `The function ${quoted(name)} declares other results.`,
      )
    if (from.description !== to.description)
      report(
        'text-changed',
        'after',
        under('/functions', name),
        `The function ${quoted(name)} has another description.`,
      )
  }
  for (const { name } of removed)
    report('behaviour-changed', 'before', under('/functions', name), `The function ${quoted(name)} is gone.`)
  for (const { name } of added)
    report('behaviour-changed', 'after', under('/functions', name), `The function ${quoted(name)} is new.`)
}
