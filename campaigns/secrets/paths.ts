/** The ways in which something goes wrong, each provoked with secrets at hand. */
import { sql } from 'kysely'
import { makeValue } from './canaries.ts'
import { FORM_APP, OAUTH_APP } from './definitions.ts'
import { MODES } from './echo-provider.ts'
import type { WatchedPlatform } from './platform.ts'

export interface Path {
  name: string
  /** The provider is to be asked, and answers badly. */
  misbehaves?: true
  provoke(platform: WatchedPlatform): Promise<unknown>
}

const CONNECT =
  'mutation ($ns: String!, $c: JSON!) { saveMiniAppCredentials(ns: $ns, credentials: $c, reregister: true) }'
const INFO =
  'query ($ns: String!) { miniAppGeneralInfo(ns: $ns) { auth { state accountName userInput lastConnectError errorCode } } }'

const connect = (platform: WatchedPlatform, changes: Record<string, unknown> = {}) => {
  const { apiKey, pin } = platform.typed
  return platform.call('saveMiniAppCredentials', CONNECT, {
    ns: FORM_APP,
    c: { apiKey, pin, region: 'eu', ...changes },
  })
}
const ofForm = (field: string, query: string) => (platform: WatchedPlatform) =>
  platform.call(field, query, { ns: FORM_APP })
const disconnect = ofForm('disconnectMiniApp', 'mutation ($ns: String!) { disconnectMiniApp(ns: $ns) }')
const refresh = ofForm('refreshMiniAppToken', 'mutation ($ns: String!) { refreshMiniAppToken(ns: $ns) }')
const retry = ofForm(
  'retryMiniAppRegistration',
  'mutation ($ns: String!) { retryMiniAppRegistration(ns: $ns) }',
)

const loadOptions = (platform: WatchedPlatform) =>
  platform.call(
    'miniAppsActionSources',
    'query ($ns: String!, $p: JSON) { miniAppsActionSources(miniAppNs: $ns, sourceKey: "rpc_options", params: $p) }',
    { ns: FORM_APP, p: { parent: makeValue('parent') } },
  )
const act = (action: string) => (platform: WatchedPlatform) => platform.act(FORM_APP, action, { text: 'a' })

/** What is provoked after the app was connected, by the provider's path that then misbehaves. */
const CALLS: Record<string, (platform: WatchedPlatform) => Promise<unknown>> = {
  '/echo': async (platform) => [await act('echo')(platform), await act('chain')(platform)],
  '/send': act('send'),
  '/ask': act('ask'),
  '/chain': act('chain'),
  '/options': loadOptions,
  '/token': (platform) => connect(platform),
  '/test': (platform) => connect(platform),
  '/me': (platform) => connect(platform),
  '/hooks': async (platform) => [await connect(platform), await retry(platform)],
  '/hooks-two': async (platform) => [await connect(platform), await retry(platform)],
  '/refresh': refresh,
  '/unhook': disconnect,
}

const misbehaving: Path[] = Object.entries(CALLS).flatMap(([path, call]) =>
  MODES.map((mode) => ({
    name: `${path} ${mode}`,
    misbehaves: true,
    async provoke(platform) {
      platform.provider.misbehave('', 'good')
      await connect(platform)
      platform.provider.misbehave(path, mode)
      await call(platform)
      await platform.call('miniAppGeneralInfo', INFO, { ns: FORM_APP })
    },
  })),
)

interface Started {
  callback: string
  state: string
  cookie: string
}

const TICKET = 'mutation ($ns: String!) { miniAppOauthTicket(ns: $ns, openerOrigin: "http://localhost:1") }'
const askForTicket = (platform: WatchedPlatform) =>
  platform.call('miniAppOauthTicket', TICKET, { ns: OAUTH_APP })

