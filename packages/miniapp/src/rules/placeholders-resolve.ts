import { rootNameOf } from '../expression/key.ts'
import { under } from '../schema/pointer.ts'
import { isPlainKey, nameWithin, reasonFor } from './placeholder-reason.ts'
import type { PlaceholderSite } from './request-sites.ts'
import { listed, type Rule, type RuleContext } from './rule.ts'
import type { Scope } from './scopes.ts'

/** Every `{{key}}` can be resolved where it stands (1.2, 2.1). */
export const placeholdersResolve: Rule = (context) => {
  for (const { placeholders, scope } of [...context.requests, ...context.templates]) {
    for (const placeholder of placeholders) {
      if (placeholder.syntax === 'input') check(context, placeholder, scope)
    }
  }
  checkConditions(context)
}

/** `when.key` is read as `{{key}}` would be. */
function checkConditions(context: RuleContext): void {
  for (const action of context.survey.actions) {
    for (const [index, { pointer, value }] of action.steps.entries()) {
      if (value === undefined || value.type === 'function' || value.when?.key === undefined) continue
      check(
        context,
        { key: value.when.key, pointer: under(pointer, 'when', 'key') },
        context.scopes.action(action, index),
      )
    }
  }
}

function check(
  { scopes, report }: RuleContext,
  { key, pointer }: Pick<PlaceholderSite, 'key' | 'pointer'>,
  scope: Scope,
): void {
  if (canResolve(scope, key)) return
  const { secrets, config } = scopes.installed
  const secret = nameWithin(key, secrets)
  if (secret !== undefined) {
    report(
      'secret-in-input-placeholder',
      pointer,
      `\`{{${key}}}\` is a secret, which \`{{…}}\` never reads; write \`[[${secret}]]\`.`,
    )
    return
  }
  const configured = nameWithin(key, config)
  if (configured !== undefined) {
    const where = scope.isAuthRequest
      ? 'provided by the connect form here'
      : 'app config, which `{{…}}` reads in auth requests only'
    report('config-outside-auth', pointer, `\`{{${key}}}\` is ${where}; write \`[[${configured}]]\`.`)
    return
  }
  if (scope.further === 'unknown') return
  if (scope.further === 'function' && isPlainKey(key)) {
    report(
      'unchecked-placeholder',
      pointer,
      `\`{{${key}}}\` can only come from the result of a function; list it in the \`returns\` of the function and it will be checked.`,
    )
    return
  }
  report(
    'unresolved-placeholder',
    pointer,
    `\`{{${key}}}\` cannot be resolved here${reasonFor(key, pointer, scope)} ${available(scope)}`,
  )
}

function canResolve(scope: Scope, key: string): boolean {
  const root = rootNameOf(key)
  return scope.places.some(({ names }) => names.has(key) || names.has(root))
}

function available({ places }: Scope): string {
  const lists = places
    .filter(({ names }) => names.size > 0)
    .map(({ label, names }) => `${label}: ${listed(names)}`)
  return `Available are ${lists.join('; ')}.`
}
