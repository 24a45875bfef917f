import { under } from '../schema/pointer.ts'
import { didYouMean, type Rule } from './rule.ts'

/** A panel's `allowedActions` are names of actions (09). */
export const panelsRunActions: Rule = ({ survey, report }) => {
  if (!survey.isIntact('/actions')) return
  const names = survey.actions.flatMap(({ name }) => name.value ?? [])
  for (const { pointer, value } of survey.dashboardApps) {
    value?.allowedActions?.forEach((name, index) => {
      if (names.includes(name)) return
      report(
        'unknown-allowed-action',
        under(pointer, 'allowedActions', index),
        `\`${name}\` is no action of this definition; ${didYouMean(name, names, 'the definition')}`,
      )
    })
  }
}
