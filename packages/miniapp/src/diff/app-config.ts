import { connectForm } from '../compile-auth.ts'
import type { Definition } from '../document.ts'
import { under } from '../schema/pointer.ts'
import { keepsAuth } from './auth-type.ts'
import type { Comparison } from './comparison.ts'
import { byName, compareMembers } from './members.ts'
import { same } from './same.ts'

/** Config names whose values are scopes; the scopes have a comparison of their own. */
export const SCOPE_NAME = /^(.*[_-])?scopes?$/i

/** Defaults of the app, which an operator can override (3.1). What the connect form asks for is compared with it. */
export const compareAppConfig: Comparison = ({ before, after, report }) => {
  if (!keepsAuth({ before, after })) return
  const { kept, removed, added } = compareMembers(configOf(before), configOf(after))
  const needed = (name: string) =>
    report(
      'app-config-needed',
      'after',
      under('/auth/config', name),
      `Requests that use ${name} fail until an operator sets it in the app's config.`,
    )
  for (const { name, after: value } of added) {
    if (value === '') needed(name)
    else report('behaviour-changed', 'after', under('/auth/config', name), `The app brings its own ${name}.`)
  }
  for (const { name, before: value } of removed) {
    if (value !== '')
      report('behaviour-changed', 'before', under('/auth/config', name), `The app no longer uses ${name}.`)
  }
  for (const pair of kept) {
    if (same(pair.before, pair.after)) continue
    if (pair.after === '') needed(pair.name)
    else
      report(
        'behaviour-changed',
        'after',
        under('/auth/config', pair.name),
        `The app's own ${pair.name} is another one.`,
      )
  }
}

function configOf(definition: Definition): Map<string, unknown> {
  const fields = connectForm(definition)
  const config = [...byName(definition.auth.config)]
  return new Map(config.filter(([name]) => !Object.hasOwn(fields, name) && !SCOPE_NAME.test(name)))
}
