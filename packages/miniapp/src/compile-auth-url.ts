import type { AuthDefinition } from './document.ts'
import { MiniAppError } from './errors.ts'
import type { Rec } from './expression/own.ts'
import { createCredentialScope, createInputScope } from './expression/scope.ts'
import { type CompiledUrl, compileUrl } from './expression/url.ts'
import { setParameter } from './request/url-query.ts'

/** What belongs to one authorization and nothing shadows (specification 2.1). */
export interface AuthorizationValues {
  state: string
  redirect_uri: string
  /** PKCE, S256 (RFC 7636, 4.2): base64url of the verifier's SHA-256. */
  code_challenge: string
}

export interface AuthUrlContext {
  flow: AuthorizationValues
  /** Open values of the form that was filled in before the popup. */
  userInput: Rec
  /** App config: the operator's overrides over the non-empty values of `auth.config`. */
  config: Rec
  system: Rec
  /** See `UrlOptions`. Default false. */
  allowHttp?: boolean
}

/** The address of a provider's authorization page (specification 3.4). */
export interface CompiledAuthUrl {
  url: CompiledUrl
  /** PKCE is on: `pkce: true`, or the template names `{{code_challenge}}`. */
  pkce: boolean
  /**
   * The address to send a browser to. `state`, `redirect_uri` and, with PKCE, `code_challenge` and
   * `code_challenge_method` are added where the template does not carry them; a parameter of that name which the
   * template fills otherwise is replaced. Password fields are not visible here: an address is seen by too many.
   *
   * @throws MiniAppError as `CompiledUrl.render`, and `NOT_CONFIGURED` where `client_id` stays empty
   */
  render(context: AuthUrlContext): string
}

const POINTER = '/auth/auth_url'

/** @throws DefinitionError where the template cannot become an absolute URL */
export function compileAuthUrl({ auth_url, pkce = false }: AuthDefinition): CompiledAuthUrl | undefined {
  if (auth_url === undefined) return undefined
  const url = compileUrl(auth_url, POINTER)
  const carries = (key: keyof AuthorizationValues) =>
    url.placeholders.some((placeholder) => placeholder.syntax === 'input' && placeholder.key === key)
  const usesPkce = pkce || carries('code_challenge')
  const names = new Set(parameterNames(auth_url))
  return {
    url,
    pkce: usesPkce,
    render(context) {
      const { flow } = context
      const address = renderTemplate(url, context)
      const added: [string, string][] = []
      if (!carries('redirect_uri')) added.push(['redirect_uri', flow.redirect_uri])
      if (!carries('state')) added.push(['state', flow.state])
      if (usesPkce && !carries('code_challenge')) added.push(['code_challenge', flow.code_challenge])
      if (usesPkce && !names.has('code_challenge_method')) added.push(['code_challenge_method', 'S256'])
      const [page = '', fragment] = address.split(/(?=#)/)
      const complete = added.reduce((sent, [name, value]) => setParameter(sent, name, value), page)
      if (names.has(CLIENT_ID)) requireClientId(complete)
      return complete + (fragment ?? '')
    },
  }
}

function renderTemplate(url: CompiledUrl, context: AuthUrlContext): string {
  const { flow, userInput, config, system, allowHttp = false } = context
  const { webhookUrl, subdomain } = system
  const scopes = {
    input: createInputScope({
      authValues: { webhookUrl, subdomain, ...flow },
      input: {},
      outputs: {},
      userInput,
      metadata: {},
      config,
      system,
    }),
    credential: createCredentialScope({ credentials: userInput, metadata: {}, config }),
  }
  return url.render(scopes, { hostFromForm: false, allowHttp })
}

const CLIENT_ID = 'client_id'

/** RFC 6749, 4.1.1 requires it; without it a provider shows its own users a riddle. */
function requireClientId(url: string): void {
  if (new URL(url).searchParams.get(CLIENT_ID)) return
  throw new MiniAppError(
    'NOT_CONFIGURED',
    `The OAuth client of this app is not set up: "${CLIENT_ID}" has no value. An operator sets it in the app's config.`,
    { path: POINTER },
  )
}

function parameterNames(template: string): string[] {
  const [, query = ''] = /\?([^#]*)/.exec(template) ?? []
  return [...new URLSearchParams(query).keys()]
}
