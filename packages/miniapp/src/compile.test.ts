import { describe, expect, it } from 'vitest'
import { definitionWith } from '../test/definition.ts'
import { compileDefinition } from './compile.ts'
import type { Definition } from './document.ts'
import { DefinitionError } from './expression/definition-error.ts'
import { type Bags, createCredentialScope, createInputScope } from './expression/scope.ts'
import { labelOf } from './label.ts'
import { hasSecretWord } from './secret-names.ts'

const bagsWith = (bags: Partial<Bags>): Bags => ({
  credentials: {},
  metadata: {},
  userInput: {},
  config: {},
  ...bags,
})
const get = (url: string) => ({ url, method: 'GET' as const, mapping: {} })
const actionWith = (...urls: string[]) => [{ name: 'act', title: 'Act', requests: urls.map(get) }]

describe('declaredHosts', () => {
  it.each<[string, Partial<Definition>, Partial<Bags>, string[]]>([
    [
      'literal hosts, in lower case, without port',
      { actions: actionWith('https://API.acme.example:8443/x', 'https://b.example') },
      {},
      ['api.acme.example', 'b.example'],
    ],
    [
      'what follows a placeholder in the host',
      { actions: actionWith('https://{{shop}}.myshopify.com/admin') },
      {},
      ['*.myshopify.com'],
    ],
    [
      'the stored value of a whole origin',
      { actions: actionWith('{{storeUrl}}/wp-json') },
      { userInput: { storeUrl: 'https://Shop.example.com/base/' } },
      ['shop.example.com'],
    ],
    [
      'the stored value without a scheme',
      { actions: actionWith('[[storeUrl]]/wp-json') },
      { credentials: { storeUrl: 'shop.example.com' } },
      ['shop.example.com'],
    ],
    ['nothing for a whole origin without a value', { actions: actionWith('{{storeUrl}}/wp-json') }, {}, []],
    ['allowedHosts', { allowedHosts: ['*.CDN.example', 'up.example'] }, {}, ['*.cdn.example', 'up.example']],
    [
      'sources',
      { source: { rpc_a: { url: 'https://s.example', method: 'GET', valueField: 'id', labelField: 'n' } } },
      {},
      ['s.example'],
    ],
    [
      'auth requests, also from app config',
      {
        auth: {
          type: 'apikey',
          test_token: get('https://t.example'),
          get_token: get('{{tokenUrl}}'),
          registrationRequests: [get('https://r.example')],
          unregistrationRequests: [get('https://u.example')],
        },
      },
      { config: { tokenUrl: 'https://login.example/token' } },
      ['t.example', 'login.example', 'r.example', 'u.example'],
    ],
    [
      'no app config in actions',
      { actions: actionWith('{{baseUrl}}/x') },
      { config: { baseUrl: 'https://c.example' } },
      [],
    ],
    [
      'sync, with endpoints of their own origin',
      {
        sync: {
          baseUrl: '{{storeUrl}}/api',
          resources: {
            orders: {
              name: 'orders',
              contentType: 'ecommerce:orders',
              endpoints: { list: get('/orders'), details: get('https://d.example/orders/{id}') },
              apiMapping: {},
            },
          },
        },
      },
      { userInput: { storeUrl: 'https://s.example' } },
      ['s.example', 'd.example'],
    ],
  ])('are %s', (_, parts, bags, hosts) => {
    const compiled = compileDefinition(definitionWith(parts))
    expect(compiled.declaredHosts(bagsWith(bags)).sort()).toEqual(hosts.sort())
  })
})

