import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'

/** Every trigger `type` is `miniapps:{ns}`; triggers need a `webhook` (1.2). */
export const triggersCanFire: Rule = ({ survey, report }) => {
  for (const { pointer, value } of survey.triggers) {
    if (value === undefined || survey.ns === undefined || value.type === `miniapps:${survey.ns}`) continue
    report(
      'wrong-trigger-type',
      under(pointer, 'type'),
      `\`type\` is \`${value.type}\`; it must be \`miniapps:${survey.ns}\`.`,
    )
  }
  const webhook = survey.document['webhook']
  if (
    survey.triggers.length > 0 &&
    (webhook === undefined || webhook === null) &&
    survey.isIntact('/webhook')
  ) {
    report(
      'triggers-without-webhook',
      '/triggers',
      '`triggers` cannot fire, because there is no `webhook`; add one or remove the triggers.',
    )
  }
}
