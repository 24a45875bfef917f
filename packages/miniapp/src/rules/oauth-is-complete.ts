import type { Rule } from './rule.ts'

/** `oauth2` has `auth_url` and `get_token`; `auto_refresh` has `refresh_token` (1.2). */
export const oauthIsComplete: Rule = ({ survey: { auth, document, isIntact }, report }) => {
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
  }
  if (auth.auto_refresh && !has('refresh_token')) {
    report(
      'refresh-incomplete',
      '/auth/auto_refresh',
      '`auto_refresh` is `true` and there is no `refresh_token`; add the request or drop `auto_refresh`.',
    )
  }
}
