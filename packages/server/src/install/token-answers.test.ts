/** What token endpoints answer in the wild, to the exchange of a connect and to a refresh (specification 3.4, 3.5). */
import { gzipSync } from 'node:zlib'
import { MiniAppError } from 'miniapp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LEDGER_ORIGIN, refreshingLedgerDefinition } from '../../test/ledger-app.ts'
import { type LocalServer, startLocalServer } from '../../test/local-server.ts'
import { type TestPlatform, testPlatform } from '../../test/platform.ts'
import { registerDefinition } from '../registry/register.ts'
import { connectWithForm } from './connect.ts'
import { installApp } from './install-app.ts'
import { findLiveInstall } from './live-install.ts'
import { refreshByHand } from './refresh.ts'
import { findInstall } from './store.ts'

interface Answer {
  status?: number
  headers?: Record<string, string>
  body: string | Buffer
}

const AS_RFC = {
  accessToken: '$.access_token',
  refreshToken: '$.refresh_token',
  expiresIn: '$.expires_in',
  tokenType: '$.token_type',
}
const TOKENS = {
  access_token: 'access-two',
  refresh_token: 'refresh-two',
  expires_in: 3600,
  token_type: 'bearer',
}

const json = (value: unknown, more: Partial<Answer> = {}): Answer => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
  ...more,
})
const typed = (type: string, body: string | Buffer, more: Partial<Answer> = {}): Answer => ({
  headers: { 'Content-Type': type },
  body,
  ...more,
})

let platform: TestPlatform
let provider: LocalServer
let answer: Answer = json(TOKENS)
let number = 0

beforeAll(async () => {
  provider = await startLocalServer((request, response) => {
    const isPage = request.url === '/page'
    const { status = 200, headers = {}, body } = request.url === '/moved' ? json(TOKENS) : answer
    if (isPage) response.writeHead(200, { 'Content-Type': 'text/html' }).end('<title>Sign in</title>')
    else response.writeHead(status, headers).end(body)
  })
  platform = await testPlatform({ [LEDGER_ORIGIN]: provider.origin })
})
afterAll(async () => {
  await platform.close()
  await provider.close()
})

/** A workspace with an app of its own that reads tokens by this mapping. */
async function newInstall(mapping: Record<string, unknown>) {
  const ns = `tokens-${++number}`
  const request = {
    url: `${LEDGER_ORIGIN}/oauth/token`,
    method: 'POST',
    bodyType: 'x-www-form-urlencoded',
    mapping,
  }
  await registerDefinition(
    platform.context,
    refreshingLedgerDefinition(ns, {
      get_token: { ...request, body: { key: '[[apiKey]]' } },
      refresh_token: { ...request, body: { refresh_token: '[[refreshToken]]' } },
      test_token: undefined,
      userDetails: undefined,
    }),
  )
  const { workspaceId, subdomain } = await platform.newActor(ns)
  const key = { workspaceId, ns }
  await installApp(platform.context, key)
  const credentials = { apiKey: 'key-abcdef', region: 'eu' }
  return {
    connect: () => connectWithForm(platform.context, { ...key, subdomain, requestId: 'r', credentials }),
    refresh: () => refreshByHand(platform.context, { ...key, subdomain }),
    credentials: async () => (await findLiveInstall(platform.context, key))?.bags.credentials,
    stored: () => findInstall(platform.context.db.sql, key),
  }
}

/** Tokens of a good answer, by both ways; `keeps`: the refresh token that is there after a refresh. */
interface Good {
  name: string
  answer: Answer
  mapping?: Record<string, unknown>
  expect?: Record<string, unknown>
  keeps?: string
}

