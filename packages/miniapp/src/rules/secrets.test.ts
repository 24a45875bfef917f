import { describe, expect, test } from 'vitest'
import { toldAtSubmission } from '../../test/told.ts'

/** Where the line runs between a secret and what only looks like one; `findings/` shows the plain cases. */
const MADE_UP = 'q7RtZ2xW9mKp4LvB8nHs3JdF6gYc1TaUe5Xo'
const HEX = '9f3c71d2b8a40e65c1d7f29a3b846e05'

const userDetails = {
  url: 'https://api.acme.example/me',
  method: 'GET',
  headers: { Authorization: 'Bearer [[accessToken]]' },
  mapping: { uid: '$.id', name: '$.name' },
}
const exchange = (change: object = {}) => ({
  url: 'https://login.acme.example/token',
  method: 'POST',
  body: { code: '{{code}}', client_secret: '{{client_secret}}' },
  mapping: { accessToken: '$.access_token' },
  ...change,
})
/** The base definition, connected through OAuth 2.0. */
const oauth = (change: object) => {
  const headers = { Authorization: 'Bearer [[accessToken]]' }
  return {
    '/auth': {
      type: 'oauth2',
      sensitiveKeys: ['accessToken', 'signingSecret'],
      config: { client_id: '', client_secret: '', signingSecret: '' },
      form: { shop: { label: 'Shop' } },
      auth_url: 'https://login.acme.example/authorize?client_id={{client_id}}',
      get_token: exchange(),
      userDetails,
      ...change,
    },
    '/actions/0/requests/1/headers': headers,
    '/source/rpc_orders/headers': headers,
    '/sync/headers': headers,
  }
}

describe('which names are secrets', () => {
  const field = (name: string, type?: string) =>
    toldAtSubmission({ [`/auth/form/${name}`]: { label: 'X', ...(type && { type }) } })

  test.each(['accessToken', 'api_key', 'shop_password', 'SECRET', 'webhookSecret', 'X-Key'])('%s', (name) => {
    expect(field(name)).toEqual([`unlisted-secret /auth/form/${name}`])
  })

  test.each([
    'monkey',
    'keyboard',
    'passwordless',
    'tokenize',
    'accountName',
    'token_type',
    'tokenExpiresAt',
    'secretExpiry',
    'keyScopes',
  ])('not %s', (name) => {
    expect(field(name)).toEqual([])
  })

  test('a password field is one, whatever its name', () => {
    expect(field('pin', 'password')).toEqual(['unlisted-secret /auth/form/pin'])
  })

  test('a choice or an address is none', () => {
    expect(field('useToken', 'checkbox')).toEqual([])
    expect(field('tokenUrl', 'url')).toEqual([])
  })

  test('config and what becomes a credential are told too, each name once', () => {
    const mapping = { accessToken: '$.a', refreshToken: '$.r', token_type: '$.t' }
    const refresh_token = exchange({ body: {}, mapping: { refreshToken: '$.r' } })
    const config = { client_id: '', client_secret: '', signingSecret: '', appKey: '', useKey: true }
    expect(toldAtSubmission(oauth({ config, get_token: exchange({ mapping }), refresh_token }))).toEqual([
      'unlisted-secret /auth/config/appKey',
      'unlisted-secret /auth/get_token/mapping/refreshToken',
    ])
  })

  test('nothing is told where the list itself is broken', () => {
    expect(toldAtSubmission({ '/auth/sensitiveKeys': 'apiKey' })).toEqual(['wrong-type /auth/sensitiveKeys'])
  })
})

