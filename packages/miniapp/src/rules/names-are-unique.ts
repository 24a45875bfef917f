import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'

/** Actions are run by name, triggers are told apart by event (1.2). */
export const namesAreUnique: Rule = ({ survey, report }) => {
  const names = survey.actions.map(({ name }) => name)
  for (const { pointer, value, first } of repeated(names)) {
    report(
      'duplicate-action-name',
      pointer,
      `\`${value}\` is already the name of the action at ${first}; give this action another name.`,
    )
  }
  const events = survey.triggers.map(({ pointer, value }) => ({
    pointer: under(pointer, 'event'),
    value: value?.event,
  }))
  for (const { pointer, value, first } of repeated(events)) {
    report(
      'duplicate-event',
      pointer,
      `\`${value}\` is already the event of the trigger at ${first}; each event may have one trigger.`,
    )
  }
}

interface Named {
  pointer: string
  value: string | undefined
}

function repeated(names: Named[]): { pointer: string; value: string; first: string }[] {
  const seen = new Map<string, string>()
  return names.flatMap(({ pointer, value }) => {
    if (value === undefined) return []
    const first = seen.get(value)
    if (first !== undefined) return [{ pointer, value, first: first.slice(0, first.lastIndexOf('/')) }]
    seen.set(value, pointer)
    return []
  })
}
