/**
 * The callback, attacked. Every case begins with a start of its own whose answer would connect, and changes something:
 * no case may connect an account, and nothing of what was sent may stand in an answer unescaped.
 */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { openBrowser } from '../../test/browser.ts'
import { type OauthPlatform, startOauthPlatform, type Tenant } from '../../test/oauth-platform.ts'

let platform: OauthPlatform
let tenant: Tenant
let other: Tenant

beforeAll(async () => {
  platform = await startOauthPlatform()
  tenant = platform.tenant
  other = await platform.newTenant()
})
afterAll(() => platform.close())

/** Stands in whatever an attacker sends. */
const MARK = 'pwned'
const HTML = `"'></script><script>${MARK}()</script><img src=x onerror=${MARK}()>`
const encoded = encodeURIComponent

interface Asked {
  method?: string
  /** With the query, as it goes over the wire. */
  path: string
  headers?: Record<string, string>
}

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** Sends a request as it is, without what a client would put right. */
function ask({ method = 'GET', path, headers = {} }: Asked): Promise<Answer> {
  const { port } = new URL(platform.url)
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers }, async (response) => {
      const { statusCode: status = 0, headers: answered } = response
      resolve({ status, headers: answered, body: await text(response) })
    })
    request.on('error', reject)
    request.end()
  })
}

/** An authorization whose answer is on its way back: with path, query and cookie as they are, it connects. */
interface Flow {
  code: string
  state: string
  cookie: string
  cookieName: string
  /** Another one of the same browser, for the other workspace. */
  theirs: Omit<Flow, 'theirs'>
}

const PATH = '/miniapps/storefront/oauth2'
let accounts = 0

async function begin(of: Tenant, ns = 'storefront'): Promise<Omit<Flow, 'theirs'>> {
  const credentials = ns === 'storefront' ? {} : { hint: 'ada' }
  const ticket = await platform.ticket({
    tenant: of,
    ns,
    credentials,
    openerOrigin: 'https://app.example.com',
  })
  const redirect = await fetch(ticket, { redirect: 'manual' })
  const cookie = (redirect.headers.getSetCookie()[0] ?? '').split(';', 1)[0] ?? ''
  const browser = openBrowser({ stopAt: (url) => url.startsWith(platform.url) })
  const consent = await browser.open(redirect.headers.get('location') ?? '')
  const [form] = consent.forms
  if (!form) throw new Error(consent.html)
  const account = `victim${++accounts}`
  const end = await browser.submit(form, { account, decision: 'allow' })
  const { searchParams } = new URL(end.headers.get('location') ?? '')
  const [code, state] = [searchParams.get('code') ?? '', searchParams.get('state') ?? '']
  return { code, state, cookie, cookieName: cookie.split('=', 1)[0] ?? '' }
}

const beginBoth = async (): Promise<Flow> => ({ ...(await begin(tenant)), theirs: await begin(other) })

