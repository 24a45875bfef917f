import { describe, expect, test } from 'vitest'
import { validate } from '../validate.ts'

/** What the golden files do not show: where the line between right and wrong runs. Each case changes one valid definition. */
type Json = Record<string, unknown>

const bearer = { Authorization: 'Bearer [[accessToken]]' }

const definition = () => ({
  ns: 'acme',
  name: 'acme',
  type: 'acme',
  title: 'Acme',
  label: 'Acme',
  shortDescription: 'Acme for your workspace',
  description: 'Connect Acme.',
  status: 'private',
  version: '1.0.0',
  category: 'crm',
  icon: 'https://cdn.example.com/icon.svg',
  logo: 'https://cdn.example.com/logo.png?v=2',
  docsUrl: 'https://docs.example.com/acme',
  auth: {
    type: 'bearer_token',
    sensitiveKeys: ['accessToken'],
    config: { accessToken: '', region: '', product: 'desk' },
    userDetails: {
      url: 'https://api.acme.example/me',
      method: 'GET',
      headers: bearer,
      mapping: { uid: '$.id', shard: '$.shard' },
    },
  } as Json,
  functions: {
    pick: { params: ['list'], code: 'return list[0]' },
    count: { params: ['list'], code: 'return { total: list.length }', returns: ['total'] },
  } as Json,
  source: {
    rpc_lists: {
      url: 'https://api.acme.example/lists',
      method: 'GET',
      headers: bearer,
      valueField: 'id',
      labelField: 'name',
    },
  } as Json,
})

const request = (change: Json = {}) => ({
  url: 'https://api.acme.example/items',
  method: 'POST',
  headers: bearer,
  mapping: { itemId: '$.id' },
  ...change,
})
const properties = { text: { type: 'string' }, list: { type: 'array', items: { type: 'string' } } }
const action = (...requests: Json[]) => ({
  actions: [{ name: 'act', title: 'Act', parameters: { type: 'object', properties }, requests }],
})
const sends = (body: unknown) => action(request({ body }))
const auth = (change: Json) => ({ auth: { ...definition().auth, ...change } })
const oauth = (change: Json) => ({
  auth: {
    type: 'oauth2',
    sensitiveKeys: ['accessToken', 'client_secret'],
    config: { client_id: '', client_secret: '', accountsHost: 'eu' },
    auth_url:
      'https://acme.example/auth?client_id={{client_id}}&state={{state}}&redirect_uri={{redirect_uri}}',
    get_token: {
      url: 'https://acme.example/token',
      method: 'POST',
      body: { code: '{{code}}' },
      mapping: { accessToken: '$.access_token' },
    },
    ...change,
  },
})
const exchange = (change: Json) => ({
  url: 'https://acme.example/token',
  method: 'POST',
  mapping: { accessToken: '$.access_token' },
  ...change,
})

const codes = (change: object) =>
  validate({ ...definition(), ...change }).map(({ code, path }) => `${code} ${path}`)

test('the definition that the cases change is valid', () => {
  expect(codes(sends({ text: '{{text}}' }))).toEqual([])
})

describe('what OAuth 2.0 sends through the browser', () => {
  const verified = { get_token: exchange({ body: { code: '{{code}}', verifier: '{{code_verifier}}' } }) }
  const pkceUrl = 'https://acme.example/auth?client_id={{client_id}}&c={{code_challenge}}'
  const withSecret = 'https://acme.example/auth?secret='

  test.each([
    ['PKCE whose verifier is sent', oauth({ ...verified, pkce: true }), []],
    ['PKCE by the template, whose verifier is sent', oauth({ ...verified, auth_url: pkceUrl }), []],
    ['PKCE without its verifier', oauth({ pkce: true }), ['pkce-incomplete /auth/get_token']],
    [
      'PKCE by the template without its verifier',
      oauth({ auth_url: pkceUrl }),
      ['pkce-incomplete /auth/get_token'],
    ],
    [
      'a secret as {{key}}',
      oauth({ auth_url: `${withSecret}{{client_secret}}` }),
      ['secret-in-auth-url /auth/auth_url'],
    ],
    [
      'a secret as [[key]]',
      oauth({ auth_url: `${withSecret}[[client_secret]]` }),
      ['secret-in-auth-url /auth/auth_url'],
    ],
    ['a client_id that is called sensitive', oauth({ sensitiveKeys: ['client_id'] }), []],
  ])('%s', (_, change, findings) => {
    expect(codes(change)).toEqual(findings)
  })
})

