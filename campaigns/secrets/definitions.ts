/** Two apps whose every request carries secrets: one with a form, one with OAuth. */
import { listing } from '../../packages/server/test/ledger-app.ts'

export const ORIGIN = 'https://canary.example'
export const FORM_APP = 'canary-form'
export const OAUTH_APP = 'canary-oauth'

const keyed = { Authorization: 'Bearer [[accessToken]]', 'X-Key': '[[apiKey]]' }
const headers = { ...keyed, 'X-Plain': '{{text}}' }
const bearer = { Authorization: 'Bearer [[accessToken]]' }
const mapping = { accessToken: '$.access_token', refreshToken: '$.refresh_token', expiresIn: '$.expires_in' }
const get = (path: string) => ({ url: `${ORIGIN}${path}`, method: 'GET', headers: bearer })
const post = (path: string, body: Record<string, unknown>) => ({
  url: `${ORIGIN}${path}`,
  method: 'POST',
  headers: bearer,
  body,
})

const plainParameters = { text: { type: 'string' }, count: { type: 'integer' } }
const dependent = {
  parent: { type: 'string' },
  option: { type: 'string', 'x-source': 'rpc_options', 'x-depends-on': ['parent'], 'x-fallback': 'input' },
}
const action = (name: string, requests: unknown[], more: Record<string, unknown> = {}) => ({
  name,
  title: name,
  description: name,
  parameters: { type: 'object', properties: { ...plainParameters, ...more } },
  requests,
})
const message = { mapping: { message: '$.message', nested: '$.nested' } }

const actions = [
  action('echo', [{ ...get('/echo'), headers, ...message }], dependent),
  action('send', [{ ...post('/send', { key: '[[apiKey]]', pin: '[[pin]]' }), ...message }]),
  action('ask', [{ ...get('/ask?key=[[apiKey]]&pin=[[pin]]'), ...message }]),
  action('path', [{ ...get('/path/[[pin]]'), ...message }]),
  action('chain', [
    { ...get('/echo'), mapping: [{ name: 'kept', value: '$.message' }] },
    { ...post('/chain', { kept: '{{kept}}' }), ...message },
  ]),
  action('throws', [{ type: 'function', name: 'thrower', args: { text: '{{text}}' } }]),
  action('logs', [{ type: 'function', name: 'logger', args: { text: '{{text}}' } }]),
]

const functions = {
  thrower: { params: ['text'], code: 'throw new Error("I was given " + text)' },
  logger: { params: ['text'], code: 'console.log(text); return [text]' },
}

export function formDefinition(): Record<string, unknown> {
  return {
    ...listing(FORM_APP, ORIGIN),
    auth: {
      type: 'bearer_token',
      sensitiveKeys: ['apiKey', 'pin', 'accessToken', 'refreshToken', 'hookId'],
      config: { client_secret: '' },
      form: {
        apiKey: { type: 'password', label: 'Key', required: true },
        pin: { type: 'password', label: 'PIN', pattern: '[A-Za-z].{3,200}' },
        region: { type: 'select', label: 'Region', options: ['eu', 'us'], default: 'eu' },
        account: { type: 'text', label: 'Account', pattern: '[a-z]*' },
      },
      get_token: {
        ...post('/token', { key: '[[apiKey]]', pin: '[[pin]]', client: '[[client_secret]]' }),
        headers: {},
        mapping,
      },
      refresh_token: {
        ...post('/refresh', { token: '[[refreshToken]]', client: '[[client_secret]]' }),
        mapping,
      },
      auto_refresh: true,
      test_token: { ...get('/test'), mapping: { ok: '$.ok' } },
      userDetails: { ...get('/me'), mapping: { uid: '$.uid', name: '$.name' } },
      registrationRequests: [
        {
          ...post('/hooks', { secret: '{{webhookSecret}}', webhookSecret: '{{webhookSecret}}' }),
          mapping: { hookId: '$.id' },
        },
        { ...post('/hooks-two', { id: '[[hookId]]' }), mapping: [{ name: 'receipt', value: '$.receipt' }] },
      ],
      unregistrationRequests: [{ ...post('/unhook', { id: '[[hookId]]' }), headers: keyed }],
    },
    actions,
    functions,
    source: {
      rpc_options: {
        url: `${ORIGIN}/options?parent={{parent}}`,
        method: 'GET',
        headers: bearer,
        valueField: 'id',
        labelField: 'name',
      },
    },
  }
}

export function oauthDefinition(): Record<string, unknown> {
  const tokenRequest = (path: string, body: Record<string, unknown>) => ({
    ...post(path, { client_secret: '[[client_secret]]', ...body }),
    headers: {},
    bodyType: 'x-www-form-urlencoded',
    mapping,
  })
  return {
    ...listing(OAUTH_APP, ORIGIN),
    auth: {
      type: 'oauth2',
      sensitiveKeys: ['accessToken', 'refreshToken', 'client_secret'],
      config: { client_id: 'client', client_secret: '' },
      pkce: true,
      auto_refresh: true,
      auth_url: `${ORIGIN}/authorize?client_id={{client_id}}&response_type=code`,
      get_token: tokenRequest('/token', {
        code: '{{code}}',
        code_verifier: '{{code_verifier}}',
        redirect_uri: '{{redirect_uri}}',
      }),
      refresh_token: tokenRequest('/refresh', { refresh_token: '[[refreshToken]]' }),
      userDetails: { ...get('/me'), mapping: { uid: '$.uid', name: '$.name' } },
    },
    actions: [action('echo', [{ ...get('/echo'), ...message }])],
  }
}
