import { under } from '../schema/pointer.ts'
import { childValue } from '../schema/walk.ts'
import type { Rule } from './rule.ts'

/** What only some ways of connecting use (3.1). */
const USED_BY = [
  { name: 'auth_url', types: ['oauth2'], instead: 'no authorization page is opened' },
  { name: 'pkce', types: ['oauth2'], instead: 'there is no code to exchange' },
  { name: 'form', types: ['oauth2', 'apikey', 'bearer_token'], instead: 'no form is shown' },
] as const

/** What stands in `auth` is used by the way in which accounts are connected. */
export const authPartsFitTheType: Rule = ({ survey, report }) => {
  const { type } = survey.auth
  if (type === undefined) return
  for (const { name, types, instead } of USED_BY) {
    const value = childValue(survey.document['auth'], name)
    if (value === undefined || value === false || types.some((one) => one === type)) continue
    report(
      'unused-auth-property',
      under('/auth', name),
      `With the type \`${type}\` ${instead}, so \`${name}\` is never used; leave it out, or connect with \`${types[0]}\`.`,
    )
  }
}
