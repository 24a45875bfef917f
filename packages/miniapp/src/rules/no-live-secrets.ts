import { under } from '../schema/pointer.ts'
import { hasSecretWord } from '../secret-names.ts'
import { type FoundText, textsOf } from './found-text.ts'
import { knownSecretIn, looksRandom } from './live-secret.ts'
import type { Rule, RuleContext } from './rule.ts'

/**
 * No value looks like a live production secret, outside `client_id` and `client_secret` of an OAuth app (1.2, level 3):
 * a definition is read by reviewers, stored in registries and shown to the browser.
 */
export const noLiveSecrets: Rule = (context) => {
  const allowed = allowedPlaces(context)
  const reported = new Set<string>()
  const report = (pointer: string, what: string) => {
    if (reported.has(pointer) || allowed.has(pointer)) return
    reported.add(pointer)
    context.report(
      'live-secret',
      pointer,
      `This looks like ${what}, which everybody who reads the definition could use; revoke it, and let the connect form ask for it or the operator set it as an app config override.`,
    )
  }
  for (const { pointer, text } of textsOf(context.survey.document, '')) {
    const what = knownSecretIn(text, { isSample: /^\/triggers\/\d+\/sample(?:\/|$)/.test(pointer) })
    if (what !== undefined) report(pointer, what)
  }
  for (const { pointer, name, text } of givenTexts(context)) {
    for (const value of partsOf(text)) {
      if (!namesAnId(name) && looksRandom(value, hasSecretWord(name) || /^authorization$/i.test(name)))
        report(pointer, 'a live secret')
    }
  }
}

/** The secret of the verification has a finding of its own, which offers the override. */
function allowedPlaces({ survey: { auth, webhook } }: RuleContext): ReadonlySet<string> {
  const { secretKey, jwt, basic } = webhook.value?.verification ?? {}
  const names = [secretKey, jwt?.secretKey, basic?.passwordKey].filter((name) => name !== undefined)
  if (auth.type === 'oauth2') names.push('client_id', 'client_secret')
  return new Set(names.map((name) => under('/auth/config', name)))
}

/** Texts that are sent as they stand, or that a connection starts with. */
function givenTexts({ survey, requests }: RuleContext): FoundText[] {
  return [
    ...textsOf(survey.auth.config, '/auth/config'),
    ...Object.entries(survey.auth.form ?? {}).flatMap(([name, field]) =>
      textsOf(field.default, under('/auth/form', name, 'default'), name),
    ),
    ...requests.flatMap(({ texts }) => texts),
  ]
}

/** What stands beside a scheme, a pair or a prefix is a text of its own: `Bearer X`, `user:X`. */
function partsOf(text: string): string[] {
  return /\{\{|\[\[/.test(text) ? [] : text.split(/[\s:,;]+/)
}

function namesAnId(name: string): boolean {
  return /(?:^|[^A-Za-z])ids?$|Ids?$|ID$|(?:^|_)(?:query|cursor|hash|sha|commit|etag|fingerprint)$/i.test(
    name,
  )
}
