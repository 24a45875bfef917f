import { under } from '../schema/pointer.ts'
import { parameterSites } from './parameter-sites.ts'
import type { Rule } from './rule.ts'

/** `x-depends-on` and `x-fallback` say something about options, which only `x-source` loads (4.1). */
export const extensionsHaveASource: Rule = ({ survey, report }) => {
  for (const { pointer, schema } of survey.actions.flatMap(({ parameters }) => parameterSites(parameters))) {
    if (schema['x-source'] !== undefined) continue
    for (const name of ['x-depends-on', 'x-fallback']) {
      if (schema[name] === undefined) continue
      report(
        'extension-without-source',
        under(pointer, name),
        `\`${name}\` has no effect without \`x-source\`; name a key of \`source\`, or leave it out.`,
      )
    }
  }
}
