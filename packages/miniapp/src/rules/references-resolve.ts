import { pointerSegments, under } from '../schema/pointer.ts'
import { valueAt } from '../schema/walk.ts'
import { parameterSites } from './parameter-sites.ts'
import type { Rule } from './rule.ts'

/** Each `$ref` of `parameters` leads to a schema inside them (4.1): nothing else is loaded. */
export const referencesResolve: Rule = ({ survey, report }) => {
  for (const { parameters } of survey.actions) {
    const sites = parameterSites(parameters)
    // With names of its own a schema can be referred to in more ways than are looked at here.
    if (sites.some(({ schema }) => schema['$id'] !== undefined)) continue
    const anchors = new Set(sites.map(({ schema }) => schema['$anchor']))
    for (const { pointer, schema } of sites) {
      const reference = schema['$ref']
      if (typeof reference !== 'string' || leads(reference, parameters.value, anchors)) continue
      report(
        'unresolved-reference',
        under(pointer, '$ref'),
        `\`${reference}\` leads to no schema in these \`parameters\`; references look like \`#/$defs/address\` and start at \`parameters\`.`,
      )
    }
  }
}

function leads(reference: string, root: unknown, anchors: ReadonlySet<unknown>): boolean {
  if (reference === '#') return true
  // A meta-schema is known to every validator.
  if (/^https?:\/\/json-schema\.org\//.test(reference)) return true
  if (!reference.startsWith('#')) return false
  if (!reference.startsWith('#/')) return anchors.has(reference.slice(1))
  try {
    return valueAt(root, pointerSegments(decodeURIComponent(reference.slice(1)))) !== undefined
  } catch {
    return false
  }
}
