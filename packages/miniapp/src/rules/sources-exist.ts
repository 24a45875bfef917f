import { under } from '../schema/pointer.ts'
import { parameterSites } from './parameter-sites.ts'
import { didYouMean, type Rule } from './rule.ts'

/** Every `x-source` names a key of `source`, every `x-depends-on` a parameter (1.2, 4.1). */
export const sourcesExist: Rule = ({ survey, report }) => {
  const known = [...survey.sources.keys()]
  for (const { parameters } of survey.actions) {
    const sites = parameterSites(parameters)
    const names = new Set(sites.flatMap(({ schema }) => Object.keys(schema.properties ?? {})))
    for (const { pointer, schema } of sites) {
      const source = schema['x-source']
      if (source !== undefined && !survey.sources.has(source) && survey.isIntact('/source')) {
        report(
          'unknown-source',
          under(pointer, 'x-source'),
          `\`x-source\` names \`${source}\`, which is no key of \`source\`; ${didYouMean(source, known, '`source`')}`,
        )
      }
      schema['x-depends-on']?.forEach((name, index) => {
        if (names.has(name)) return
        report(
          'unknown-dependency',
          under(pointer, 'x-depends-on', index),
          `\`x-depends-on\` names \`${name}\`, which is no parameter of this action; ${didYouMean(name, names, 'the action')}`,
        )
      })
    }
  }
}
