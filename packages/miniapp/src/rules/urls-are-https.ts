import { DefinitionError } from '../expression/definition-error.ts'
import { under } from '../schema/pointer.ts'
import type { Rule, RuleContext } from './rule.ts'

/** Whatever is fetched, sent to or shown is addressed with `https:` (1.1; 1.2, level 3). */
export const urlsAreHttps: Rule = (context) => {
  const seen = new Set<string>()
  for (const { pointer, isPlain } of addresses(context)) {
    if (!isPlain || seen.has(pointer)) continue
    seen.add(pointer)
    const name = pointer.slice(pointer.lastIndexOf('/') + 1)
    context.report(
      'url-not-https',
      pointer,
      `\`${name}\` is an \`http:\` address, which anybody on the way can read and change; use \`https:\`.`,
    )
  }
}

function addresses({ survey, requests }: RuleContext): { pointer: string; isPlain: boolean }[] {
  const jwksUrl = survey.webhook.value?.verification?.jwt?.jwksUrl
  return [
    ...requests.map(({ url, urlPointer }) => ({
      pointer: urlPointer,
      isPlain:
        url !== undefined &&
        !(url instanceof DefinitionError) &&
        url.scheme.join('').toLowerCase() === 'http',
    })),
    ...['icon', 'logo'].map((name) => ({ pointer: `/${name}`, isPlain: isHttp(survey.text(name)) })),
    ...survey.dashboardApps.map(({ pointer, value }) => ({
      pointer: under(pointer, 'iframeUrl'),
      isPlain: isHttp(value?.iframeUrl),
    })),
    { pointer: '/webhook/verification/jwt/jwksUrl', isPlain: isHttp(jwksUrl) },
  ]
}

function isHttp(url: string | undefined): boolean {
  return url !== undefined && /^http:/i.test(url)
}
