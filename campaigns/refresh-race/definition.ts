import { listing } from '../../packages/server/test/ledger-app.ts'

/** Where the definition believes the provider to be. */
export const ORIGIN = 'https://storefront.example'
export const NS = 'refresh-race'

/** Connects with tokens that are given in the form; a 401 is answered with the refresh token, which rotates. */
export function raceDefinition(client: { clientId: string; clientSecret: string }): Record<string, unknown> {
  const headers = { Authorization: 'Bearer [[accessToken]]' }
  return {
    ...listing(NS, ORIGIN),
    status: 'public',
    auth: {
      type: 'apikey',
      sensitiveKeys: ['accessToken', 'refreshToken', 'client_secret'],
      config: { client_id: client.clientId, client_secret: client.clientSecret },
      form: {
        accessToken: { type: 'password', label: 'Access token', required: true },
        refreshToken: { type: 'password', label: 'Refresh token', required: true },
      },
      auto_refresh: true,
      refresh_token: {
        url: `${ORIGIN}/token`,
        method: 'POST',
        bodyType: 'x-www-form-urlencoded',
        body: {
          grant_type: 'refresh_token',
          refresh_token: '[[refreshToken]]',
          client_id: '{{client_id}}',
          client_secret: '[[client_secret]]',
        },
        mapping: { accessToken: '$.access_token', refreshToken: '$.refresh_token' },
      },
      userDetails: { url: `${ORIGIN}/me`, method: 'GET', headers, mapping: { uid: '$.sub' } },
    },
    actions: [
      {
        name: 'whoAmI',
        title: 'Who am I',
        description: 'Asks who is connected.',
        parameters: { type: 'object', properties: {} },
        requests: [{ url: `${ORIGIN}/me`, method: 'GET', headers, mapping: { email: '$.email' } }],
      },
    ],
  }
}
