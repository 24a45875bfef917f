import { isList, isRecord, isText } from '../schema/branch.ts'
import { under } from '../schema/pointer.ts'
import { nameWithin } from './placeholder-reason.ts'
import type { Rule, RuleContext } from './rule.ts'
import type { Scope } from './scopes.ts'
import { SINGLE_AUTH_REQUESTS } from './survey.ts'

/** Where other languages put a name: `${name}`, `<%= name %>`, `{name}`; in a path also `:name` and `<name>`. */
const ANYWHERE = [/\$\{\s*([\w.]+)\s*\}/g, /<%=?\s*([\w.]+)\s*%>/g, /(?<![{$\w)])\{([\w.]+)\}(?!\})/g]
const IN_PATHS = [/(?<=\/):(\w+)(?=[/?#]|$)/g, /(?<=\/)<(\w+)>/g]

const TEMPLATES = ['url', 'headers', 'queryParams', 'body', 'args'] as const

/** The name of something that is available, in the brackets of another language, would be sent as it stands (2.1). */
export const placeholdersAreOurs: Rule = (context) => {
  for (const { pointer, value, scope } of steps(context)) {
    for (const name of TEMPLATES) check(context, under(pointer, name), value[name], scope)
  }
}

interface Step {
  pointer: string
  value: Record<string, unknown>
  scope: Scope
}

/** Requests of sync are left out: there `{field}` reads the list item (6.1). */
function steps({ survey, scopes }: RuleContext): Step[] {
  const { auth } = survey
  const found = [
    ...survey.actions.flatMap((action) =>
      action.steps.map((part, index) => ({ ...part, scope: scopes.action(action, index) })),
    ),
    ...[...survey.sources].map(([key, part]) => ({ ...part, scope: scopes.source(key) })),
    ...SINGLE_AUTH_REQUESTS.map((name) => ({ ...auth.single[name], scope: scopes.authRequest(name) })),
    ...auth.registrationRequests.map((part, index) => ({
      ...part,
      scope: scopes.authRequest('registrationRequests', index),
    })),
  ]
  return found.flatMap(({ pointer, value, scope }) => (isRecord(value) ? [{ pointer, value, scope }] : []))
}

function check(context: RuleContext, pointer: string, value: unknown, scope: Scope): void {
  if (isList(value)) {
    for (const [index, item] of value.entries()) check(context, under(pointer, index), item, scope)
  } else if (isRecord(value)) {
    for (const [name, child] of Object.entries(value)) check(context, under(pointer, name), child, scope)
  } else if (isText(value)) {
    const patterns = pointer.endsWith('/url') ? [...ANYWHERE, ...IN_PATHS] : ANYWHERE
    for (const [written, key] of foreignIn(value, patterns)) {
      const ours = oursFor(key, context, scope)
      if (ours === undefined) continue
      context.report(
        'foreign-placeholder',
        pointer,
        `\`${written}\` is no placeholder and would be sent as it is; write \`${ours}\`.`,
      )
      return
    }
  }
}

function foreignIn(text: string, patterns: readonly RegExp[]): [written: string, key: string][] {
  const found = patterns.flatMap((pattern) => [...text.matchAll(pattern)])
  // Braces around braces are a language of their own, such as GraphQL.
  const rest = found.reduce(
    (left, [written]) => left.replace(written, ''),
    text.replaceAll(/\{\{[^{}]*\}\}/g, ''),
  )
  return rest.includes('{') ? [] : found.map(([written, key = '']) => [written, key])
}

function oursFor(key: string, { scopes }: RuleContext, { places }: Scope): string | undefined {
  const names = new Set(places.flatMap((place) => [...place.names]))
  const name = nameWithin(key, names)
  if (name !== undefined) return `{{${name}}}`
  const credential = nameWithin(key, scopes.installed.credentials)
  return credential === undefined ? undefined : `[[${credential}]]`
}
