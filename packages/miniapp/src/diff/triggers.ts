import type { TriggerDefinition } from '../document.ts'
import type { Comparison, DiffContext } from './comparison.ts'
import { compareMembers, listByName, takeRenames } from './members.ts'
import { differing } from './same.ts'
import { joined, quoted } from './words.ts'

type Placed = { value: TriggerDefinition; index: number }

/** What tells a trigger besides its event, strongest first. */
const TRAITS: readonly ((placed: Placed) => unknown)[] = [
  ({ value }) => value.label,
  ({ value }) => value.description,
  ({ value }) => value.sample,
]

/** Events that start automations, by event (1.3). A sample only illustrates what the provider sends. */
export const compareTriggers: Comparison = (context) => {
  const { before, after, report } = context
  const members = compareMembers<Placed>(
    listByName(before.triggers, ({ event }) => event),
    listByName(after.triggers, ({ event }) => event),
  )
  const renamed = takeRenames(members, TRAITS)
  for (const { name, before: gone } of members.removed) {
    report(
      'trigger-removed',
      'before',
      `/triggers/${gone.index}`,
      `${quoted(gone.value.label)} (${name}) is gone: automations that start on it never start.`,
    )
  }
  for (const { from, to, after: now } of renamed) {
    report(
      'trigger-renamed',
      'after',
      `/triggers/${now.index}/event`,
      `${quoted(now.value.label)} fires on ${to} where it fired on ${from}: automations that start on ${from} never start.`,
    )
  }
  for (const { name, after: now } of members.added) {
    const reason = `Automations can start on ${quoted(now.value.label)} (${name}).`
    report('trigger-added', 'after', `/triggers/${now.index}`, reason)
  }
  for (const pair of [...members.kept, ...renamed]) comparePair(context, pair)
}

function comparePair({ report }: DiffContext, { before, after }: { before: Placed; after: Placed }): void {
  const pointer = `/triggers/${after.index}`
  const label = quoted(after.value.label)
  if (before.value.type !== after.value.type) {
    report(
      'trigger-type-changed',
      'after',
      `${pointer}/type`,
      `${label} has the type ${after.value.type}: automations that start on ${before.value.type} never start.`,
    )
  }
  const texts = differing(['label', 'description', 'img', 'icon', 'sample'], before.value, after.value)
  if (texts.length > 0)
    report('text-changed', 'after', pointer, `The builder shows another ${joined(texts)} for ${label}.`)
  if (before.value.isCustom !== after.value.isCustom)
    report('behaviour-changed', 'after', `${pointer}/isCustom`, `The builder lists ${label} elsewhere.`)
}
