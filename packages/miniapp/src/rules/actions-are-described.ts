import { under } from '../schema/pointer.ts'
import { childValue } from '../schema/walk.ts'
import type { Rule } from './rule.ts'

/** Each action says what it does (1.2, level 3; 4.1). */
export const actionsAreDescribed: Rule = ({ survey, report }) => {
  for (const [index, { pointer, name }] of survey.actions.entries()) {
    const action = childValue(survey.document['actions'], index)
    const description = childValue(action, 'description')
    if (!survey.isIntact(under(pointer, 'description')) || typeof action !== 'object') continue
    if (typeof description === 'string' && description.trim() !== '') continue
    report(
      'action-without-description',
      description === undefined ? pointer : under(pointer, 'description'),
      `The action \`${name.value ?? index}\` has no \`description\`; say in a sentence what it does, for people and for models that choose among actions.`,
    )
  }
}
