import type { ParameterSchema } from '../document.ts'
import { parsePlaceholders } from '../expression/template.ts'
import { under } from '../schema/pointer.ts'
import { whyNever } from './parameter-values.ts'
import type { Rule, RuleContext } from './rule.ts'
import type { ActionSurvey, RequestView } from './survey.ts'

/** A step whose `when` can never hold, or whose `forEach` can have no list, never runs (4.2). */
export const stepsCanRun: Rule = (context) => {
  for (const action of context.survey.actions) {
    for (const { pointer, value } of action.steps) {
      if (value === undefined || value.type === 'function') continue
      checkWhen(context, action, { pointer, step: value })
      checkItems(context, action, { pointer, step: value })
    }
  }
}

interface Site {
  pointer: string
  step: RequestView
}

function checkWhen({ report }: RuleContext, action: ActionSurvey, { pointer, step }: Site): void {
  const { when, forEach } = step
  if (when?.key === undefined || when.key === forEach?.as) return
  const parameter = parameterOf(action, when.key)
  if (parameter === undefined) return
  const isRequired = action.parameters.value?.required?.includes(when.key) === true
  const wanted = when.in ?? (when.equals === undefined ? [] : [when.equals])
  const reasons = wanted.map((value) => whyNever(parameter, value))
  const reason =
    when.exists === false && isRequired ? 'it is required' : reasons.every(Boolean) ? reasons[0] : undefined
  if (reason === undefined) return
  report(
    'unreachable-step',
    under(pointer, 'when'),
    `This step never runs: \`${when.key}\` cannot meet the condition, because ${reason}. Values are compared without conversion.`,
  )
}

function checkItems({ report }: RuleContext, action: ActionSurvey, { pointer, step }: Site): void {
  const items = step.forEach?.items
  if (items === undefined) return
  const at = under(pointer, 'forEach', 'items')
  const [only, ...more] = parsePlaceholders(items)
  if (typeof only !== 'object' || more.length > 0) {
    report(
      'items-not-a-list',
      at,
      '`items` is a text here and never a list; write one placeholder and nothing else, such as `{{recipients}}`.',
    )
    return
  }
  const parameter = only.syntax === 'input' ? parameterOf(action, only.key) : undefined
  if (parameter === undefined || whyNever(parameter, []) === undefined || parameter.enum !== undefined) return
  report(
    'items-not-a-list',
    at,
    `\`{{${only.key}}}\` is never a list: the parameter has the type \`${String(parameter.type)}\`; make it an \`array\`.`,
  )
}

/** The parameter, where its schema says all by itself. */
function parameterOf(action: ActionSurvey, name: string): ParameterSchema | undefined {
  const properties = action.parameters.value?.properties
  const schema = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
  return typeof schema === 'object' ? schema : undefined
}