describe('what {{key}} can read in an action', () => {
  test.each([
    ['form input', '{{text}}'],
    ['a path into form input', '{{list[0].name}}'],
    ['white space inside the brackets', '{{ text }}'],
    ['a field of the connect form', '{{region}}'],
    ['metadata', '{{shard}}'],
    ['system values', '{{webhookUrl}} {{now}} {{idempotencyKey}} {{subdomain}} {{uid}}'],
    ['credentials and app config as [[key]]', '[[accessToken]] [[product]] [[region]] [[shard]]'],
  ])('%s', (_, body) => {
    expect(codes(sends(body))).toEqual([])
  })

  test.each([
    ['nothing of that name', '{{txet}}', 'unresolved-placeholder'],
    ['a secret', '{{accessToken}}', 'secret-in-input-placeholder'],
    ['app config', '{{product}}', 'config-outside-auth'],
    ['values of the OAuth flow', '{{code}}', 'unresolved-placeholder'],
    ['the webhook secret', '{{webhookSecret}}', 'unresolved-placeholder'],
    ['its own output', '{{itemId}}', 'unresolved-placeholder'],
    ['a credential that nothing produces', '[[refreshToken]]', 'unresolved-credential'],
  ])('not %s', (_, body, code) => {
    expect(codes(sends(body))).toEqual([`${code} /actions/0/requests/0/body`])
  })

  test('outputs of earlier steps, in either form of mapping', () => {
    const list = request({ mapping: [{ name: 'listed', value: '$' }] })
    expect(codes(action(request(), list, request({ body: '{{itemId}} {{listed}}' })))).toEqual([])
  })

  test('what a function declares that it returns, and nothing else', () => {
    const call = { type: 'function', name: 'count', args: { list: '{{list}}' } }
    expect(codes(action(call, request({ body: ['{{total}}', '{{totl}}'] })))).toEqual([
      'unresolved-placeholder /actions/0/requests/1/body/1',
    ])
  })

  test('anything after a function that declares nothing, with a note', () => {
    const call = { type: 'function', name: 'pick', args: { list: '{{list}}' } }
    expect(codes(action(call, request({ body: '{{anything}}' })))).toEqual([
      'unchecked-placeholder /actions/0/requests/1/body',
    ])
  })

  test('properties that a composed schema may declare elsewhere', () => {
    const composed = {
      name: 'act',
      title: 'Act',
      parameters: { allOf: [{ properties: { more: {} } }] },
      requests: [request({ body: '{{more}}' })],
    }
    expect(codes({ actions: [composed] })).toEqual([])
  })

  test('the loop item inside its step, not in the list of items and not afterwards', () => {
    const loop = { forEach: { items: '{{list}}', as: 'item' }, body: '{{item}}' }
    expect(codes(action(request(loop)))).toEqual([])
    expect(codes(action(request({ ...loop, forEach: { items: '{{item}}', as: 'item' } })))).toEqual([
      'unresolved-placeholder /actions/0/requests/0/forEach/items',
    ])
    expect(codes(action(request(loop), request({ body: '{{item}}' })))).toEqual([
      'unresolved-placeholder /actions/0/requests/1/body',
    ])
  })

  test('the key of a condition is checked like a placeholder', () => {
    expect(codes(action(request({ when: { key: 'text', exists: true } })))).toEqual([])
    expect(codes(action(request({ when: { key: 'txt', exists: true } })))).toEqual([
      'unresolved-placeholder /actions/0/requests/0/when/key',
    ])
  })

  test('placeholders in property names mean nothing', () => {
    expect(codes(sends({ '{{nope}}': 1 }))).toEqual([])
  })
})