describe('secretsOf', () => {
  it('are password fields, sensitive keys, outputs of auth requests and secrets of app config', () => {
    const compiled = compileDefinition(
      definitionWith({
        auth: {
          type: 'apikey',
          sensitiveKeys: ['consumerKey', 'hidden'],
          config: { client_id: '', client_secret: '', region: 'eu' },
          form: { storeUrl: { type: 'url' }, consumerKey: {}, apiSecret: { type: 'password' }, note: {} },
          get_token: {
            ...get('https://t.example'),
            mapping: { accessToken: '$.t', tokenType: '$.y', expiresIn: '$.e' },
          },
        },
        webhook: {
          verification: { type: 'hmac-sha256', headerName: 'X-Sig', secretKey: 'signing' },
        } as Definition['webhook'],
      }),
    )
    const bags: Bags = {
      credentials: {
        storeUrl: 'https://open.example',
        consumerKey: 'consumer-1',
        apiSecret: 'secret-1',
        note: 'open note',
        accessToken: 'access-1',
        nested: { deep: ['deep-1', 42] },
        tokenType: 'bearer',
        expires_in: 3600,
        webhookSecret: 'webhook-1',
      },
      metadata: { uid: 'uid-1', hidden: 'hidden-1' },
      userInput: { storeUrl: 'https://open.example', note: 'open note' },
      config: {
        client_id: 'client-1',
        client_secret: 'config-1',
        signing: 'config-2',
        apiKey: 'config-3',
        region: 'eu',
      },
    }
    expect(compiled.secretsOf(bags).sort()).toEqual(
      [
        'consumer-1',
        'secret-1',
        'access-1',
        'deep-1',
        '42',
        'webhook-1',
        'hidden-1',
        'config-1',
        'config-2',
        'config-3',
      ].sort(),
    )
  })

  it.each([
    ['apiKey', true],
    ['api_key', true],
    ['CLIENT_SECRET', true],
    ['accessToken', true],
    ['keyboard', false],
    ['tokenizer', false],
    ['monkey', false],
  ])('take %s for a secret name: %s', (name, expected) => {
    expect(hasSecretWord(name)).toBe(expected)
  })
})

describe('the connect form', () => {
  const formOf = (auth: Definition['auth'], secretKey?: string) =>
    compileDefinition(
      definitionWith({
        auth,
        ...(secretKey && {
          webhook: {
            verification: { type: 'header-token', headerName: 'X', secretKey },
          } as Definition['webhook'],
        }),
      }),
    ).auth.form

  it('is derived from the empty keys of config', () => {
    const auth: Definition['auth'] = {
      type: 'apikey',
      sensitiveKeys: ['apiKey'],
      config: { store_url: '', apiKey: '', region: 'eu', signingSecret: '' },
    }
    expect(formOf(auth, 'signingSecret')).toEqual({
      store_url: { type: 'text', label: 'Store URL', required: true },
      apiKey: { type: 'password', label: 'API key', required: true },
      signingSecret: { type: 'text', label: 'Signing secret', required: false },
    })
  })

  it.each<[string, Partial<Definition['auth']>, string[]]>([
    ['is nowhere', { config: { apiKey: '' } }, ['apiKey', 'hookSecret']],
    ['is nowhere, beside an explicit form', { form: { apiKey: {} } }, ['apiKey', 'hookSecret']],
    ['is a field', { form: { hookSecret: {} } }, ['hookSecret']],
    ['is in app config', { config: { hookSecret: 'x' } }, []],
    [
      'is mapped',
      { registrationRequests: [{ ...get('https://r.example'), mapping: { hookSecret: '$.s' } }] },
      [],
    ],
  ])('has an optional field for the secret of the verification where it %s', (_, auth, names) => {
    const form = formOf({ type: 'bearer_token', ...auth }, 'hookSecret')
    expect(Object.keys(form)).toEqual(names)
    if (!auth.form?.['hookSecret'] && names.includes('hookSecret')) {
      expect(form['hookSecret']).toEqual({ type: 'password', label: 'Hook secret', required: false })
    }
  })

  it('needs no field for a webhook secret that registration makes', () => {
    const registrationRequests = [
      { ...get('https://r.example'), headers: { 'X-Secret': '{{ webhookSecret }}' } },
    ]
    expect(formOf({ type: 'apikey', registrationRequests }, 'webhookSecret')).toEqual({})
  })

  it('is shown for oauth2 only where it is explicit, and never for none', () => {
    expect(formOf({ type: 'oauth2', config: { client_id: '' } }, 'hookSecret')).toEqual({})
    expect(Object.keys(formOf({ type: 'oauth2', form: { shop: {} } }))).toEqual(['shop'])
    expect(formOf({ type: 'none', form: { shop: {} } })).toEqual({})
  })

  it.each([
    ['apiKey', 'API key'],
    ['storeURL', 'Store URL'],
    ['client_id', 'Client ID'],
    ['consumer-secret2', 'Consumer secret 2'],
    ['x', 'X'],
  ])('labels %s as %s', (key, label) => {
    expect(labelOf(key)).toBe(label)
  })
})