const GOOD: Good[] = [
  { name: 'JSON as RFC 6749 says', answer: json(TOKENS), expect: { expiresIn: 3600, tokenType: 'bearer' } },
  {
    name: 'form-encoded fields',
    answer: typed(
      'application/x-www-form-urlencoded',
      'access_token=access-two&refresh_token=refresh-two&expires_in=3600',
    ),
  },
  {
    name: 'form-encoded fields labelled text/plain',
    answer: typed('text/plain; charset=utf-8', 'access_token=access-two&refresh_token=refresh-two'),
  },
  {
    name: 'form-encoded fields labelled text/html, with a line end',
    answer: typed('text/html', 'access_token=access-two&refresh_token=refresh-two&scope=\n'),
  },
  {
    name: 'expires_in as text',
    answer: json({ ...TOKENS, expires_in: '3600' }),
    expect: { expiresIn: '3600' },
  },
  { name: 'no refresh token', answer: json({ access_token: 'access-two' }), keeps: 'refresh-one' },
  { name: 'a null refresh token', answer: json({ ...TOKENS, refresh_token: null }), keeps: 'refresh-one' },
  { name: 'an empty refresh token', answer: json({ ...TOKENS, refresh_token: '' }), keeps: 'refresh-one' },
  {
    name: 'tokens below another member',
    answer: json({ ok: true, data: { token: TOKENS } }),
    mapping: { accessToken: '$.data.token.access_token', refreshToken: '$.data.token.refresh_token' },
  },
  {
    name: 'camelCase',
    answer: json({ accessToken: 'access-two', refreshToken: 'refresh-two', expiresIn: 60 }),
    mapping: { accessToken: '$.accessToken', refreshToken: '$.refreshToken', expiresIn: '$.expiresIn' },
  },
  {
    name: 'a list of one',
    answer: json([TOKENS]),
    mapping: { accessToken: '$[0].access_token', refreshToken: '$[0].refresh_token' },
  },
  {
    name: 'token_type in upper case',
    answer: json({ ...TOKENS, token_type: 'BEARER' }),
    expect: { tokenType: 'BEARER' },
  },
  { name: 'a byte order mark', answer: json(TOKENS, { body: `\ufeff${JSON.stringify(TOKENS)}` }) },
  { name: 'JSON labelled text/html', answer: typed('text/html; charset=UTF-8', JSON.stringify(TOKENS)) },
  { name: 'JSON labelled text/javascript', answer: typed('text/javascript', JSON.stringify(TOKENS)) },
  {
    name: 'JSON labelled application/octet-stream',
    answer: typed('application/octet-stream', JSON.stringify(TOKENS)),
  },
  {
    name: 'JSON labelled as a form',
    answer: typed('application/x-www-form-urlencoded', JSON.stringify(TOKENS)),
  },
  { name: 'JSON without a label', answer: { body: JSON.stringify(TOKENS) } },
  {
    name: 'another charset',
    answer: typed('application/json; charset=utf-16le', Buffer.from(JSON.stringify(TOKENS), 'utf16le')),
  },
  {
    name: 'gzip',
    answer: {
      headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
      body: gzipSync(JSON.stringify(TOKENS)),
    },
  },
  {
    name: 'a redirect that keeps the method',
    answer: { status: 307, headers: { Location: '/moved' }, body: '' },
  },
  { name: 'an error that is null', answer: json({ ...TOKENS, error: null, error_description: null }) },
  { name: 'a status of 201', answer: json(TOKENS, { status: 201 }) },
]

describe('tokens are read from', () => {
  it.each(GOOD)('$name', async ({ answer: given, mapping = AS_RFC, expect: more = {}, keeps }) => {
    const install = await newInstall(mapping)
    answer = given
    await install.connect()
    expect(await install.credentials()).toMatchObject({
      accessToken: 'access-two',
      apiKey: 'key-abcdef',
      ...more,
    })
    const refreshing = await newInstall(AS_RFC)
    answer = json({ access_token: 'access-one', refresh_token: 'refresh-one' })
    await refreshing.connect()
    if (mapping !== AS_RFC) return
    answer = given
    await refreshing.refresh()
    expect(await refreshing.credentials()).toMatchObject({
      accessToken: 'access-two',
      refreshToken: keeps ?? 'refresh-two',
      apiKey: 'key-abcdef',
      ...more,
    })
  })
})

/** `refused`: what a refresh that is answered so ends with; the connection stays unless it is AUTH_EXPIRED. */
interface Bad {
  name: string
  answer: Answer
  /** The end of the sentence that a failed connect is told. */
  says: RegExp
  refused: 'AUTH_EXPIRED' | 'EXTERNAL_API_ERROR'
}

const DESCRIBED = { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }

const BAD: Bad[] = [
  {
    name: '400 with invalid_grant',
    answer: json(DESCRIBED, { status: 400 }),
    says: /400: invalid_grant: Token has been expired or revoked\.$/,
    refused: 'AUTH_EXPIRED',
  },
  {
    name: '401 with invalid_grant',
    answer: json(DESCRIBED, { status: 401 }),
    says: /401: invalid_grant/,
    refused: 'AUTH_EXPIRED',
  },
  {
    name: '200 with invalid_grant',
    answer: json(DESCRIBED),
    says: /: invalid_grant: Token/,
    refused: 'AUTH_EXPIRED',
  },
  {
    name: 'invalid_grant as a form',
    answer: typed('application/x-www-form-urlencoded', 'error=invalid_grant&error_description=Old'),
    says: /: invalid_grant: Old$/,
    refused: 'AUTH_EXPIRED',
  },
  {
    name: 'invalid_grant labelled text/plain, with a mark',
    answer: typed('text/plain', `\ufeff${JSON.stringify(DESCRIBED)}`, { status: 400 }),
    says: /invalid_grant/,
    refused: 'AUTH_EXPIRED',
  },
  {
    name: 'invalid_grant below another member',
    answer: json({ error: { code: 'invalid_grant', message: 'Old' } }, { status: 400 }),
    says: /400: Old$/,
    refused: 'AUTH_EXPIRED',
  },
  {
    name: 'invalid_grant in capitals, in camelCase',
    answer: json({ errorCode: 'INVALID_GRANT', errorMessage: 'Old' }, { status: 400 }),
    says: /400: Old$/,
    refused: 'AUTH_EXPIRED',
  },
  {
    name: '200 with an error of its own',
    answer: json({ error: 'bad_refresh_token', error_description: 'The token is incorrect.' }),
    says: /: bad_refresh_token: The token is incorrect\.$/,
    refused: 'EXTERNAL_API_ERROR',
  },
  {
    name: 'a token together with an error',
    answer: json({ ...TOKENS, error: 'mfa_required' }),
    says: /: mfa_required$/,
    refused: 'EXTERNAL_API_ERROR',
  },
  {
    name: 'a description alone',
    answer: json({ error_description: 'Something about invalid_grant.' }, { status: 400 }),
    says: /400: Something about invalid_grant\.$/,
    refused: 'EXTERNAL_API_ERROR',
  },
  {
    name: '401 with invalid_client',
    answer: json({ error: 'invalid_client' }, { status: 401 }),
    says: /401: invalid_client$/,
    refused: 'EXTERNAL_API_ERROR',
  },
  {
    name: 'an error page with a status',
    answer: typed('text/html', '<title>Bad Gateway</title>', { status: 403 }),
    says: /403: Bad Gateway$/,
    refused: 'EXTERNAL_API_ERROR',
  },
  {
    name: 'an error page with a good status',
    answer: typed('text/html', '<title>Sign in</title><p>Please.</p>'),
    says: /: Sign in/,
    refused: 'EXTERNAL_API_ERROR',
  },
  {
    name: 'a redirect to a page',
    answer: { status: 302, headers: { Location: '/page' }, body: '' },
    says: /: Sign in$/,
    refused: 'EXTERNAL_API_ERROR',
  },
  {
    name: 'a JSON list',
    answer: json([TOKENS]),
    says: /answered 200 and gave no accessToken or refreshToken\.$/,
    refused: 'EXTERNAL_API_ERROR',
  },
  {
    name: 'an empty body',
    answer: json(undefined, { body: '' }),
    says: /answered 200 and gave no accessToken or refreshToken\.$/,
    refused: 'EXTERNAL_API_ERROR',
  },
  {
    name: '204',
    answer: { status: 204, body: '' },
    says: /answered 204 and gave no/,
    refused: 'EXTERNAL_API_ERROR',
  },
  { name: 'JSON null', answer: json(null), says: /answered 200 and gave no/, refused: 'EXTERNAL_API_ERROR' },
  {
    name: 'half of a JSON answer',
    answer: json(undefined, { body: '{"access_token":"access-tw' }),
    says: /answered 200 and gave no accessToken or refreshToken\.$/,
    refused: 'EXTERNAL_API_ERROR',
  },
  {
    name: 'a type and a lifetime without a token',
    answer: json({ token_type: 'bearer', expires_in: 3600 }),
    says: /gave no accessToken or refreshToken\.$/,
    refused: 'EXTERNAL_API_ERROR',
  },
]

async function refusal(attempt: Promise<unknown>): Promise<MiniAppError> {
  const error = await attempt.catch((thrown: unknown) => thrown)
  if (error instanceof MiniAppError) return error
  throw new Error(`expected a refusal, got ${String(error)}`)
}

describe('no token is read from', () => {
  it.each(BAD)('$name', async ({ answer: given, says, refused }) => {
    const install = await newInstall(AS_RFC)
    answer = given
    const error = await refusal(install.connect())
    expect(error).toMatchObject({ code: 'TEST_FAILED', message: expect.stringMatching(says) })
    expect(JSON.stringify([error.message, error.details, await install.stored()])).not.toMatch(/-tw/)
    expect(await install.stored()).toMatchObject({ state: 'installed', credentials: null })
    answer = json({ access_token: 'access-one', refresh_token: 'refresh-one' })
    await install.connect()
    const before = await install.credentials()
    answer = given
    const atRefresh = await refusal(install.refresh())
    expect(atRefresh.code).toBe(refused)
    expect(JSON.stringify([atRefresh.message, atRefresh.details])).not.toMatch(/-tw/)
    expect(await install.credentials()).toEqual(before)
    expect(await install.stored()).toMatchObject(
      refused === 'AUTH_EXPIRED'
        ? { state: 'error', errorCode: 'AUTH_EXPIRED' }
        : { state: 'connected', errorCode: null },
    )
  })
})
