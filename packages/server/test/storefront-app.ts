/** A definition that connects with OAuth 2.0 and PKCE to the authorization server of `authorization-server.ts`. */
import type { AuthorizationServer } from './authorization-server.ts'

/** Where the definition believes the server to be; `PROVIDER_ORIGINS` sends it elsewhere. */
export const STOREFRONT_ORIGIN = 'https://storefront.example'

type Clients = Pick<AuthorizationServer, 'clients'>

/** @param changes replace members of `auth` */
export function storefrontDefinition(
  { clients }: Clients,
  { ns = 'storefront', auth = {} }: { ns?: string; auth?: Record<string, unknown> } = {},
): Record<string, unknown> {
  const { clientId, clientSecret } = clients.confidential
  const client = { client_id: '{{client_id}}', client_secret: '[[client_secret]]' }
  const headers = { Authorization: 'Bearer [[accessToken]]' }
  const tokens = { accessToken: '$.access_token', refreshToken: '$.refresh_token', expiresIn: '$.expires_in' }
  const tokenRequest = (body: Record<string, unknown>) => ({
    url: `${STOREFRONT_ORIGIN}/token`,
    method: 'POST',
    bodyType: 'x-www-form-urlencoded',
    body: { ...client, ...body },
    mapping: tokens,
  })
  return {
    ns,
    name: ns,
    type: ns,
    title: 'Storefront',
    label: 'Storefront',
    shortDescription: 'Orders of a storefront.',
    description: 'Orders of a storefront.',
    status: 'public',
    version: '1.0.0',
    category: 'ecommerce',
    icon: `${STOREFRONT_ORIGIN}/icon.svg`,
    logo: `${STOREFRONT_ORIGIN}/logo.svg`,
    docsUrl: `${STOREFRONT_ORIGIN}/docs`,
    auth: {
      type: 'oauth2',
      sensitiveKeys: ['accessToken', 'refreshToken', 'client_secret'],
      config: { client_id: clientId, client_secret: clientSecret },
      pkce: true,
      auto_refresh: true,
      auth_url: `${STOREFRONT_ORIGIN}/auth?client_id={{client_id}}&response_type=code&scope=openid+profile+email`,
      get_token: tokenRequest({
        grant_type: 'authorization_code',
        code: '{{code}}',
        redirect_uri: '{{redirect_uri}}',
        code_verifier: '{{code_verifier}}',
      }),
      refresh_token: tokenRequest({ grant_type: 'refresh_token', refresh_token: '[[refreshToken]]' }),
      userDetails: {
        url: `${STOREFRONT_ORIGIN}/me`,
        method: 'GET',
        headers,
        mapping: { uid: '$.sub', name: '$.name', email: '$.email' },
      },
      ...auth,
    },
    actions: [
      {
        name: 'whoAmI',
        title: 'Who am I',
        description: 'Asks who is connected.',
        parameters: { type: 'object', properties: {} },
        requests: [{ url: `${STOREFRONT_ORIGIN}/me`, method: 'GET', headers, mapping: { email: '$.email' } }],
      },
    ],
  }
}
