import { nearestName } from '../schema/nearest-name.ts'
import { PARAMETER_EXTENSIONS } from '../schema/parameters.ts'
import { under } from '../schema/pointer.ts'
import { parameterSites } from './parameter-sites.ts'
import type { Rule } from './rule.ts'

/** Properties that start with `x-` are free, so a mistyped extension is silently ignored unless somebody says so. */
export const extensionsAreSpelledRight: Rule = ({ survey, report }) => {
  for (const { parameters } of survey.actions) {
    for (const { pointer, schema } of parameterSites(parameters)) {
      for (const name of Object.keys(schema)) {
        if (!name.startsWith('x-') || PARAMETER_EXTENSIONS.some((known) => known === name)) continue
        const near = nearestName(name, PARAMETER_EXTENSIONS)
        if (near)
          report(
            'misspelt-extension',
            under(pointer, name),
            `\`${name}\` has no meaning; did you mean \`${near}\`?`,
          )
      }
    }
  }
}
