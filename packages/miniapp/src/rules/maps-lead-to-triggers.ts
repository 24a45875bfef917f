import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'

/** `eventExtraction.map` leads from the provider's names to the events of triggers, not away from them (5.3). */
export const mapsLeadToTriggers: Rule = ({ survey, report }) => {
  const { pointer, value } = survey.webhook
  const map = value?.eventExtraction?.map ?? {}
  const events = new Set(survey.triggers.map((trigger) => trigger.value?.event))
  const results = new Set(Object.values(map))
  for (const [from, to] of Object.entries(map)) {
    if (!events.has(from) || results.has(from)) continue
    report(
      'trigger-never-fires',
      under(pointer, 'eventExtraction', 'map', from),
      `\`map\` renames \`${from}\`, the event of a trigger, to \`${to}\`, so the trigger never fires; the provider's name comes first: \`"${to}": "${from}"\`.`,
    )
  }
}