async function startOauth(platform: WatchedPlatform): Promise<Started> {
  const { data } = await askForTicket(platform)
  const { url } = data['miniAppOauthTicket'] as { url: string }
  platform.plant('ticket', new URL(url).searchParams.get('ticket') ?? '', ['answer miniAppOauthTicket'])
  const { response } = await platform.visit('oauth start', url)
  await platform.visit('oauth start again', url)
  const location = new URL(response.headers.get('location') ?? '')
  const state = location.searchParams.get('state') ?? ''
  const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  platform.plant('state', state, ['answer oauth start'])
  platform.plant('cookie', cookie.split('=')[1] ?? '', ['answer oauth start'])
  return { callback: url.split('?')[0] ?? '', state, cookie }
}

type Query = (started: Started, platform: WatchedPlatform) => Record<string, string>

const newCode = (platform: WatchedPlatform) => {
  const value = makeValue('code')
  platform.plant(`code ${platform.provider.canaries.length}`, value, [])
  return value
}
/** What a provider may put into an error text: what it was sent, and what it knows of the account. */
const known = ({ provider, typed }: WatchedPlatform, { state }: Started) =>
  [
    typed['client_secret'],
    provider.newest('access'),
    provider.newest('refresh'),
    state,
    provider.control.value,
  ].join(' ')

const CALLBACKS: Record<string, Query> = {
  good: ({ state }, platform) => ({ state, code: newCode(platform) }),
  denied: (started, platform) => ({
    state: started.state,
    error: 'access_denied',
    error_description: known(platform, started),
  }),
  'denied, encoded': (started, platform) => ({
    state: started.state,
    error: 'access_denied',
    error_description: `${encodeURIComponent(known(platform, started))} ${Buffer.from(known(platform, started)).toString('base64')}`,
  }),
  'denied, at the cut': (started, platform) => ({
    state: started.state,
    error: 'access_denied',
    error_description: `${'x'.repeat(480)} ${known(platform, started)}`,
  }),
  'secret as error': ({ state }, { typed }) => ({ state, error: typed['client_secret'] ?? '' }),
  'wrong state': ({ state }, platform) => ({ state: `${state}x`, code: newCode(platform) }),
  'long code': ({ state }, platform) => ({ state, code: newCode(platform).repeat(200) }),
}

const callbacks: Path[] = Object.entries(CALLBACKS).flatMap(([name, query]) =>
  [true, false].map((withCookie) => ({
    name: `callback ${name}${withCookie ? '' : ' in another browser'}`,
    async provoke(platform) {
      platform.provider.misbehave('', 'good')
      const started = await startOauth(platform)
      const address = `${started.callback}?${new URLSearchParams(query(started, platform))}`
      const headers = { cookie: withCookie ? started.cookie : '' }
      await platform.visit('oauth callback', address, { headers })
      await platform.visit('oauth callback', address, { headers })
      await platform.call('miniAppGeneralInfo', INFO, { ns: OAUTH_APP })
    },
  })),
)

const exchanges: Path[] = ['/token', '/me'].flatMap((path) =>
  MODES.map((mode) => ({
    name: `oauth ${path} ${mode}`,
    misbehaves: true,
    async provoke(platform) {
      platform.provider.misbehave('', 'good')
      const { callback, state, cookie } = await startOauth(platform)
      platform.provider.misbehave(path, mode)
      const query = new URLSearchParams({ state, code: newCode(platform) })
      await platform.visit('oauth callback', `${callback}?${query}`, { headers: { cookie } })
      await platform.call('miniAppGeneralInfo', INFO, { ns: OAUTH_APP })
    },
  })),
)

/** A secret that somebody sends in a wrong place. */
type Mistake = (secret: string, platform: WatchedPlatform) => Promise<unknown>

const quoted = JSON.stringify
const connectLiteral = (literal: string) =>
  `mutation { saveMiniAppCredentials(ns: "${FORM_APP}", credentials: ${literal}) }`
