import type { AuthDefinition } from '../document.ts'
import { SCOPE_NAME } from './app-config.ts'
import { keepsAuth } from './auth-type.ts'
import type { Comparison } from './comparison.ts'
import { joined } from './words.ts'

/**
 * What the authorization page asks users to allow (3.4).
 *
 * A further scope is a break: grants given earlier lack it, and nothing in a document says that only new actions
 * need it. Accepting the version is the moment at which a workspace connects its account again.
 */
export const compareOauthScopes: Comparison = ({ before, after, report }) => {
  if (after.auth.type !== 'oauth2' || !keepsAuth({ before, after })) return
  const [from, to] = [scopesOf(before.auth), scopesOf(after.auth)]
  const more = [...to.scopes].filter((scope) => !from.scopes.has(scope))
  const fewer = [...from.scopes].filter((scope) => !to.scopes.has(scope))
  if (more.length > 0) {
    report(
      'reconnect-needed',
      'after',
      to.pointer,
      `The app asks for ${joined(more)}, which accounts connected earlier never granted: they have to be connected again.`,
    )
  }
  if (fewer.length > 0) {
    report(
      'scope-reduced',
      to.scopes.size > 0 ? 'after' : 'before',
      to.scopes.size > 0 ? to.pointer : from.pointer,
      `The app no longer asks for ${joined(fewer)}.`,
    )
  }
}

interface Scopes {
  scopes: Set<string>
  pointer: string
}

/** Scopes that the document itself names: in the address, or in a value of `auth.config`. */
function scopesOf({ auth_url = '', config = {} }: AuthDefinition): Scopes {
  const [, query = ''] = auth_url.split('?', 2)
  const inUrl = query
    .split('&')
    .map((parameter) => parameter.split('=', 2))
    .filter(([name = '']) => SCOPE_NAME.test(name))
    .flatMap(([, value = '']) => split(decoded(value)))
  const configured = Object.entries(config).filter(([name]) => SCOPE_NAME.test(name))
  const inConfig = configured.flatMap(([, value]) =>
    typeof value === 'string' ? split(value) : Array.isArray(value) ? value.map(String) : [],
  )
  const [named] = configured
  return {
    scopes: new Set([...inUrl, ...inConfig]),
    pointer: inConfig.length > 0 && named ? `/auth/config/${named[0]}` : '/auth/auth_url',
  }
}

/** Scopes are joined by spaces (RFC 6749, 3.3), by some providers by commas. */
function split(text: string): string[] {
  return text.split(/[\s,+]+/).filter((scope) => scope !== '' && !/[{}[\]]/.test(scope))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
