import { nearestName } from '../schema/nearest-name.ts'
import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'

/** Names under `required` that no property has: unknown input is dropped, so such a form could never be sent. */
export const requiredParametersAreDeclared: Rule = ({ survey, report }) => {
  for (const { parameters } of survey.actions) {
    const { properties, required } = parameters.value ?? {}
    if (properties === undefined) continue
    required?.forEach((name, index) => {
      if (Object.hasOwn(properties, name)) return
      report(
        'required-parameter-undeclared',
        under(parameters.pointer, 'required', index),
        `\`required\` names \`${name}\`, which \`properties\` does not declare; ${remedy(name, Object.keys(properties))}`,
      )
    })
  }
}

function remedy(name: string, declared: readonly string[]): string {
  const near = nearestName(name, declared)
  return near === undefined ? 'declare it, or the action can never be run.' : `did you mean \`${near}\`?`
}