const raw =
  (name: string, body: string, type = 'application/json'): Mistake =>
  (_secret, platform) =>
    platform.visit(name, `${platform.url}/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': type },
      body,
    })

const MISTAKES: Record<string, Mistake> = {
  'syntax: not closed': (secret, platform) =>
    platform.call('syntax', connectLiteral(`{ apiKey: ${quoted(secret)}`).slice(0, -3)),
  'syntax: no comma, a second string': (secret, platform) =>
    platform.call('syntax', connectLiteral(`{ apiKey: "a", ${quoted(secret)} }`)),
  'syntax: single quotes': (secret, platform) =>
    platform.call('syntax', connectLiteral(`{ apiKey: '${secret}' }`)),
  'syntax: bare': (secret, platform) => platform.call('syntax', connectLiteral(`{ apiKey: ${secret} }`)),
  'syntax: string not ended': (secret, platform) =>
    platform.call('syntax', connectLiteral(`{ apiKey: "${secret.replaceAll('"', '')} }`)),
  'syntax: block string': (secret, platform) =>
    platform.call('syntax', connectLiteral(`{ """${secret.replaceAll('"', '')}""" }`)),
  'literal of a wrong type': (secret, platform) =>
    platform.call(
      'literal',
      `mutation { saveMiniAppCredentials(ns: "x", credentials: {}, reregister: ${quoted(secret)}) }`,
    ),
  'literal for an enumeration or object': (secret, platform) =>
    platform.call('literal', `{ miniAppGeneralInfo(ns: { key: ${quoted(secret)} }) { ns } }`),
  'variable of a wrong type': (secret, platform) =>
    platform.call('variable', 'query ($ns: String!) { miniAppGeneralInfo(ns: $ns) { ns } }', {
      ns: { apiKey: secret },
    }),
  'boolean variable': (secret, platform) =>
    platform.call(
      'variable',
      'mutation ($r: Boolean) { saveMiniAppCredentials(ns: "x", credentials: {}, reregister: $r) }',
      { r: secret },
    ),
  'number variable': (secret, platform) =>
    platform.call('variable', 'query ($n: Int) { miniAppActionRuns(first: $n) { data { _id } } }', {
      n: secret,
    }),
  'date variable': (secret, platform) =>
    platform.call(
      'variable',
      'mutation ($d: Date) { appsAdd(name: "x", permissions: [], expireDate: $d) { _id } }',
      { d: secret },
    ),
  'form: wrong type': (secret, platform) => connect(platform, { apiKey: [secret] }),
  'form: unknown field': (secret, platform) => connect(platform, { unknown: secret }),
  'form: pattern': (secret, platform) => connect(platform, { pin: `1${secret}`, account: secret }),
  'form: option': (secret, platform) => connect(platform, { region: secret }),
  'form: U+0000': (secret, platform) => connect(platform, { apiKey: `${secret}\u0000` }),
  'form: not a header': (secret, platform) =>
    connect(platform, { apiKey: `${secret}\r\nX: y`, pin: `${secret}\u0001` }),
  'form: no object': (secret, platform) =>
    platform.call('saveMiniAppCredentials', CONNECT, { ns: FORM_APP, c: secret }),
  'input: wrong type': (secret, platform) => platform.act(FORM_APP, 'echo', { count: secret }),
  'config: no object': (secret, platform) =>
    platform.call('set config', 'mutation ($c: JSON!) { setMiniAppConfig(ns: "canary-form", config: $c) }', {
      c: secret,
    }),
  'config: too large': (secret, platform) =>
    platform.call('set config', 'mutation ($c: JSON!) { setMiniAppConfig(ns: "canary-form", config: $c) }', {
      c: { private_key: secret.repeat(3000) },
    }),
  'config: unknown app': (secret, platform) =>
    platform.call('set config', 'mutation ($c: JSON!) { setMiniAppConfig(ns: "nobody", config: $c) }', {
      c: { client_secret: secret },
    }),
  'body: no JSON': (secret, platform) =>
    raw('body', `{"query": "{ a }", "variables": {"apiKey": ${secret}}}`)(secret, platform),
  'body: cut': (secret, platform) =>
    raw('body', `{"query": "mutation { x(apiKey: \\"${secret.slice(0, -8)}`)(secret, platform),
  'body: a form': (secret, platform) =>
    raw('body', `apiKey=${secret}`, 'application/x-www-form-urlencoded')(secret, platform),
  'body: too large': (secret, platform) => raw('body', secret.repeat(200_000))(secret, platform),
  'token: wrong': (secret, platform) => platform.call('wrong token', '{ currentUser { _id } }', {}, secret),
  'token: as a JWT': (secret, platform) =>
    platform.call(
      'wrong token',
      '{ currentUser { _id } }',
      {},
      `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(quoted({ secret })).toString('base64url')}.${/[A-Za-z0-9]{16,}/.exec(secret)?.[0]}`,
    ),
  'address: unknown': (secret, platform) =>
    platform.visit(
      'address',
      `${platform.url}/nothing/${encodeURIComponent(secret)}?token=${encodeURIComponent(secret)}`,
    ),
  'address: not decodable': (secret, platform) =>
    platform.visit('address', `${platform.url}/%E0%A4%A/${encodeURIComponent(secret)}`),
  'address: ticket': (secret, platform) =>
    platform.visit(
      'address',
      `${platform.url}/miniapps/${OAUTH_APP}/oauth2?ticket=${encodeURIComponent(secret)}`,
    ),
  'address: login': (secret, platform) =>
    platform.visit('address', `${platform.url}/login/default.${encodeURIComponent(secret)}`, {
      method: 'POST',
    }),
  'query string': (secret, platform) =>
    platform.visit(
      'address',
      `${platform.url}/graphql?query=${encodeURIComponent(`{ a(b: ${quoted(secret)} }`)}`,
    ),
}

const mistakes: Path[] = Object.entries(MISTAKES).map(([name, make]) => ({
  name: `mistake ${name}`,
  async provoke(platform) {
    const secret = makeValue('mistake')
    platform.plant(`mistake ${name}`, secret, [])
    platform.provider.misbehave('', 'good')
    await make(secret, platform)
  },
}))

/** Values of credentials as the input of functions: what these throw, print and return. */
const functions: Path[] = ['throws', 'logs', 'echo'].map((action) => ({
  name: `input with a credential: ${action}`,
  async provoke(platform) {
    platform.provider.misbehave('', 'good')
    await connect(platform)
    await platform.act(FORM_APP, action, { text: platform.typed['apiKey'] })
  },
}))

const all: Path[] = [...misbehaving, ...callbacks, ...exchanges, ...mistakes, ...functions]
const isRateLimited = ({ name }: Path) => name.includes('told-429')

/** Rate limits last: after one the platform asks less. */
export const PATHS: readonly Path[] = [
  ...all.filter((path) => !isRateLimited(path)),
  ...all.filter(isRateLimited),
]

const changed = (column: string) =>
  sql`set_byte(${sql.ref(column)}, 20, (get_byte(${sql.ref(column)}, 20) + 1) % 256)`

/** Rows that were changed behind the server's back. Call it while the server is down. */
export function tamper(platform: WatchedPlatform): Promise<void> {
  return platform.withDatabase(async (db) => {
    await sql`update install set credentials = ${changed('credentials')} where credentials is not null`.execute(
      db,
    )
    await sql`update app_config set config = ${changed('config')}`.execute(db)
  })
}

/** After {@link tamper}. */
export const TAMPERED_PATHS: readonly Path[] = [
  { name: 'tampered: action', provoke: act('echo') },
  { name: 'tampered: options', provoke: loadOptions },
  { name: 'tampered: connect', provoke: (platform) => connect(platform) },
  { name: 'tampered: refresh', provoke: refresh },
  { name: 'tampered: disconnect', provoke: disconnect },
  {
    name: 'tampered: config',
    provoke: (platform) => platform.call('config keys', `{ miniAppConfigKeys(ns: "${OAUTH_APP}") }`),
  },
  { name: 'tampered: oauth', provoke: askForTicket },
]
