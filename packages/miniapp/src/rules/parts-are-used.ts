import { parameterSites } from './parameter-sites.ts'
import type { Rule, RuleContext } from './rule.ts'

/** A source fills some dropdown; a function is called by a step or a rule. What nobody uses is mostly a misspelt name. */
export const partsAreUsed: Rule = (context) => {
  const { survey, report } = context
  if (!survey.isIntact('/actions')) return
  const sources = usedSources(context)
  for (const [name, { pointer }] of survey.sources) {
    // Panels load sources by names of their own.
    if (sources.has(name) || survey.dashboardApps.length > 0) continue
    report(
      'unused-source',
      pointer,
      `No parameter has \`"x-source": "${name}"\`; name it in one, or leave it out.`,
    )
  }
  if (!survey.isIntact('')) return
  const functions = usedFunctions(context)
  for (const [name, { pointer }] of survey.functions) {
    if (functions.has(name)) continue
    report(
      'unused-function',
      pointer,
      `No step and no \`compute\` rule calls \`${name}\`; call it, or leave it out.`,
    )
  }
}

function usedSources({ survey }: RuleContext): ReadonlySet<unknown> {
  return new Set(
    survey.actions
      .flatMap(({ parameters }) => parameterSites(parameters))
      .map(({ schema }) => schema['x-source']),
  )
}

function usedFunctions({ survey, mapping }: RuleContext): ReadonlySet<unknown> {
  const steps = survey.actions.flatMap(({ steps: all }) => all)
  return new Set([
    ...steps.map(({ value }) => (value?.type === 'function' ? value.name : undefined)),
    ...mapping.rules.map(({ rule }) => rule.fn),
  ])
}