describe('what {{key}} can read in auth requests', () => {
  test.each([
    [
      'app config, also where it is listed as sensitive',
      oauth({
        get_token: exchange({
          body: { id: '{{client_id}}', secret: '{{client_secret}}', verifier: '{{code_verifier}}' },
        }),
      }),
    ],
    [
      'the new credentials, as [[key]]',
      oauth({ userDetails: exchange({ headers: bearer, mapping: { uid: '$.id' } }) }),
    ],
    [
      'the webhook secret while registering',
      auth({
        registrationRequests: [
          exchange({
            body: { secret: '{{webhookSecret}}', url: '{{webhookUrl}}' },
            mapping: { hookId: '$.id' },
          }),
        ],
        unregistrationRequests: [{ url: 'https://api.acme.example/hooks/[[hookId]]', method: 'DELETE' }],
      }),
    ],
    [
      'list outputs of the registration request before',
      auth({
        registrationRequests: [
          exchange({ mapping: [{ name: 'team', value: '$.team' }] }),
          exchange({ body: '{{team}}' }),
        ],
      }),
    ],
    ['metadata where it was read before', auth({ registrationRequests: [exchange({ body: '{{shard}}' })] })],
  ])('%s', (_, change) => {
    expect(codes(change)).toEqual([])
  })

  test.each([
    [
      'the code before there is one',
      oauth({ auth_url: 'https://acme.example/auth?code={{code}}' }),
      'unresolved-placeholder /auth/auth_url',
    ],
    [
      'the code after it was exchanged',
      oauth({ userDetails: exchange({ body: '{{code}}' }) }),
      'unresolved-placeholder /auth/userDetails/body',
    ],
    [
      'credentials',
      oauth({ refresh_token: exchange({ body: '{{accessToken}}' }) }),
      'secret-in-input-placeholder /auth/refresh_token/body',
    ],
    [
      'metadata before it was read',
      auth({ test_token: exchange({ body: '{{shard}}' }) }),
      'unresolved-placeholder /auth/test_token/body',
    ],
    [
      'a password field',
      auth({
        form: { accessToken: {}, pin: { type: 'password' } },
        test_token: exchange({ body: '{{pin}}' }),
      }),
      'secret-in-input-placeholder /auth/test_token/body',
    ],
  ])('not %s', (_, change, finding) => {
    expect(codes(change)).toEqual([finding])
  })
})

describe('what {{key}} can read in a source', () => {
  const source = (change: Json) => ({
    source: { rpc_lists: { ...(definition().source['rpc_lists'] as Json), ...change } },
  })
  const dependent = {
    name: 'act',
    title: 'Act',
    parameters: { properties: { text: {}, list: { 'x-source': 'rpc_lists', 'x-depends-on': ['text'] } } },
    requests: [request()],
  }

  test('what a parameter with this source depends on, and its own search parameter', () => {
    expect(
      codes({
        ...source({ queryParams: { board: '{{text}}', q: '{{q}}' }, searchParam: 'q' }),
        actions: [dependent],
      }),
    ).toEqual([])
  })

  test('no other form input', () => {
    expect(codes({ ...source({ queryParams: { board: '{{text}}' } }), ...action(request()) })).toEqual([
      'unresolved-placeholder /source/rpc_lists/queryParams/board',
    ])
  })
})

describe('who may choose the host of a request', () => {
  const at = (url: string, change: Json = {}) => action(request({ url, ...change }))
  const shop = auth({ form: { accessToken: { type: 'password' }, shop: { type: 'text' } } })

  test.each([
    ['the connect form may, as a whole origin', '{{shop}}/items'],
    ['the connect form may, before a domain', 'https://{{shop}}.example.com/items'],
    ['a credential may', 'https://[[shop]].example.com/items'],
    ['form input may choose path and query', 'https://api.acme.example/{{text}}?q={{text}}'],
    ['a domain below a country', 'https://{{shop}}.example.co.uk/'],
  ])('%s', (_, url) => {
    expect(codes({ ...shop, ...at(url) })).toEqual([])
  })

  test.each([
    ['form input may not', 'https://{{text}}.example.com/', 'host-from-input'],
    ['not even for the port', 'https://api.acme.example:{{text}}/', 'host-from-input'],
    ['nor as a whole origin', '{{text}}/items', 'host-from-input'],
    ['nobody may choose the domain', 'https://{{shop}}/items', 'host-without-domain'],
    ['nor a domain below a country', 'https://{{shop}}.co.uk/', 'host-without-domain'],
    ['nor the end of a label', 'https://{{shop}}example.com/', 'host-without-domain'],
    ['nor a top-level domain', 'https://acme.{{shop}}/', 'host-without-domain'],
    ['nor an address by numbers', 'https://{{shop}}.0.0.1/', 'host-without-domain'],
  ])('%s', (_, url, code) => {
    expect(codes({ ...shop, ...at(url) })).toEqual([`${code} /actions/0/requests/0/url`])
  })

  test('a request without credential or app config may go where its user says', () => {
    expect(codes(at('{{text}}/items', { headers: {} }))).toEqual([])
  })

  test('a name that both form input and the connect form have is read from the connect form', () => {
    expect(
      codes({ ...auth({ form: { accessToken: { type: 'password' }, text: {} } }), ...at('{{text}}/items') }),
    ).toEqual([])
  })

  test('app config in an auth request may choose it, an output before it may not', () => {
    const list = exchange({ mapping: [{ name: 'host', value: '$.host' }] })
    expect(
      codes(oauth({ get_token: exchange({ url: 'https://{{accountsHost}}.acme.example/token' }) })),
    ).toEqual([])
    expect(
      codes(
        oauth({
          registrationRequests: [
            list,
            exchange({ url: 'https://{{host}}.acme.example/', body: '{{client_id}}' }),
          ],
        }),
      ),
    ).toEqual(['host-from-input /auth/registrationRequests/1/url'])
  })
})

