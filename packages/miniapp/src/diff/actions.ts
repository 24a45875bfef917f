import { type ActionPair, actionsOf, type PlacedAction } from './action-pairs.ts'
import type { Comparison, DiffContext } from './comparison.ts'
import { compareOutputs } from './outputs.ts'
import { compareParameters } from './parameters.ts'
import { canonicalText, differing } from './same.ts'
import { compareSteps } from './steps.ts'
import { quoted } from './words.ts'

/** What users, automations, panels and the API can run, by name (4.1). */
export const compareActions: Comparison = (context) => {
  const { report } = context
  const { kept, removed, added, renamed } = actionsOf(context)
  for (const { name, before } of removed) {
    report(
      'action-removed',
      'before',
      `/actions/${before.index}`,
      `${quoted(before.value.title)} (${name}) is gone: automations, panels and calls that run it fail.`,
    )
  }
  for (const { from, to, after } of renamed) {
    report(
      'action-renamed',
      'after',
      `/actions/${after.index}/name`,
      `${quoted(after.value.title)} was called ${from} and is now ${to}: automations, panels and calls that run ${from} fail.`,
    )
  }
  for (const { name, after } of added) {
    report(
      'action-added',
      'after',
      `/actions/${after.index}`,
      `${quoted(after.value.title)} (${name}) can be run.`,
    )
  }
  for (const pair of [...kept, ...renamed]) comparePair(context, pair)
}

function comparePair(context: DiffContext, placed: { before: PlacedAction; after: PlacedAction }): void {
  const pair: ActionPair = {
    before: placed.before.value,
    after: placed.after.value,
    beforePointer: `/actions/${placed.before.index}`,
    afterPointer: `/actions/${placed.after.index}`,
  }
  for (const name of differing(['title', 'description'], pair.before, pair.after)) {
    const isGone = pair.after[name] === undefined
    context.report(
      'text-changed',
      isGone ? 'before' : 'after',
      `${isGone ? pair.beforePointer : pair.afterPointer}/${name}`,
      `${quoted(pair.after.title)} has another ${name}.`,
    )
  }
  compareParameters(context, pair)
  compareOutputs(context, pair)
  if (canonicalText(pair.before.requests) !== canonicalText(pair.after.requests)) compareSteps(context, pair)
}