describe('live secrets', () => {
  const body = (value: unknown) => toldAtSubmission({ '/actions/0/requests/1/body': value })
  const at = (place: string) => [`live-secret ${place}`]

  test.each([
    ['a header', { '/sync/headers/X-Partner': MADE_UP }, '/sync/headers/X-Partner'],
    [
      'a header with a scheme',
      { '/actions/0/requests/1/headers/Authorization': `Bearer ${MADE_UP}` },
      '/actions/0/requests/1/headers/Authorization',
    ],
    [
      'the query of a URL',
      { '/source/rpc_orders/url': `https://api.acme.example/orders?api_key=${HEX}` },
      '/source/rpc_orders/url',
    ],
    [
      'a query parameter',
      { '/source/rpc_orders/queryParams': { t: MADE_UP } },
      '/source/rpc_orders/queryParams/t',
    ],
    [
      'a body',
      { '/actions/0/requests/1/body': { a: [{ token: HEX }] } },
      '/actions/0/requests/1/body/a/0/token',
    ],
    ['app config', { '/auth/config': { partner: MADE_UP } }, '/auth/config/partner'],
    ['the start of a form', { '/auth/form/region': { default: MADE_UP } }, '/auth/form/region/default'],
    [
      'the code of a function, by its shape',
      { '/functions/shorten/code': `return { short: 'sk_live_${MADE_UP}' + text }` },
      '/functions/shorten/code',
    ],
  ])('in %s', (_, change, place) => {
    expect(toldAtSubmission(change)).toEqual(at(place))
  })

  test.each([
    ['an id', { channelId: MADE_UP, template_id: MADE_UP }],
    ['hexadecimal under another name', { workspace: HEX }],
    ['a template', { text: `{{note}} ${MADE_UP}` }],
    ['a GraphQL query', { query: 'mutation Note($text: String!) { noteCreate(text: $text) { id } }' }],
  ])('%s in a body is none', (_, value) => {
    expect(body({ ...value, text: '{{short}}' })).toEqual([])
  })

  test('an image, a long description, long code and a sample are none', () => {
    expect(
      toldAtSubmission({
        '/icon': `https://cdn.acme.example/${MADE_UP}.svg`,
        '/userGuide': `${'A long guide with many words. '.repeat(200)} ${MADE_UP}`,
        '/functions/shorten/code': `const table = '${MADE_UP}'\nreturn { short: table + text }`,
        '/triggers/0/sample': {
          event: 'order.created',
          id: MADE_UP,
          token: HEX,
          image: `data:image/png;base64,${MADE_UP}`,
        },
      }),
    ).toEqual([])
  })

  test('the client of an OAuth app may stand in the document, that of another may not', () => {
    const config = { client_id: MADE_UP, client_secret: `GOCSPX-${MADE_UP.slice(0, 28)}`, signingSecret: '' }
    expect(toldAtSubmission(oauth({ config }))).toEqual([])
    expect(toldAtSubmission({ '/auth/config': { client_secret: config.client_secret } })).toEqual([
      'live-secret /auth/config/client_secret',
    ])
  })

  test('a message never repeats the secret', async () => {
    const { validate } = await import('../validate.ts')
    const messages = validate({ auth: { config: { partner: MADE_UP } } }, { level: 'submission' })
    expect(messages.some(({ code }) => code === 'live-secret')).toBe(true)
    expect(JSON.stringify(messages)).not.toContain(MADE_UP)
  })
})

describe('the secret of an app goes to a host that no workspace can choose', () => {
  const token = (url: string, change: object = {}) =>
    toldAtSubmission(oauth({ get_token: exchange({ url }), ...change }))
  const found = ['app-secret-to-chosen-host /auth/get_token/url']

  test.each([
    ['a literal host', 'https://login.acme.example/token'],
    ['a placeholder before a domain of the provider', 'https://{{shop}}.acme.example/token'],
    ['a placeholder in the path', 'https://login.acme.example/{{shop}}/token'],
  ])('%s', (_, url) => {
    expect(token(url)).toEqual([])
  })

  test.each([
    ['a whole origin of the form', '{{shop}}/token'],
    ['a name under a domain that anybody can have', 'https://{{shop}}.herokuapp.com/token'],
    ['the same, written as a credential', 'https://[[shop]].workers.dev/token'],
  ])('not %s', (_, url) => {
    expect(token(url)).toEqual(found)
  })

  test('the operator may choose it, by app config', () => {
    const config = { client_id: '', client_secret: '', signingSecret: '', base: 'https://eu.acme.example' }
    expect(token('{{base}}/token', { config })).toEqual([])
  })

  test('what a workspace enters itself may go where it says', () => {
    const url = '{{shop}}/notes'
    expect(
      toldAtSubmission({
        '/auth/form/shop': { type: 'url', label: 'Shop' },
        '/actions/0/requests/1/url': url,
      }),
    ).toEqual([])
  })

  test('outside auth requests too', () => {
    const headers = { 'X-App-Secret': '[[client_secret]]' }
    expect(
      toldAtSubmission({
        ...oauth({}),
        '/actions/0/requests/1/headers': headers,
        '/actions/0/requests/1/url': '{{shop}}/notes',
      }),
    ).toEqual(['app-secret-to-chosen-host /actions/0/requests/1/url'])
  })
})

describe('the secret of the verification', () => {
  test('with a value it is better an override, and is told once', () => {
    const config = { client_id: '', client_secret: '', signingSecret: `whsec_${MADE_UP}` }
    expect(toldAtSubmission(oauth({ config }))).toEqual([
      'webhook-secret-in-config /auth/config/signingSecret',
    ])
  })

  test('the password of a basic verification is one', () => {
    const verification = { type: 'basic', basic: { usernameKey: 'hookUser', passwordKey: 'signingSecret' } }
    const config = { client_id: '', client_secret: '', signingSecret: 'let me in', hookUser: 'acme' }
    expect(toldAtSubmission({ ...oauth({ config }), '/webhook/verification': verification })).toEqual([
      'webhook-secret-in-config /auth/config/signingSecret',
    ])
  })
})
