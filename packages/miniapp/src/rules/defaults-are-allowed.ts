import type { ParameterSchema } from '../document.ts'
import { under } from '../schema/pointer.ts'
import { parameterSites } from './parameter-sites.ts'
import { whyNever } from './parameter-values.ts'
import type { Rule } from './rule.ts'

/** What a form starts with is a value that it accepts (3.1, 4.1). */
export const defaultsAreAllowed: Rule = ({ survey, report }) => {
  for (const { pointer, schema } of survey.actions.flatMap(({ parameters }) => parameterSites(parameters))) {
    const reason = isCoerced(schema) ? undefined : whyNever(schema, schema.default)
    if (reason === undefined) continue
    report(
      'default-not-allowed',
      under(pointer, 'default'),
      `The form would start with a value that the field refuses, because ${reason}; choose another \`default\`.`,
    )
  }
  for (const [name, { type, options = [], default: start }] of Object.entries(survey.auth.form ?? {})) {
    const choices = options.map((option) => (typeof option === 'string' ? option : option.value))
    if (type !== 'select' || start === undefined || start === '' || choices.includes(String(start))) continue
    report(
      'default-not-allowed',
      under('/auth/form', name, 'default'),
      `The form would start with a value that is none of the \`options\`; choose one of ${choices.map((choice) => `\`${choice}\``).join(', ')}.`,
    )
  }
}

/** No default, one that counts as absent, or a text that becomes a value of another type as form input does (4.1). */
function isCoerced({ default: start, type }: ParameterSchema): boolean {
  return start === undefined || start === '' || (typeof start === 'string' && type !== 'string')
}