/** The query with some parameters changed; `undefined` leaves one out. */
function callback(
  flow: Omit<Flow, 'theirs'>,
  changes: Record<string, string | undefined> = {},
  path = PATH,
): Asked {
  const parameters = Object.entries({ code: flow.code, state: flow.state, ...changes })
  const query = parameters
    .flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`))
    .join('&')
  return { path: `${path}?${query}`, headers: { cookie: flow.cookie } }
}

async function connectedStates(): Promise<unknown[]> {
  const rows = await allWorkspaces(platform.context.db.sql)
    .selectFrom('install')
    .select(['ns', 'state', 'uid', 'credentials'])
    .execute()
  return rows.filter(
    ({ state, uid, credentials }) => state !== 'installed' || uid !== null || credentials !== null,
  )
}

function expectNothingReflected({ headers, body }: Answer, shown = false): void {
  expect(JSON.stringify(headers)).not.toContain(MARK)
  if (!shown) expect(body).not.toContain(MARK)
  expect(body).not.toMatch(/<img|onerror=pwned\(\)>|javascript:/i)
  const scripts = body.match(/<script/gi) ?? []
  expect(scripts.length).toBeLessThanOrEqual(1)
  if (scripts.length > 0) expect(body).toMatch(/<script nonce="[A-Za-z0-9+/=]{24}">\nif \(window\.opener\)/)
}

interface Expected {
  /** Default 400. */
  status?: number
  /** Codes that reach the provider; default 0. It refuses them. */
  exchanges?: number
  /** The provider's words are shown, escaped. */
  shown?: boolean
}

type Attack = [string, (flow: Flow) => Asked | Promise<Asked>, Expected?]

async function expectNoConnection(
  attack: Attack[1],
  { status = 400, exchanges = 0, shown = false }: Expected = {},
) {
  const flow = await beginBoth()
  const asked = await attack(flow)
  const before = platform.exchanges()
  const answer = await ask(asked)
  expect(answer.status).toBe(status)
  expectNothingReflected(answer, shown)
  if (String(answer.headers['content-type']).includes('html')) {
    expect(answer.headers['content-security-policy']).toMatch(/^default-src 'none';.*frame-ancestors 'none'$/)
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
  }
  expect(platform.exchanges() - before).toBe(exchanges)
  expect(await connectedStates()).toEqual([])
}

describe('parameters that are missing, doubled, huge or encoded', () => {
  it.each<Attack>([
    ['no parameter at all', () => ({ path: PATH })],
    ['no state', (flow) => callback(flow, { state: undefined })],
    ['an empty state', (flow) => callback(flow, { state: '' })],
    ['no code', (flow) => callback(flow, { code: undefined })],
    ['an empty code', (flow) => callback(flow, { code: '' })],
    ['the state twice', (flow) => callback(flow, { state: `${flow.state}&state=${flow.state}` })],
    ['two states', (flow) => callback(flow, { state: `${flow.state}&state=${flow.theirs.state}` })],
    ['the code twice', (flow) => callback(flow, { code: `${flow.code}&code=${flow.code}` })],
    ['two codes', (flow) => callback(flow, { code: `${flow.code}&code=${MARK}` })],
    ['two errors', (flow) => callback(flow, { error: `${MARK}&error=b` })],
    [
      'brackets behind the names',
      ({ code, state, cookie }) => ({ path: `${PATH}?code[]=${code}&state[]=${state}`, headers: { cookie } }),
    ],
    [
      'semicolons between the parameters',
      ({ code, state, cookie }) => ({ path: `${PATH}?code=${code};state=${state}`, headers: { cookie } }),
    ],
    [
      'names in capitals',
      ({ code, state, cookie }) => ({ path: `${PATH}?CODE=${code}&STATE=${state}`, headers: { cookie } }),
    ],
    ['a code of 4097 characters', (flow) => callback(flow, { code: MARK.padEnd(4097, 'c') })],
    ['a code of 20 000 characters', (flow) => callback(flow, { code: MARK.padEnd(20_000, 'c') })],
    ['a state of 20 000 characters', (flow) => callback(flow, { state: MARK.padEnd(20_000, '0') })],
    [
      'an address that no server reads',
      (flow) => callback(flow, { code: 'c'.repeat(40_000) }),
      { status: 431 },
    ],
    ['two thousand parameters', (flow) => callback(flow, { x: `1${'&state=x'.repeat(2000)}` })],
    [
      'a line break in the code',
      (flow) => callback(flow, { code: `${flow.code}%0D%0ASet-Cookie:%20${MARK}=1` }),
    ],
    ['NUL in the code', (flow) => callback(flow, { code: `${flow.code}%00` })],
    ['bytes that are no UTF-8', (flow) => callback(flow, { code: '%FF%FE' })],
    ['a broken percent sign', (flow) => callback(flow, { code: '%E0%A4%A' })],
    ['NUL in the state', (flow) => callback(flow, { state: `${flow.state}%00` })],
    ['a line break behind the state', (flow) => callback(flow, { state: `${flow.state}%0A` })],
    ['white space around the state', (flow) => callback(flow, { state: `+${flow.state}+` })],
    ['the state in capitals', (flow) => callback(flow, { state: flow.state.toUpperCase() })],
    ['the state encoded twice', (flow) => callback(flow, { state: flow.state.replace('.', '%252E') })],
    ['SQL in the state', (flow) => callback(flow, { state: `${flow.state}'%20or%20'1'='1` })],
    ['names of JavaScript', (flow) => callback(flow, { state: '__proto__', constructor: MARK })],
  ])('%s', (_name, attack, expected) => expectNoConnection(attack, expected))
})

describe('states and codes of somebody else', () => {
  const swapped = (flow: Flow) => `${flow.theirs.state.slice(0, 32)}${flow.state.slice(32)}`

  it.each<Attack>([
    [
      'a state that was never made',
      (flow) => callback(flow, { state: `${flow.state.slice(0, 33)}${'A'.repeat(43)}` }),
    ],
    ['a state that names another workspace', (flow) => callback(flow, { state: swapped(flow) })],
    [
      'a state that names no workspace',
      (flow) => callback(flow, { state: '0'.repeat(32) + flow.state.slice(32) }),
    ],
    ["another workspace's state in this browser", (flow) => callback(flow, { state: flow.theirs.state })],
    [
      "another workspace's code with this state (PKCE)",
      (flow) => callback(flow, { code: flow.theirs.code }),
      { exchanges: 1 },
    ],
    ["another workspace's answer without its cookie", (flow) => ({ path: callback(flow.theirs).path })],
    ['the state at another app', (flow) => callback(flow, {}, '/miniapps/storefront-form/oauth2')],
    ['the state at an app that there is not', (flow) => callback(flow, {}, '/miniapps/github/oauth2')],
    ['a state of another app', async () => callback(await begin(tenant, 'storefront-form'))],
    [
      'a ticket as the state',
      async (flow) =>
        callback(flow, { state: new URL(await platform.ticket()).searchParams.get('ticket') ?? '' }),
    ],
    [
      'the state as a ticket',
      ({ state, cookie }) => ({ path: `${PATH}?ticket=${state}`, headers: { cookie } }),
    ],
    ['a code that was made up', (flow) => callback(flow, { code: MARK }), { exchanges: 1 }],
    ['a code with HTML', (flow) => callback(flow, { code: encoded(HTML) }), { exchanges: 1 }],
    ['a code cut short', (flow) => callback(flow, { code: flow.code.slice(0, -1) }), { exchanges: 1 }],
  ])('%s', (_name, attack, expected) => expectNoConnection(attack, expected))
})

describe('browsers that did not begin', () => {
  const withCookie = (flow: Flow, cookie: string): Asked => ({
    path: callback(flow).path,
    headers: { cookie },
  })

  it.each<Attack>([
    ['no cookie', (flow) => ({ path: callback(flow).path })],
    ['an empty cookie', (flow) => withCookie(flow, `${flow.cookieName}=`)],
    ['a cookie of another start', (flow) => withCookie(flow, flow.theirs.cookie)],
    ['a planted cookie', (flow) => withCookie(flow, `${flow.cookieName}=${'A'.repeat(43)}`)],
    [
      "the other start's value under this name",
      (flow) => withCookie(flow, `${flow.cookieName}=${flow.theirs.cookie.split('=')[1]}`),
    ],
    ['the cookie in quotes', (flow) => withCookie(flow, flow.cookie.replace(/=(.*)/, '="$1"'))],
    ['the cookie in capitals', (flow) => withCookie(flow, flow.cookie.toUpperCase())],
    ['the cookie as a parameter', (flow) => ({ path: `${callback(flow).path}&${flow.cookie}` })],
    [
      'the cookie in another header',
      (flow) => ({ path: callback(flow).path, headers: { 'x-cookie': flow.cookie } }),
    ],
    [
      "the attacker's answer in the victim's browser",
      (flow) => ({ ...callback(flow), headers: { cookie: flow.theirs.cookie } }),
    ],
  ])('%s', (_name, attack, expected) => expectNoConnection(attack, expected))
})

describe('errors that are none of the provider', () => {
  it.each<Attack>([
    [
      'an error without a state',
      () => ({ path: `${PATH}?error=${MARK}&error_description=${encoded(HTML)}` }),
    ],
    [
      'an error with an unknown state',
      (flow) => callback(flow, { state: 'x', code: undefined, error: MARK }),
    ],
    [
      'an error in another browser',
      (flow) => ({ path: callback(flow, { error: MARK, code: undefined }).path }),
    ],
    [
      'HTML in an error',
      (flow) => callback(flow, { error: encoded(HTML), code: undefined }),
      { shown: true },
    ],
    [
      'HTML in its description',
      (flow) => callback(flow, { error: 'e', error_description: encoded(HTML), code: undefined }),
      { shown: true },
    ],
    [
      'the end of our script in its description',
      (flow) =>
        callback(flow, { error: 'e', error_description: encoded(`</script><!--<script>\u2028'"\\${MARK}`) }),
      { shown: true },
    ],
    ['an error beside a good code', (flow) => callback(flow, { error: 'access_denied' })],
    [
      'an address in error_uri',
      (flow) => callback(flow, { error: 'e', error_uri: encoded(`javascript:${MARK}()`) }),
    ],
  ])('%s', (_name, attack, expected) => expectNoConnection(attack, expected))
})