describe('functions', () => {
  test.each([
    ['a word inside a text or comment', '// fetch\nreturn { a: \'fetch it\', b: "require" }'],
    ['a property of that name', 'return { fetch: list.process, document: 1 }'],
    ['a variable of that name', 'const document = list[0]\nreturn { document }'],
    ['what the sandbox has', 'return { url: new URL(list[0]).host, text: btoa("a") }'],
  ])('%s is no use of what the sandbox lacks', (_, code) => {
    expect(codes({ functions: { pick: { params: ['list'], code } } })).toEqual([])
  })

  test('a compute rule names a function and its parameters', () => {
    const rule = { transform: 'compute', fn: 'count', args: { lst: '$.a' } }
    expect(codes(action(request({ mapping: { a: rule } })))).toEqual([
      'unknown-argument /actions/0/requests/0/mapping/a/args/lst',
    ])
  })
})

describe('one mistake hides no other and makes no other', () => {
  test('where functions are mistyped, steps are not blamed for it', () => {
    const { functions, ...rest } = definition()
    const call = { type: 'function', name: 'pick' }
    expect(validate({ ...rest, fucntions: functions, ...action(call) }).map(({ code }) => code)).toEqual([
      'unknown-property',
    ])
  })

  test('where auth is broken, credentials are not blamed for it', () => {
    expect(codes({ ...auth({ config: 'accessToken' }), ...sends('[[anything]] {{something}}') })).toEqual([
      'wrong-type /auth/config',
    ])
  })

  test('a wrong method leaves the rest of the step to be checked', () => {
    expect(codes(action(request({ method: 'post', body: '{{txt}}', mapping: { a: '$.[', b: 7 } })))).toEqual([
      'unknown-value /actions/0/requests/0/method',
      'malformed-path /actions/0/requests/0/mapping/a',
      'unresolved-placeholder /actions/0/requests/0/body',
    ])
  })
})

describe('webhooks', () => {
  const webhook = (change: Json) => ({
    webhook: {
      verification: { type: 'hmac-sha256', headerName: 'X-Signature', secretKey: 'accessToken' },
      ...change,
    },
  })

  test.each([
    ['a header that may be read', webhook({ eventExtraction: { source: 'header', path: 'X-Event' } }), []],
    [
      'the signature itself',
      webhook({ eventExtraction: { source: 'header', path: 'x-signature' } }),
      ['forbidden-header-path /webhook/eventExtraction/path'],
    ],
    [
      'a path that composition ignores',
      webhook({
        eventExtraction: {
          source: 'body',
          path: '$.[',
          compositeStrategy: { parts: [{ source: 'body', path: 'a' }] },
        },
      }),
      [],
    ],
    [
      'a query parameter with a name that is no path',
      webhook({ eventExtraction: { source: 'query', path: 'hub.[mode' } }),
      [],
    ],
    ['the deprecated commerce block', webhook({ ecommerce: { anything: true } }), []],
    [
      'a signed time',
      webhook({
        verification: {
          type: 'hmac-sha256',
          headerName: 'X-S',
          secretKey: 'accessToken',
          timestampHeader: 'X-T',
          signedPayload: '{timestamp}.{body}',
        },
      }),
      [],
    ],
    [
      'the preset of Slack, named',
      webhook({ verification: { type: 'slack', secretKey: 'accessToken' } }),
      [],
    ],
    ['a transaction id in the older spelling', webhook({ transactionId: { path: '$.id' } }), []],
    ['no verification', { webhook: {} }, []],
  ])('%s', (_, change, expected) => {
    expect(codes(change)).toEqual(expected)
  })
})
