/** How explanations of failures are worded: one sentence of what happened, one of what to do, and who is meant. */
import type { FailureExplanation } from '../errors.ts'
import type { Facts } from './failure-facts.ts'

/** One reason why a run fails; `undefined` where it is not that one. */
export type Rule = (facts: Facts) => FailureExplanation | undefined

export function say(party: FailureExplanation['party'], what: string, next: string): FailureExplanation {
  return { party, what, next }
}

/** The error's message as a sentence. */
export function told({ error: { message } }: Pick<Facts, 'error'>): string {
  return asSentence(message)
}

export const asSentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)

export const AGAIN = 'Try again later; where it stays, look at the status page of the provider.'
export const LOOK_FIRST =
  'Look at the provider whether it was done before you try again: the request may have been carried out.'

export const againNext = ({ writes }: Pick<Facts, 'writes'>): string => (writes ? LOOK_FIRST : AGAIN)

/** A next step that whoever ran it cannot do: the author of the app can. */
export const authorNext = (task: string): string => `Tell the author of the app: ${task}.`

export const operatorNext = (task: string): string => `Tell whoever operates the platform: ${task}.`

/** `a, b and c` */
export function listWords(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** `45 seconds`, `2 minutes`, `3 hours`: rounded up, so that whoever waits that long waits long enough. */
export function durationWords(ms: number): string {
  const [unit, length] =
    ms < 2 * MINUTE_MS
      ? (['second', 1_000] as const)
      : ms < 2 * HOUR_MS
        ? (['minute', MINUTE_MS] as const)
        : (['hour', HOUR_MS] as const)
  const count = Math.max(1, Math.ceil(ms / length))
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
