import { under } from '../schema/pointer.ts'
import { didYouMean, type Rule, type RuleContext } from './rule.ts'

/** Function steps and `compute` rules name a key of `functions`; their arguments are among its `params` (1.2). */
export const functionsExist: Rule = (context) => {
  for (const { steps } of context.survey.actions) {
    for (const { pointer, value } of steps) {
      if (value?.type === 'function' && value.name !== undefined)
        check(context, { pointer, key: 'name', name: value.name, args: value.args })
    }
  }
  for (const { pointer, rule } of context.mapping.rules) {
    if (rule.fn !== undefined) check(context, { pointer, key: 'fn', name: rule.fn, args: rule.args })
  }
}

interface Call {
  pointer: string
  key: string
  name: string
  args: Record<string, unknown> | undefined
}

function check({ survey, report }: RuleContext, { pointer, key, name, args }: Call): void {
  const called = survey.functions.get(name)
  if (called === undefined) {
    if (!survey.isIntact('/functions')) return
    report(
      'unknown-function',
      under(pointer, key),
      `\`${key}\` is \`${name}\`, which is no key of \`functions\`; ${didYouMean(name, survey.functions.keys(), '`functions`')}`,
    )
    return
  }
  const params = called.value?.params
  if (params === undefined) return
  for (const argument of Object.keys(args ?? {})) {
    if (params.includes(argument)) continue
    report(
      'unknown-argument',
      under(pointer, 'args', argument),
      `\`${argument}\` is no parameter of the function \`${name}\`; ${didYouMean(argument, params, 'it')}`,
    )
  }
}
