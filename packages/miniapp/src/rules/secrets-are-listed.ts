import { under } from '../schema/pointer.ts'
import { hasSecretWord, isAboutToken } from '../secret-names.ts'
import { persistedNames } from './installed-names.ts'
import type { Rule } from './rule.ts'
import type { Survey } from './survey.ts'

/** Kinds of form fields that hold a choice or an address, whatever they are called. */
const OPEN_FIELDS: ReadonlySet<string | undefined> = new Set(['checkbox', 'select', 'url'])

/** The end of a name that says something about a secret: `tokenExpiresAt`, `secret_type`. */
const DESCRIBES_A_SECRET = /(?:type|expir(?:y|es|ation)|expires_?(?:in|at)|scopes?|ttl)$/i

/** Every secret is in `auth.sensitiveKeys`, but `client_secret`, which always is one (1.2, level 3). */
export const secretsAreListed: Rule = ({ survey, report }) => {
  if (!survey.isIntact('/auth/sensitiveKeys')) return
  const known = new Set([...survey.auth.sensitiveKeys, 'client_secret'])
  for (const { name, pointer, reason } of secretsOf(survey)) {
    if (known.has(name)) continue
    known.add(name)
    report(
      'unlisted-secret',
      pointer,
      `\`${name}\` ${reason} and is not in \`sensitiveKeys\`; add it there: \`"sensitiveKeys": ${JSON.stringify([...survey.auth.sensitiveKeys, name])}\`.`,
    )
  }
}

interface Secret {
  name: string
  pointer: string
  reason: string
}

function secretsOf({ auth }: Survey): Secret[] {
  const BY_NAME = 'is a secret by its name'
  const fields = Object.entries(auth.form ?? {}).flatMap(([name, { type }]) => {
    const pointer = under('/auth/form', name)
    if (type === 'password') return [{ name, pointer, reason: 'is a password field' }]
    return isSecretName(name) && !OPEN_FIELDS.has(type) ? [{ name, pointer, reason: BY_NAME }] : []
  })
  const config = Object.entries(auth.config ?? {}).flatMap(([name, value]) =>
    isSecretName(name) && typeof value === 'string' && !OPEN_FIELDS.has(auth.form?.[name]?.type)
      ? [{ name, pointer: under('/auth/config', name), reason: BY_NAME }]
      : [],
  )
  const requests = [auth.single.get_token, auth.single.refresh_token, ...auth.registrationRequests]
  const mapped = requests.flatMap(({ pointer, value }) =>
    persistedNames(value?.mapping)
      .filter(isSecretName)
      .map((name) => ({ name, pointer: under(pointer, 'mapping', name), reason: BY_NAME })),
  )
  return [...fields, ...config, ...mapped]
}

function isSecretName(name: string): boolean {
  return hasSecretWord(name) && !isAboutToken(name) && !DESCRIBES_A_SECRET.test(name)
}
