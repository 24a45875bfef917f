import { rootNameOf } from '../expression/key.ts'
import type { PlaceholderSite, RequestSite } from './request-sites.ts'
import type { Rule } from './rule.ts'
import type { Scope } from './scopes.ts'

const HOST_PLACES = new Set(['scheme', 'host', 'port', 'origin'])

/**
 * In a request that carries a `[[…]]` or an app config value, no form input, source parameter, loop item or step
 * output stands in scheme, host or port (1.2, 2.1): whoever fills in a form could aim a tenant's key at their own server.
 */
export const secretsKeepTheirHost: Rule = ({ requests, report }) => {
  for (const site of requests) {
    const secret = carriedSecret(site)
    if (secret === undefined) continue
    for (const placeholder of site.placeholders) {
      if (placeholder.syntax !== 'input' || !HOST_PLACES.has(placeholder.place)) continue
      const from = onlyFrom(site.scope, placeholder)
      if (from === undefined) continue
      report(
        'host-from-input',
        placeholder.pointer,
        `\`{{${placeholder.key}}}\` (${from}) would choose the ${placeholder.place} of a request that carries ${secret}; take it from the connect form instead.`,
      )
    }
  }
}

function carriedSecret({ placeholders, scope }: RequestSite): string | undefined {
  for (const { syntax, key } of placeholders) {
    if (syntax === 'credential') return `\`[[${key}]]\``
    if (placeOf(scope, key)?.label === 'app config') return `the app config value \`{{${key}}}\``
  }
  return undefined
}

/** Where the value comes from, if from nowhere that may choose a host. */
function onlyFrom(scope: Scope, { key }: PlaceholderSite): string | undefined {
  const root = rootNameOf(key)
  const found = scope.places.filter(({ names }) => names.has(key) || names.has(root))
  if (found.length === 0 || found.some(({ mayChooseHost }) => mayChooseHost)) return undefined
  return found[0]?.label
}

function placeOf(scope: Scope, key: string) {
  const root = rootNameOf(key)
  return scope.places.find(({ names }) => names.has(key) || names.has(root))
}
