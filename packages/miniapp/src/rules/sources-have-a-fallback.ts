import { parameterSites } from './parameter-sites.ts'
import type { Rule } from './rule.ts'

/** A form can be filled in where options do not load (1.2, level 3; 4.1). */
export const sourcesHaveAFallback: Rule = ({ survey, report }) => {
  for (const { parameters } of survey.actions) {
    for (const { pointer, schema } of parameterSites(parameters)) {
      if (typeof schema['x-source'] !== 'string' || schema['x-fallback'] !== undefined) continue
      report(
        'source-without-fallback',
        pointer,
        `Where the options of \`${schema['x-source']}\` do not load, nobody could fill in this field; add \`"x-fallback": "input"\`.`,
      )
    }
  }
}
