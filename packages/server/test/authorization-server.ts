/**
 * A real authorization server that nobody of this project wrote: the npm package `oidc-provider` on a free port of
 * 127.0.0.1. It speaks the authorization code grant with PKCE (S256), rotates refresh tokens and revokes the whole family
 * when one is used twice; its userinfo endpoint is an API that answers 401 to an access token that has expired.
 *
 * Everything is kept in memory; two servers share nothing.
 */
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type ClientMetadata, type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import { authorizationStore } from './authorization-store.ts'

/** A request that the server answered, without the secrets in it. */
export interface AnsweredRequest {
  method: string
  path: string
  /** Of a request to the token endpoint. */
  grantType: string | undefined
  status: number
}

export interface AuthorizationServer extends AsyncDisposable {
  /** The issuer; the endpoints below begin with it. */
  origin: string
  endpoints: { authorization: string; token: string; userinfo: string; revocation: string }
  clients: {
    /** Sends its secret in the form (`client_secret_post`). */
    confidential: { clientId: string; clientSecret: string }
    /** Has no secret; must use PKCE. */
    public: { clientId: string }
  }
  /** In the order of their answers, the pages of the consent excepted. */
  requests: AnsweredRequest[]
  /** Adds a redirect address to both clients; it must match literally. */
  allowRedirect(uri: string): void
  /** Lets the access tokens that were given out so far be expired, without a wait: all, or those of one account. */
  expireAccessTokens(account?: string): void
  /** Tokens of a new grant of the confidential client, as if `account` had just consented. */
  grantTokens(account: string): Promise<{ accessToken: string; refreshToken: string }>
  /** Withdraws what users granted: every token that was given out so far stops working. */
  revokeGrant(): void
  close(): Promise<void>
}

export interface AuthorizationServerOptions {
  /** Lifetime of an access token. The server counts in whole seconds. */
  accessTokenSeconds?: number
  redirectUris?: string[]
}

const CONFIDENTIAL = { clientId: 'storefront', clientSecret: 'storefront-secret-of-the-stand-in' }
const PUBLIC = { clientId: 'storefront-public' }

const PATHS = { authorization: '/auth', token: '/token', userinfo: '/me', revocation: '/token/revocation' }

const HOUR_SECONDS = 3_600

