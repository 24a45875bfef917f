import { isRecord } from '../schema/branch.ts'
import { nearestName } from '../schema/nearest-name.ts'
import { under } from '../schema/pointer.ts'
import { parameterSites } from './parameter-sites.ts'
import type { Rule } from './rule.ts'

/** Keywords of draft-07 and of 2020-12, and what OpenAPI adds to them without a meaning for forms. */
const KEYWORDS = new Set(
  (
    '$schema $id $ref $anchor $dynamicRef $dynamicAnchor $vocabulary $comment $defs definitions ' +
    'type enum const title description default examples deprecated readOnly writeOnly format ' +
    'properties patternProperties additionalProperties propertyNames required minProperties maxProperties ' +
    'dependencies dependentRequired dependentSchemas unevaluatedProperties ' +
    'items prefixItems additionalItems contains minContains maxContains minItems maxItems uniqueItems unevaluatedItems ' +
    'minLength maxLength pattern contentEncoding contentMediaType contentSchema ' +
    'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf allOf anyOf oneOf not if then else ' +
    'nullable example discriminator externalDocs xml'
  ).split(' '),
)

/** Words of connect forms and of other form builders → the keyword that says the same. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  choices: 'enum',
  dependsOn: 'x-depends-on',
  displayName: 'title',
  help: 'description',
  hint: 'description',
  label: 'title',
  name: 'title',
  options: 'enum',
  placeholder: 'description',
  source: 'x-source',
  fallback: 'x-fallback',
  values: 'enum',
}

/** JSON Schema lets unknown keywords pass, so that a mistyped one is silently without effect. */
export const keywordsAreKnown: Rule = ({ survey, report }) => {
  for (const { parameters } of survey.actions) {
    for (const { pointer, schema } of parameterSites(parameters)) {
      for (const [name, value] of Object.entries(schema)) {
        if (KEYWORDS.has(name) || name.startsWith('x-')) continue
        report(
          'unknown-keyword',
          under(pointer, name),
          `\`${name}\` is no keyword of JSON Schema; ${meant(name, value)}`,
        )
      }
    }
  }
}

function meant(name: string, value: unknown): string {
  if (isRecord(value) && ('type' in value || 'x-source' in value))
    return 'a field of the form stands in `properties`.'
  const word = Object.hasOwn(OTHER_WORDS, name) ? OTHER_WORDS[name] : nearestName(name, KEYWORDS)
  return word === undefined
    ? 'it has no effect. Notes of your own may start with `x-`.'
    : `did you mean \`${word}\`?`
}
