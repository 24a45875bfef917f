import { callbackBaseUrl } from '../account/address.ts'
import { type Config, isLoopback } from '../config.ts'

type CallbackConfig = Pick<Config, 'saasApiUrl' | 'oauthBaseUrl'>

/** Whether callbacks come over https, so that their cookie can be kept from http. */
export function isSecure(config: CallbackConfig): boolean {
  return callbackBaseUrl(config).startsWith('https:')
}

/** Why nobody can connect with OAuth here, for whoever set the server up; `undefined` where they can. */
export function callbackProblem(config: CallbackConfig): string | undefined {
  const base = callbackBaseUrl(config)
  if (isSecure(config) || isLoopback(base)) return undefined
  return (
    `Connecting with OAuth 2.0 needs https: callbacks of this server come to ${base}, and over http everybody on the way ` +
    'could read them. Set OAUTH_BASE_URL to an https address; http is accepted on localhost alone.'
  )
}
