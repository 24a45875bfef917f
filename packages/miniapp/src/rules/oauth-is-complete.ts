import { rootNameOf } from '../expression/key.ts'
import type { RequestSite } from './request-sites.ts'
import type { Rule, RuleContext } from './rule.ts'

/**
 * `oauth2` has `auth_url` and `get_token`; `auto_refresh` has `refresh_token` (1.2); what PKCE asks at the start is
 * answered at the exchange, and no secret is sent through the browser (3.4).
 */
export const oauthIsComplete: Rule = (context) => {
  const { auth, document, isIntact } = context.survey
  const { report } = context
  const has = (name: string) => !isIntact(`/auth/${name}`) || Object.hasOwn(Object(document['auth']), name)
  if (auth.type === 'oauth2') {
    for (const name of ['auth_url', 'get_token']) {
      if (!has(name))
        report(
          'oauth-incomplete',
          '/auth',
          `\`auth\` has the type \`oauth2\` and no \`${name}\`; without it nobody can connect.`,
        )
    }
    checkFlow(context)
  }
  if (auth.auto_refresh && !has('refresh_token')) {
    report(
      'refresh-incomplete',
      '/auth/auto_refresh',
      '`auto_refresh` is `true` and there is no `refresh_token`; add the request or drop `auto_refresh`.',
    )
  }
}

function checkFlow({ survey, scopes, requests, report }: RuleContext): void {
  const { auth } = survey
  const page = requests.find(({ urlPointer }) => urlPointer === '/auth/auth_url')
  const exchange = requests.find(({ pointer }) => pointer === '/auth/get_token')
  const usesPkce = auth.pkce || (page !== undefined && names(page, 'code_challenge'))
  if (usesPkce && exchange && survey.isIntact('/auth/get_token') && !names(exchange, 'code_verifier')) {
    report(
      'pkce-incomplete',
      '/auth/get_token',
      'PKCE is on and `get_token` does not send `{{code_verifier}}`; the provider will refuse the exchange.',
    )
  }
  const { secrets } = scopes.installed
  for (const { key, pointer } of page?.placeholders ?? []) {
    // 1.2: always a secret, listed or not.
    const isSecret = key === 'client_secret' || secrets.has(key) || secrets.has(rootNameOf(key))
    if (!isSecret) continue
    // RFC 6749, 2.2: not a secret, whatever a list of sensitive names says.
    if (key === 'client_id') continue
    report(
      'secret-in-auth-url',
      pointer,
      `\`${key}\` is a secret and would stand in the address that the browser opens; send it in \`get_token\`.`,
    )
  }
}

function names({ placeholders }: RequestSite, key: string): boolean {
  return placeholders.some((placeholder) => placeholder.syntax === 'input' && placeholder.key === key)
}
