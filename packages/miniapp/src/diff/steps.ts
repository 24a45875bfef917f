import type { ActionPair } from './action-pairs.ts'
import type { DiffContext } from './comparison.ts'
import { plainStep } from './plain-rule.ts'
import { differing } from './same.ts'
import { joined, quoted } from './words.ts'

/** How an action does its work: its requests and calls. Names of its outputs are compared elsewhere. */
export function compareSteps({ report }: DiffContext, pair: ActionPair): void {
  const [from, to] = [pair.before.requests.map(plainStep), pair.after.requests.map(plainStep)]
  const title = quoted(pair.after.title)
  if (from.length !== to.length) {
    report(
      'behaviour-changed',
      'after',
      `${pair.afterPointer}/requests`,
      `${title} takes ${counted(to.length)} where it took ${counted(from.length)}.`,
    )
    return
  }
  to.forEach((step, index) => {
    const old = from[index] ?? {}
    const parts = differing([...new Set([...Object.keys(old), ...Object.keys(step)])], old, step)
    if (parts.length === 0) return
    report(
      'behaviour-changed',
      'after',
      `${pair.afterPointer}/requests/${index}`,
      `Step ${index + 1} of ${title} differs in ${joined(parts)}.`,
    )
  })
}

function counted(steps: number): string {
  return steps === 1 ? 'one step' : `${steps} steps`
}
