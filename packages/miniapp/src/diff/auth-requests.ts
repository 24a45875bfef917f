import { mappedKeys } from '../compile-auth.ts'
import type { AuthDefinition } from '../document.ts'
import { keepsAuth } from './auth-type.ts'
import type { Comparison, DiffContext } from './comparison.ts'
import { type PlainRule, plainRequest, plainRule, RESPONSE } from './plain-rule.ts'
import { same } from './same.ts'
import { joined } from './words.ts'

/** What each request of connecting is for, as a reason names it. */
const REQUESTS = {
  test_token: 'Credentials are tried',
  get_token: 'Tokens are obtained',
  userDetails: 'The account is looked up',
  refresh_token: 'Tokens are renewed',
} as const

type RequestName = keyof typeof REQUESTS

/** The requests that connect and renew (3.1, 3.5). */
export const compareAuthRequests: Comparison = (context) => {
  if (!keepsAuth(context)) return
  const { before, after, report } = context
  for (const name of Object.keys(REQUESTS) as RequestName[]) {
    const [from, to] = [before.auth[name], after.auth[name]]
    if (same(from && plainRequest(from), to && plainRequest(to))) continue
    if (name === 'refresh_token' && (from === undefined || to === undefined)) continue
    report(
      'behaviour-changed',
      to === undefined ? 'before' : 'after',
      `/auth/${name}`,
      `${REQUESTS[name]} in another way on connecting.`,
    )
  }
  compareAuthorization(context)
  compareAccountId(context)
  compareRefresh(context)
  compareRegistration(context)
  compareSensitiveKeys(context)
}

/** `auth_url` without its scopes, which have a comparison of their own. */
function compareAuthorization({ before, after, report }: DiffContext): void {
  const [from, to] = [authorizationOf(before.auth), authorizationOf(after.auth)]
  if (same(from, to)) return
  const side = after.auth.auth_url === undefined ? 'before' : 'after'
  report('behaviour-changed', side, '/auth/auth_url', 'The authorization page is opened in another way.')
}

function authorizationOf({ auth_url = '', pkce = false }: AuthDefinition) {
  const [page = '', query = ''] = auth_url.split('?', 2)
  const parameters = query.split('&').filter((parameter) => !/scopes?=/i.test(parameter))
  return { page, parameters: parameters.sort(), pkce: pkce || auth_url.includes('code_challenge') }
}

function compareAccountId({ before, after, report }: DiffContext): void {
  const [from, to] = [uidRule(before.auth), uidRule(after.auth)]
  if (from === undefined || same(from, to)) return
  report(
    'account-id-changed',
    to === undefined ? 'before' : 'after',
    '/auth/userDetails/mapping/uid',
    'An account that is connected again gets another id: it counts as another account, also where another workspace has it.',
  )
}

/** `uid` is kept as a string anyway (6.6), so that `toString` says nothing. */
function uidRule({ userDetails }: AuthDefinition): PlainRule | undefined {
  if (!mappedKeys(userDetails).includes('uid') || userDetails === undefined) return undefined
  const mapping = userDetails.mapping as Record<string, Parameters<typeof plainRule>[0]>
  const rule = plainRule(mapping['uid'] ?? null, RESPONSE)
  return same(rule['transform'], ['toString']) ? { ...rule, transform: undefined } : rule
}

function compareRefresh({ before, after, report }: DiffContext): void {
  const [from, to] = [renews(before.auth), renews(after.auth)]
  if (from && !to) {
    report(
      'refresh-removed',
      after.auth.refresh_token ? 'after' : 'before',
      after.auth.refresh_token ? '/auth/auto_refresh' : '/auth/refresh_token',
      'Credentials are no longer renewed: accounts have to be connected again whenever they expire.',
    )
  }
  if (!from && to) {
    report('refresh-added', 'after', '/auth/refresh_token', 'Credentials are renewed before they expire.')
  }
}

function renews({ auto_refresh, refresh_token }: AuthDefinition): boolean {
  return auto_refresh === true && refresh_token !== undefined
}

function compareRegistration({ before, after, report }: DiffContext): void {
  const [from = [], to = []] = [before.auth.registrationRequests, after.auth.registrationRequests]
  if (!same(from.map(effectOf), to.map(effectOf))) {
    report(
      'registration-changed',
      to.length === 0 ? 'before' : 'after',
      '/auth/registrationRequests',
      'Accounts connected earlier stay registered at the provider as they are, until they are connected again.',
    )
  } else if (!same(from.map(plainRequest), to.map(plainRequest))) {
    report(
      'behaviour-changed',
      'after',
      '/auth/registrationRequests',
      'Registering at the provider is judged or repeated in another way.',
    )
  }
  const [gone = [], come = []] = [before.auth.unregistrationRequests, after.auth.unregistrationRequests]
  if (same(gone.map(plainRequest), come.map(plainRequest))) return
  report(
    'behaviour-changed',
    come.length === 0 ? 'before' : 'after',
    '/auth/unregistrationRequests',
    'What is undone at the provider on disconnecting changes.',
  )
}

/** What a request sets up at the provider: not how its failure is told, nor how often it is tried. */
function effectOf(request: Parameters<typeof plainRequest>[0]): unknown {
  const { errorWhen: _, retry: __, timeoutMs: ___, ...effect } = plainRequest(request)
  return effect
}

function compareSensitiveKeys({ before, after, report }: DiffContext): void {
  const [from, to] = [new Set(before.auth.sensitiveKeys), new Set(after.auth.sensitiveKeys)]
  const more = [...to].filter((name) => !from.has(name))
  const fewer = [...from].filter((name) => !to.has(name))
  if (more.length + fewer.length === 0) return
  const parts = [
    ...(more.length > 0 ? [`${joined(more)} no longer leave${more.length === 1 ? 's' : ''} the server`] : []),
    ...(fewer.length > 0
      ? [`${joined(fewer)} ${fewer.length === 1 ? 'is' : 'are'} no longer listed as secret`]
      : []),
  ]
  const side = after.auth.sensitiveKeys === undefined ? 'before' : 'after'
  report('secrecy-changed', side, '/auth/sensitiveKeys', `${parts.join('; ')}.`)
}