describe('addresses, methods and headers', () => {
  const bad = 'x' // a code that the provider refuses, so that what the case changes is all that could connect
  const evil = `https://${MARK}.example`

  it.each<Attack>([
    ['HTML for the app', (flow) => callback(flow, {}, `/miniapps/${encoded(HTML)}/oauth2`)],
    ['HTML for an app, short', (flow) => callback(flow, {}, `/miniapps/${encoded(`<b>${MARK}`)}/oauth2`)],
    [
      'a path inside the app',
      (flow) => callback(flow, {}, '/miniapps/storefront-form%2F..%2Fstorefront/oauth2'),
    ],
    ['NUL behind the app', (flow) => callback(flow, {}, '/miniapps/storefront%00/oauth2')],
    ['an app in capitals', (flow) => callback(flow, {}, '/miniapps/STOREFRONT/oauth2')],
    ['an app that is no UTF-8', (flow) => callback(flow, {}, `/miniapps/%c0%ae${MARK}/oauth2`)],
    ['a slash at the end', (flow) => callback(flow, {}, `${PATH}/`), { status: 404 }],
    [
      'a workspace in the path',
      (flow) => callback(flow, {}, `/w/${other.workspace.subdomain}${PATH}`),
      { status: 404 },
    ],
    ['POST', (flow) => ({ ...callback(flow), method: 'POST' }), { status: 404 }],
    ['HEAD', (flow) => ({ ...callback(flow), method: 'HEAD' }), { status: 404 }],
    [
      'HTML in parameters nobody reads',
      (flow) =>
        callback(flow, { code: undefined, iss: encoded(HTML), scope: encoded(HTML), [encoded(HTML)]: '1' }),
    ],
    [
      'an opener of its own',
      (flow) => callback(flow, { code: bad, openerOrigin: encoded(evil), opener_origin: encoded(evil) }),
      { exchanges: 1 },
    ],
    [
      'a redirect of its own',
      (flow) =>
        callback(flow, {
          code: bad,
          redirect_uri: encoded(evil),
          next: encoded(evil),
          return_to: `//${MARK}.example`,
        }),
      { exchanges: 1 },
    ],
    [
      'another host',
      (flow) => ({
        ...callback(flow, { code: bad }),
        headers: { cookie: flow.cookie, host: `${MARK}.example` },
      }),
      { exchanges: 1 },
    ],
    [
      'another host, as proxies say it',
      (flow) => ({
        ...callback(flow, { code: bad }),
        headers: {
          cookie: flow.cookie,
          'x-forwarded-host': `${MARK}.example`,
          'x-forwarded-proto': 'https',
          origin: evil,
          referer: evil,
        },
      }),
      { exchanges: 1 },
    ],
    ['HTML as a ticket', () => ({ path: `${PATH}?ticket=${encoded(HTML)}` })],
    [
      'two tickets',
      async () => ({
        path: `${new URL(await platform.ticket()).href.slice(platform.url.length)}&ticket=${MARK}`,
      }),
    ],
  ])('%s', (_name, attack, expected) => expectNoConnection(attack, expected))
})