describe('reading the connect form', () => {
  const read = (submitted: unknown, stored?: Record<string, unknown>) =>
    compileDefinition(
      definitionWith({
        auth: {
          type: 'apikey',
          sensitiveKeys: ['account'],
          form: {
            storeUrl: { type: 'url', required: true, label: 'Store' },
            apiKey: { type: 'password', required: true, pattern: 'sk_[a-z]+' },
            account: {},
            limit: { type: 'number' },
            region: { type: 'select', options: ['eu', { value: 'us', label: 'America' }], default: 'eu' },
            live: { type: 'checkbox' },
          },
        },
      }),
    ).auth.readForm(submitted, stored)

  it('trims values, fills defaults in and shows only what is open', () => {
    const submitted = { storeUrl: ' shop.example ', apiKey: 'sk_a', account: 'acc', limit: '5', live: 'on' }
    expect(read(submitted)).toEqual({
      ok: true,
      credentials: {
        storeUrl: 'shop.example',
        apiKey: 'sk_a',
        account: 'acc',
        limit: 5,
        region: 'eu',
        live: true,
      },
      userInput: { storeUrl: 'shop.example', limit: 5, region: 'eu', live: true },
    })
  })

  it('keeps the stored value of an empty secret field, and drops an empty open one', () => {
    const outcome = read(
      { storeUrl: 'https://a.example', apiKey: ' ', limit: '' },
      { apiKey: 'sk_old', account: 'acc', limit: 9 },
    )
    expect(outcome).toEqual({
      ok: true,
      credentials: {
        storeUrl: 'https://a.example',
        apiKey: 'sk_old',
        account: 'acc',
        region: 'eu',
        live: false,
      },
      userInput: { storeUrl: 'https://a.example', region: 'eu', live: false },
    })
  })

  it('says for each field what is wrong', () => {
    const submitted = {
      storeUrl: 'ftp://x',
      apiKey: 'xsk_ab',
      limit: 'many',
      region: 'mars',
      live: 'maybe',
      api_key: 'x',
    }
    expect(read(submitted)).toEqual({
      ok: false,
      fields: [
        { path: '/api_key', message: '"api_key" is no field of this form; did you mean "apiKey"?' },
        { path: '/storeUrl', message: 'Store must be a web address such as https://example.com' },
        { path: '/apiKey', message: 'API key does not have the expected form (sk_[a-z]+)' },
        { path: '/limit', message: 'Limit must be a number' },
        { path: '/region', message: 'Region must be one of: eu, us' },
        { path: '/live', message: 'Live must be yes or no (true or false)' },
      ],
    })
    expect(read({})).toMatchObject({
      fields: [{ message: 'Store is required' }, { message: 'API key is required' }],
    })
    expect(read('x')).toMatchObject({ ok: false, fields: [{ path: '' }] })
  })
})

describe('compileDefinition', () => {
  it.each<[string, Partial<Definition>, string]>([
    [
      'a function that is not there',
      { actions: [{ name: 'a', title: 'A', requests: [{ type: 'function', name: 'nope' }] }] },
      '/actions/0/requests/0/name',
    ],
    [
      'a credential for a function',
      {
        functions: { f: { params: ['x'], code: '' } },
        actions: [
          { name: 'a', title: 'A', requests: [{ type: 'function', name: 'f', args: { x: '[[key]]' } }] },
        ],
      },
      '/actions/0/requests/0/args/x',
    ],
    [
      'a path that does not parse',
      { source: { rpc_a: { url: 'https://s.example', method: 'GET', valueField: 'a[', labelField: 'n' } } },
      '/source/rpc_a/valueField',
    ],
    [
      'a pattern beyond RE2',
      { auth: { type: 'apikey', form: { key: { pattern: '(?=x)' } } } },
      '/auth/form/key/pattern',
    ],
  ])('refuses %s, saying where', (_, parts, pointer) => {
    expect(() => compileDefinition(definitionWith(parts))).toThrow(DefinitionError)
    expect(() => compileDefinition(definitionWith(parts))).toThrow(expect.objectContaining({ pointer }))
  })

  it('encodes a slash in parameters that are one segment', () => {
    const definition = definitionWith({
      actions: [
        {
          name: 'act',
          title: 'Act',
          parameters: { properties: { a: { type: 'string', 'x-path': 'segment' } } },
          requests: [get('https://a.example/{{a}}/{{b}}')],
        },
      ],
    })
    const [step] = compileDefinition(definition).actions.get('act')?.steps ?? []
    const values = { input: { a: 'x/y', b: 'x/y' }, outputs: {}, userInput: {}, metadata: {}, system: {} }
    const scopes = { input: createInputScope(values), credential: createCredentialScope(bagsWith({})) }
    const url = step?.kind === 'http' ? step.url.render(scopes, { hostFromForm: true }) : ''
    expect(url).toBe('https://a.example/x%2Fy/x/y')
  })
})
