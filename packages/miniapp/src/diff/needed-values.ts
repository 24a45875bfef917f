import type { Definition } from '../document.ts'
import { rootNameOf } from '../expression/key.ts'
import type { InstalledNames } from '../rules/installed-names.ts'
import type { PlaceholderSite, RequestSite } from '../rules/request-sites.ts'
import { actionsOf } from './action-pairs.ts'
import { keepsAuth } from './auth-type.ts'
import type { Comparison, DiffContext } from './comparison.ts'
import { requestsOf } from './requests.ts'

/** Places of `{{key}}` whose values were stored on connecting. */
const STORED_PLACES: ReadonlySet<string> = new Set(['values of the connect form', 'metadata'])

/**
 * Values that requests of both versions need and that accounts connected by the version before do not hold: a new
 * `[[token]]` of `get_token`, a new name of `userDetails`. What only new actions and sources need breaks nothing.
 */
export const compareNeededValues: Comparison = (context) => {
  if (!keepsAuth(context)) return
  const { installed: held } = requestsOf(context.before).scopes
  const { requests } = requestsOf(context.after)
  const asked = new Set<string>()
  const isKept = keptPlaces(context)
  for (const request of requests.filter(({ pointer }) => isKept(pointer))) {
    for (const placeholder of request.placeholders) {
      const name = rootNameOf(placeholder.key)
      if (asked.has(name) || !lacks(name, placeholder, request, { held, after: context.after })) continue
      asked.add(name)
      context.report(
        'reconnect-needed',
        'after',
        placeholder.pointer,
        `Accounts connected earlier do not hold ${name}, which is needed here: they have to be connected again.`,
      )
    }
  }
}

interface Known {
  held: InstalledNames
  after: Definition
}

function lacks(name: string, { syntax }: PlaceholderSite, request: RequestSite, known: Known): boolean {
  const { held, after } = known
  if (syntax === 'credential') {
    return !held.credentials.has(name) && !Object.hasOwn(after.auth.config ?? {}, name)
  }
  const place = request.scope.places.find(({ names }) => names.has(name))
  if (place === undefined || !STORED_PLACES.has(place.label)) return false
  return !held.userInput.has(name) && !held.metadata.has(name)
}

/** Which requests of the version after do work that the version before did too, for accounts that are connected. */
function keptPlaces(context: DiffContext): (pointer: string) => boolean {
  const { before, after } = context
  const { kept, renamed } = actionsOf(context)
  const places = [
    ...[...kept, ...renamed].map((pair) => `/actions/${pair.after.index}/`),
    ...Object.keys(after.source ?? {})
      .filter((key) => Object.hasOwn(before.source ?? {}, key))
      .map((key) => `/source/${key}`),
    ...Object.keys(after.sync?.resources ?? {})
      .filter((key) => Object.hasOwn(before.sync?.resources ?? {}, key))
      .map((key) => `/sync/resources/${key}/`),
    ...(before.auth.refresh_token ? ['/auth/refresh_token'] : []),
  ]
  return (pointer) => places.some((place) => `${pointer}/`.startsWith(place))
}