describe('what is over', () => {
  it.each<[string, (flow: Flow) => Promise<unknown>]>([
    ['an answer after an error', (flow) => ask(callback(flow, { error: 'access_denied', code: undefined }))],
    ['an answer after a wrong code', (flow) => ask(callback(flow, { code: MARK }))],
    ['an answer after ten minutes', async () => platform.advance(10 * 60_000)],
  ])('%s', async (_name, spoil) => {
    let flow: Flow | undefined
    await expectNoConnection(async (fresh) => {
      flow = fresh
      await spoil(fresh)
      return callback(fresh)
    })
    if (flow) expectNothingReflected(await ask(callback(flow, { error: encoded(HTML) })))
  })

  it('connects with the answer as it came, once; a replay changes nothing', async () => {
    const flow = await beginBoth()
    expect(await ask(callback(flow))).toMatchObject({
      status: 200,
      body: expect.stringContaining('Storefront is connected'),
    })
    const connected = await platform.install()
    expect(connected).toMatchObject({ state: 'connected', uid: expect.stringMatching(/^victim/) })
    const before = platform.exchanges()
    const replays = [
      callback(flow),
      callback(flow, { code: flow.theirs.code }),
      callback(flow, { error: MARK }),
    ]
    for (const replay of replays) {
      const answer = await ask(replay)
      expect(answer).toMatchObject({ status: 400, body: expect.stringContaining('This sign-in is over') })
      expectNothingReflected(answer)
    }
    expect(platform.exchanges()).toBe(before)
    expect(await platform.install()).toEqual(connected)
  })
})
