import type { CompiledDefinition } from 'miniapp'
import { callbackUrl } from '../account/address.ts'
import { allowsHttp, type Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { parseProviderOrigins } from '../http/egress-settings.ts'
import { systemValues } from '../install/system-values.ts'
import { codeChallengeOf } from './pkce.ts'

export interface AuthorizationAddress {
  compiled: CompiledDefinition
  subdomain: string
  /** App config, overrides included. */
  config: Record<string, unknown>
  /** Open values of the form before the popup. */
  userInput: Record<string, unknown>
  state: string
  codeVerifier: string
}

/**
 * Where a browser is sent to authorize. An origin that has a stand-in (`PROVIDER_ORIGINS`, in development) is replaced by
 * it: the browser knows nothing of the setting.
 * @throws ApiError BAD_USER_INPUT where the app cannot connect with OAuth; MiniAppError as `CompiledAuthUrl.render`
 */
export function authorizationAddress(context: Context, start: AuthorizationAddress): string {
  const { compiled, subdomain, config, userInput, state, codeVerifier } = start
  const { ns, auth } = compiled
  if (!auth.authUrl || !auth.getToken) throw noOauth(compiled)
  const address = auth.authUrl.render({
    flow: {
      state,
      redirect_uri: callbackUrl(context.config, ns),
      code_challenge: codeChallengeOf(codeVerifier),
    },
    userInput,
    config,
    system: {
      ...systemValues(context, { subdomain, ns, uid: null }),
      now: new Date(context.now()).toISOString(),
    },
    allowHttp: allowsHttp(context),
  })
  const url = new URL(address)
  const standIn = parseProviderOrigins(context.config.providerOrigins ?? '').get(url.origin)
  return standIn === undefined ? url.href : standIn + url.href.slice(url.origin.length)
}

function noOauth({ ns, definition }: CompiledDefinition): ApiError {
  const { type, auth_url, get_token } = definition.auth
  const missing = [auth_url ? [] : 'auth_url', get_token ? [] : 'get_token'].flat().join(' and ')
  const reasons = {
    oauth2: `"${ns}" cannot be connected: its definition has no ${missing}.`,
    none: `"${ns}" needs no connection: its actions run as soon as it is installed.`,
    bearer_token: `"${ns}" connects with a form: saveMiniAppCredentials takes its values.`,
    apikey: `"${ns}" connects with a form: saveMiniAppCredentials takes its values.`,
  } as const satisfies Record<typeof type, string>
  return new ApiError('BAD_USER_INPUT', reasons[type])
}
