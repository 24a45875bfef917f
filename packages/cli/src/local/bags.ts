import { type Bags, MiniAppError } from 'miniapp'
import { mappedNames, namesIn } from './credential-names.ts'
import { configOf, type Given } from './given.ts'
import type { LocalApp } from './load-app.ts'
import type { LocalRuntime } from './runtime.ts'
import { tryAccount } from './try-account.ts'

type Rec = Record<string, unknown>

/** The bags of an install, out of what was given and what connecting left (specification 3.2). */
export function bagsOf({ compiled }: LocalApp, { credentials, stored }: Given): Bags {
  const { form, sensitiveKeys } = compiled.auth
  const defaults = Object.fromEntries(
    Object.entries(form).flatMap(([name, field]) =>
      field.default === undefined || field.default === '' ? [] : [[name, field.default]],
    ),
  )
  const isShown = (name: string) =>
    form[name] !== undefined && form[name].type !== 'password' && !sensitiveKeys.has(name)
  const shown = (bag: Rec) => Object.fromEntries(Object.entries(bag).filter(([name]) => isShown(name)))
  return {
    credentials: { ...defaults, ...stored?.credentials, ...credentials },
    metadata: stored?.metadata ?? {},
    userInput: { ...shown(defaults), ...stored?.userInput, ...shown(credentials) },
    config: configOf(compiled.definition.auth.config, credentials),
  }
}

/**
 * The bags for one part of a definition. Where it names what only auth requests give (a token that `get_token`
 * exchanges, an account's id from `userDetails`) and nothing is stored, those run first; nothing is kept of that.
 *
 * @param part.requests of an action, or a source
 * @param part.inputs names that form input gives
 * @throws MiniAppError `NOT_CONFIGURED` with `details.missing`, or why the auth requests failed
 */
export async function bagsFor(
  app: LocalApp,
  given: Given,
  part: { requests: unknown; inputs: readonly string[] },
  runtime: LocalRuntime,
): Promise<Bags> {
  const { auth, definition } = app.compiled
  const bags = bagsOf(app, given)
  const known = [bags.credentials, bags.metadata, bags.config]
  const isUnknown = (name: string) => !known.some((bag) => Object.hasOwn(bag, name))
  const named = namesIn(part.requests)
  const missing = [...named.credentials].filter(isUnknown)
  const wanted = [...named.inputs].filter((name) => isUnknown(name) && !part.inputs.includes(name))
  const fromAuth = [...mappedNames(definition, 'get_token'), ...mappedNames(definition, 'userDetails')]
  const canConnect =
    auth.type !== 'oauth2' && Object.keys(auth.form).some((name) => Object.hasOwn(bags.credentials, name))
  if (canConnect && [...missing, ...wanted].some((name) => fromAuth.includes(name))) {
    const outcome = await tryAccount(app, given, runtime)
    if (!outcome.ok) throw outcome.error
    const { credentials, metadata, userInput } = outcome.bags
    return { ...bags, credentials: { ...bags.credentials, ...credentials }, metadata, userInput }
  }
  if (missing.length > 0) {
    throw new MiniAppError(
      'NOT_CONFIGURED',
      `${missing.join(', ')} is not given, and no account of "${definition.ns}" is connected here.`,
      { details: { missing } },
    )
  }
  return bags
}
