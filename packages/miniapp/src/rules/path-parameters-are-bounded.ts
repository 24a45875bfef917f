import type { ParameterSchema } from '../document.ts'
import { DefinitionError } from '../expression/definition-error.ts'
import { toPointer } from '../schema/pointer.ts'
import type { RequestSite } from './request-sites.ts'
import type { Rule } from './rule.ts'

/** Formats of JSON Schema whose texts hold no `/`. */
const FORMATS_WITHOUT_SLASH: ReadonlySet<string | undefined> = new Set([
  'date',
  'date-time',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'time',
  'uuid',
])

/**
 * A text parameter in the path of a URL that further segments follow says which texts it can be (1.2, level 3): `/` in
 * a value is not encoded there, so `a/b` would reach another resource than the author meant.
 */
export const pathParametersAreBounded: Rule = ({ survey, requests, report }) => {
  for (const { pointer, parameters, steps } of survey.actions) {
    const reported = new Set<string>()
    for (const step of steps) {
      const site = requests.find((one) => one.pointer === step.pointer)
      if (site === undefined || step.value === undefined || step.value.type === 'function') continue
      for (const name of innerPlaceholders(site)) {
        const schema = parameters.value?.properties?.[name]
        if (reported.has(name) || step.value.forEach?.as === name || typeof schema !== 'object') continue
        if (schema.type !== 'string' || isBounded(schema)) continue
        reported.add(name)
        report(
          'open-path-parameter',
          pointer + toPointer(['parameters', 'properties', name]),
          `\`{{${name}}}\` stands inside the path of a URL, where a value with \`/\` would reach something else; give the parameter a \`pattern\`, an \`enum\`, an \`x-source\` or \`"x-path": "segment"\`.`,
        )
      }
    }
  }
}

/** Placeholders of the path that further segments follow. */
function innerPlaceholders({ url }: RequestSite): string[] {
  if (url === undefined || url instanceof DefinitionError) return []
  return url.path.flatMap((piece, index) => {
    if (typeof piece === 'string' || piece.syntax !== 'input') return []
    const rest = url.path.slice(index + 1).map((next) => (typeof next === 'string' ? next : 'x'))
    return /\/[^/]/.test(rest.join('')) ? [piece.key] : []
  })
}

function isBounded(schema: ParameterSchema): boolean {
  const keywords = ['enum', 'const', 'pattern', 'x-source', 'x-path', '$ref', 'allOf', 'anyOf', 'oneOf']
  return keywords.some((keyword) => schema[keyword] !== undefined) || FORMATS_WITHOUT_SLASH.has(schema.format)
}