/** Consent is a page with one form: `account` (any word is a user), and `decision`, `allow` or `deny`. */
export async function startAuthorizationServer({
  accessTokenSeconds = 2,
  redirectUris = [],
}: AuthorizationServerOptions = {}): Promise<AuthorizationServer> {
  const requests: AnsweredRequest[] = []
  const store = authorizationStore()
  const redirects = [...redirectUris]
  const saveClients = () => {
    for (const client of clientsWith(redirects)) store.saveClient(client)
  }
  saveClients()

  const server = createServer((request, response) => {
    void respond(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(origin, { ...configuration(accessTokenSeconds), adapter: store.adapter })
  provider.use(async (context: KoaContextWithOIDC, next) => {
    await next()
    const grantType = context.oidc?.params?.['grant_type']
    requests.push({
      method: context.method,
      path: context.path,
      grantType: typeof grantType === 'string' ? grantType : undefined,
      status: context.status,
    })
  })
  const answer = provider.callback()

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!request.url?.startsWith('/interaction/')) return answer(request, response)
    try {
      await interact(provider, request, response)
    } catch (error) {
      response.writeHead(400, { 'Content-Type': 'text/plain' }).end(String(error))
    }
  }

  const authorizationServer: AuthorizationServer = {
    origin,
    endpoints: {
      authorization: origin + PATHS.authorization,
      token: origin + PATHS.token,
      userinfo: origin + PATHS.userinfo,
      revocation: origin + PATHS.revocation,
    },
    clients: { confidential: CONFIDENTIAL, public: PUBLIC },
    requests,
    allowRedirect(uri) {
      redirects.push(uri)
      saveClients()
    },
    expireAccessTokens: (account) => store.expireAccessTokens(account),
    grantTokens: (account) => grantTokens(provider, account),
    revokeGrant: () => store.revokeGrants(),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
    [Symbol.asyncDispose]: () => authorizationServer.close(),
  }
  return authorizationServer
}

async function grantTokens(provider: Provider, accountId: string) {
  const client = await provider.Client.find(CONFIDENTIAL.clientId)
  if (!client) throw new Error('The client is not known.')
  const scope = 'openid profile email'
  const grant = new provider.Grant({ accountId, clientId: client.clientId })
  grant.addOIDCScope(scope)
  const shared = { accountId, client, grantId: await grant.save(), scope, gty: 'authorization_code' }
  const accessToken = new provider.AccessToken({ ...shared, claims: {} } as never)
  const refreshToken = new provider.RefreshToken({ ...shared, claims: {} } as never)
  return { accessToken: await accessToken.save(), refreshToken: await refreshToken.save() }
}

function clientsWith(redirectUris: string[]): ClientMetadata[] {
  const shared: Partial<ClientMetadata> = {
    client_name: 'Storefront',
    redirect_uris: [...redirectUris],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    id_token_signed_response_alg: 'ES256',
  }
  return [
    {
      ...shared,
      client_id: CONFIDENTIAL.clientId,
      client_secret: CONFIDENTIAL.clientSecret,
      token_endpoint_auth_method: 'client_secret_post',
    },
    { ...shared, client_id: PUBLIC.clientId, token_endpoint_auth_method: 'none' },
  ]
}

function configuration(accessTokenSeconds: number): Configuration {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kty: 'EC', use: 'sig', alg: 'ES256' }] },
    routes: PATHS,
    cookies: { keys: ['signs the cookies of the stand-in'] },
    claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
    scopes: ['openid', 'profile', 'email'],
    features: {
      devInteractions: { enabled: false },
      revocation: {
        enabled: true,
        allowedPolicy: (_context, client, token) => token.clientId === client.clientId,
      },
    },
    pkce: { required: (_context, client) => client.clientAuthMethod === 'none' },
    // By default a token outlives its expiry by 15 s.
    clockTolerance: 0,
    rotateRefreshToken: true,
    issueRefreshToken: () => true,
    ttl: {
      AccessToken: accessTokenSeconds,
      AuthorizationCode: HOUR_SECONDS,
      RefreshToken: 24 * HOUR_SECONDS,
      IdToken: HOUR_SECONDS,
      Interaction: HOUR_SECONDS,
      Session: HOUR_SECONDS,
      Grant: 24 * HOUR_SECONDS,
    },
    clientBasedCORS: () => false,
    findAccount: (_context, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, name: nameOf(accountId), email: `${accountId}@example.com` }),
    }),
    renderError(context, { error, error_description }) {
      context.type = 'text/plain'
      context.body = `${error}: ${error_description}`
    },
  }
}

const nameOf = (accountId: string) =>
  `${accountId.charAt(0).toUpperCase()}${accountId.slice(1)} of the stand-in`

/** Shows the form, or does what was decided in it. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { params, uid, session } = await provider.interactionDetails(request, response)
  const clientId = String(params['client_id'])
  if (request.method !== 'POST') {
    const page = consentPage({ uid, clientId, scope: String(params['scope']) })
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page)
    return
  }
  const form = new URLSearchParams(await text(request))
  if (form.get('decision') !== 'allow') {
    const result = { error: 'access_denied', error_description: 'The user said no.' }
    return provider.interactionFinished(request, response, result)
  }
  const accountId = session?.accountId ?? form.get('account') ?? 'ada'
  const grant = new provider.Grant({ accountId, clientId })
  grant.addOIDCScope(String(params['scope']))
  const grantId = await grant.save()
  await provider.interactionFinished(request, response, { login: { accountId }, consent: { grantId } })
}

function consentPage(page: { uid: string; clientId: string; scope: string }): string {
  const [uid, clientId, scope] = [page.uid, page.clientId, page.scope].map(escapeHtml)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Allow ${clientId}?</title></head>
<body><h1>Allow ${clientId}?</h1><p>It asks for: ${scope}</p>
<form method="post" action="/interaction/${uid}">
<label>Account <input name="account" value="ada"></label>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form></body></html>`
}

function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
