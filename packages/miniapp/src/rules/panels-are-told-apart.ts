import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'

/** The `key` of a panel is its stable id within the definition (09). */
export const panelsAreToldApart: Rule = ({ survey, report }) => {
  const first = new Map<string, string>()
  for (const { pointer, value } of survey.dashboardApps) {
    if (value === undefined) continue
    const taken = first.get(value.key)
    if (taken === undefined) first.set(value.key, pointer)
    else
      report(
        'duplicate-panel-key',
        under(pointer, 'key'),
        `\`${value.key}\` is already the key of the panel at ${taken}; give this panel another one.`,
      )
  }
}
