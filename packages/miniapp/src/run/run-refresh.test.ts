import { describe, expect, it } from 'vitest'
import { definitionWith } from '../../test/definition.ts'
import { refusingFirst, testProvider } from '../../test/provider.ts'
import { compileDefinition } from '../compile.ts'
import type { Definition } from '../document.ts'
import { MiniAppError } from '../errors.ts'
import { runRefresh, runRefusalCheck, sameTokens } from './run-refresh.ts'

const provider = testProvider()
const API = 'https://api.acme.example'
const NOW = Date.UTC(2026, 0, 31, 12)

const REFRESH = {
  url: `${API}/token`,
  method: 'POST' as const,
  bodyType: 'x-www-form-urlencoded' as const,
  body: { refresh_token: '[[refreshToken]]', client_id: '{{client_id}}' },
  mapping: { accessToken: '$.access_token', refreshToken: '$.refresh_token', expiresIn: '$.expires_in' },
}

const compiledWith = (auth: Partial<Definition['auth']> = {}) =>
  compileDefinition(
    definitionWith({
      auth: {
        type: 'bearer_token',
        form: { apiKey: { type: 'password' } },
        get_token: REFRESH,
        refresh_token: REFRESH,
        auto_refresh: true,
        ...auth,
      },
    }),
  )

const bagsWith = (credentials: Record<string, unknown>) => ({
  credentials: { accessToken: 'access-one', refreshToken: 'refresh-one', apiKey: 'key-one', ...credentials },
  metadata: {},
  userInput: {},
  config: { client_id: 'cid' },
})

const refresh = (
  credentials: Record<string, unknown> = {},
  more: { compiled?: ReturnType<typeof compiledWith> } = {},
) =>
  runRefresh(more.compiled ?? compiledWith(), { bags: bagsWith(credentials), system: {} }, provider.effects, {
    deadlineMs: 25_000,
  })

describe('runRefresh', () => {
  it('gives the credentials that are to be stored, and when they expire', async () => {
    provider.answer(() => ({ json: { access_token: 'access-two', expires_in: '60' } }))
    expect(await refresh()).toEqual({
      kind: 'refreshed',
      credentials: {
        accessToken: 'access-two',
        refreshToken: 'refresh-one',
        apiKey: 'key-one',
        expiresIn: '60',
      },
      expiresAt: NOW + 60_000,
    })
    expect(provider.seen[0]?.body).toBe('refresh_token=refresh-one&client_id=cid')
  })

  it.each<[string, Record<string, unknown>]>([
    ['without a refresh token', { refreshToken: undefined }],
    ['with a refresh token that is null', { refreshToken: null }],
    ['with an empty refresh token', { refreshToken: '' }],
  ])('is impossible %s, and asks nobody', async (_name, credentials) => {
    expect(await refresh(credentials)).toEqual({ kind: 'impossible' })
    expect(provider.seen).toEqual([])
  })

  it('is impossible where the definition has no refresh_token', async () => {
    const compiled = compiledWith({ refresh_token: undefined, auto_refresh: false })
    expect(await refresh({}, { compiled })).toEqual({ kind: 'impossible' })
  })

  it('repeats what may pass, with growing pauses, as often as the request says', async () => {
    provider.answer((_seen, count) =>
      count < 3 ? { status: 503 } : { json: { access_token: 'access-two' } },
    )
    expect(await refresh()).toMatchObject({ kind: 'refreshed' })
    expect(provider.slept).toEqual([500, 1_000])
  })

  it.each<[string, Parameters<typeof provider.answer>[0], boolean]>([
    ['a 500', () => ({ status: 500 }), true],
    ['a 429', () => ({ status: 429 }), true],
    ['a 408', () => ({ status: 408 }), true],
    ['a connection that breaks', () => 'cut', true],
    ['a 403', () => ({ status: 403 }), false],
    ['a 400 of another kind', () => ({ status: 400, json: { error: 'invalid_request' } }), false],
    ['a page', () => ({ body: '<title>Hello</title>' }), false],
  ])('fails after %s', async (_name, answer, mayPass) => {
    provider.answer(answer)
    const outcome = await refresh()
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'EXTERNAL_API_ERROR', retryable: mayPass },
    })
    expect(provider.seen).toHaveLength(mayPass ? 3 : 1)
  })

  it('makes as many attempts in all as the definition says, also where nobody listens', async () => {
    const compiled = compiledWith({ refresh_token: { ...REFRESH, retry: { attempts: 2 } } })
    const context = { bags: bagsWith({}), system: {} }
    provider.answer(() => ({ json: { access_token: 'access-two' } }))
    const options = { deadlineMs: 25_000 }
    const once = await runRefresh(compiled, context, refusingFirst(provider.effects, 1), options)
    expect(once.kind).toBe('refreshed')
    expect((await runRefresh(compiled, context, refusingFirst(provider.effects, 2), options)).kind).toBe(
      'failed',
    )
  })

  it('does not begin an attempt after its deadline', async () => {
    provider.answer(() => 'hang')
    expect(await refresh()).toMatchObject({ kind: 'failed', error: { retryable: true } })
    expect(provider.seen).toHaveLength(1)
  })

  it('ends the connection where the provider says invalid_grant, at once', async () => {
    const said = { error: 'invalid_grant', error_description: 'refresh-one was revoked' }
    provider.answer(() => ({ status: 400, json: said }))
    const outcome = await refresh()
    expect(outcome).toMatchObject({
      kind: 'ended',
      error: { code: 'AUTH_EXPIRED', details: { providerError: 'invalid_grant', request: 'refresh_token' } },
    })
    expect(provider.seen).toHaveLength(1)
    expect(JSON.stringify(outcome) + (outcome as { error: Error }).error.message).not.toContain('refresh-one')
  })
})

describe('runRefusalCheck', () => {
  const me = { url: `${API}/me`, method: 'GET' as const, mapping: { uid: '$.id' } }
  const ping = { url: `${API}/ping`, method: 'GET' as const }
  const check = (auth: Partial<Definition['auth']>) =>
    runRefusalCheck(compiledWith(auth), { bags: bagsWith({}), system: {} }, provider.effects, {
      deadlineMs: 10_000,
    })

  it.each<[string, Partial<Definition['auth']>, string[]]>([
    ['test_token', { test_token: ping, userDetails: me }, ['/ping']],
    ['userDetails without it', { userDetails: me }, ['/me']],
  ])('asks %s and believes a 401', async (_name, auth, asked) => {
    provider.answer(() => ({ status: 401 }))
    expect(await check(auth)).toBeInstanceOf(MiniAppError)
    expect(provider.seen.map(({ path }) => path)).toEqual(asked)
  })

  it.each([200, 403, 500])('believes no %s', async (status) => {
    provider.answer(() => ({ status, json: { id: 1 } }))
    expect(await check({ userDetails: me })).toBeUndefined()
  })

  it('believes nobody where there is nobody to ask', async () => {
    expect(await check({})).toBeUndefined()
  })
})

describe('sameTokens', () => {
  const { auth } = compiledWith()
  it.each<[string, Record<string, unknown>, boolean]>([
    ['what registration added', { hookId: 'h' }, true],
    ['another access token', { accessToken: 'access-two' }, false],
    ['another key of the form', { apiKey: 'key-two' }, false],
    ['a token that is gone', { refreshToken: undefined }, false],
  ])('%s', (_name, changes, same) => {
    const { credentials } = bagsWith({})
    expect(sameTokens(auth, credentials, { ...credentials, ...changes })).toBe(same)
  })
})
