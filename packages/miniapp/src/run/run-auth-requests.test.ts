import { describe, expect, it } from 'vitest'
import { definitionWith } from '../../test/definition.ts'
import { testProvider } from '../../test/provider.ts'
import { compileDefinition } from '../compile.ts'
import type { Definition } from '../document.ts'
import { type ConnectContext, runAuthRequests } from './run-auth-requests.ts'

const provider = testProvider()
const API = 'https://api.acme.example'
const bearer = { Authorization: 'Bearer [[accessToken]]' }

const AUTH: Definition['auth'] = {
  type: 'bearer_token',
  sensitiveKeys: ['accessToken', 'apiKey'],
  form: { region: {}, apiKey: { type: 'password', required: true } },
  get_token: {
    url: `${API}/token`,
    method: 'POST',
    body: { key: '[[apiKey]]', client: '{{client_id}}' },
    mapping: { accessToken: '$.token' },
  },
  test_token: { url: `${API}/ping?region={{region}}`, method: 'GET', headers: bearer },
  userDetails: {
    url: `${API}/me`,
    method: 'GET',
    headers: bearer,
    mapping: { uid: '$.id', name: '$.login', plan: '$.plan' },
  },
}

function connect(
  submitted: unknown,
  more: Partial<ConnectContext> = {},
  auth: Partial<Definition['auth']> = {},
) {
  const compiled = compileDefinition(definitionWith({ auth: { ...AUTH, ...auth } }))
  const context: ConnectContext = { submitted, config: { client_id: 'cid' }, system: {}, ...more }
  return runAuthRequests(compiled, context, provider.effects, { deadlineMs: 60_000 })
}

const FORM = { region: 'eu', apiKey: ' key-123456 ' }

describe('runAuthRequests', () => {
  it('exchanges, tests and identifies, each request with the outputs of those before', async () => {
    provider.answer(({ path }) => {
      if (path === '/token') return { json: { token: 'tok-abcdef' } }
      if (path === '/me') return { json: { id: 42, login: 'octo', plan: null } }
      return { status: 204 }
    })
    const outcome = await connect(FORM)
    expect(outcome).toMatchObject({
      ok: true,
      bags: {
        credentials: { region: 'eu', apiKey: 'key-123456', accessToken: 'tok-abcdef' },
        metadata: { uid: 42, name: 'octo', plan: null },
        userInput: { region: 'eu' },
      },
      uid: '42',
      name: 'octo',
    })
    expect(
      provider.seen.map(({ method, path, body, headers }) => [method, path, body, headers['authorization']]),
    ).toEqual([
      ['POST', '/token', '{"key":"key-123456","client":"cid"}', undefined],
      ['GET', '/ping?region=eu', '', 'Bearer tok-abcdef'],
      ['GET', '/me', '', 'Bearer tok-abcdef'],
    ])
    expect(outcome.steps.map(({ name, status }) => [name, status])).toEqual([
      ['get_token', 'ok'],
      ['test_token', 'ok'],
      ['userDetails', 'ok'],
    ])
    const steps = JSON.stringify(outcome.steps)
    expect(steps).not.toMatch(/key-123456|tok-abcdef/)
  })

  it('records the names of a token answer only, also of what is not mapped', async () => {
    provider.answer(({ path }) => ({
      json:
        path === '/token'
          ? { token: 'tok-abcdef', refresh: { token: 'ref-abcdef', ttl: 3600, ok: true } }
          : { id: 1 },
    }))
    const outcome = await connect(FORM)
    expect(outcome.steps[0]?.response?.body).toBe(
      '{"token":"***","refresh":{"token":"***","ttl":"***","ok":true}}',
    )
  })

  it('hides a token from the moment the provider made it', async () => {
    provider.answer(({ path }) => ({
      json: path === '/token' ? { token: 'tok-abcdef' } : { id: 1, echo: 'tok-abcdef' },
    }))
    const outcome = await connect(FORM)
    expect(outcome.steps[2]?.response?.body).toBe('{"id":1,"echo":"***"}')
  })

  it('reads a token endpoint that answers form-encoded', async () => {
    provider.answer(({ path }) =>
      path === '/me' ? { json: { id: 1 } } : { body: 'token=tok-abcdef&scope=a' },
    )
    expect(await connect(FORM)).toMatchObject({
      ok: true,
      bags: { credentials: { accessToken: 'tok-abcdef' } },
    })
  })

  it('asks nobody where the form does not fit', async () => {
    const outcome = await connect({ region: 'eu', extra: 1 })
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'VALIDATION_ERROR', details: { fields: [{ path: '/extra' }, { path: '/apiKey' }] } },
      steps: [],
    })
    expect(provider.seen).toEqual([])
  })

  it.each<[string, string, string]>([
    ['/token', 'get_token', 'The exchange for a token failed: The provider answered 401: bad key ***'],
    ['/ping?region=eu', 'test_token', 'The connection test failed: The provider answered 401: bad key ***'],
    ['/me', 'userDetails', 'The account could not be identified: The provider answered 401: bad key ***'],
  ])('fails at %s with TEST_FAILED and the words of the provider', async (failing, request, message) => {
    provider.answer(({ path }) =>
      path === failing
        ? { status: 401, json: { message: 'bad key key-123456' } }
        : { json: { token: 'tok-abcdef', id: 1 } },
    )
    const outcome = await connect(FORM)
    expect(outcome).toMatchObject({
      ok: false,
      error: {
        code: 'TEST_FAILED',
        message,
        retryable: false,
        details: { status: 401, request, providerMessage: 'bad key ***' },
      },
    })
    expect(provider.seen.at(-1)?.path).toBe(failing)
    expect(JSON.stringify(outcome)).not.toContain('key-123456')
  })

  it.each<[string, object, string]>([
    ['none', { error: 'invalid_auth' }, 'The account could not be identified: invalid_auth'],
    ['null', { id: null, message: 'no session' }, 'The account could not be identified: no session'],
    [
      'an empty text',
      { id: '' },
      'The account could not be identified: The provider answered 200 and named no uid.',
    ],
  ])('fails where a mapped uid yields %s', async (_, json, message) => {
    provider.answer(({ path }) => ({ json: path === '/me' ? json : { token: 'tok-abcdef' } }))
    expect(await connect(FORM)).toMatchObject({ ok: false, error: { code: 'TEST_FAILED', message } })
  })

  it('needs no uid where none is mapped', async () => {
    provider.answer(() => ({ json: { token: 'tok-abcdef' } }))
    const userDetails = { url: `${API}/me`, method: 'GET' as const, mapping: { name: '$.login' } }
    const outcome = await connect(FORM, {}, { userDetails })
    expect(outcome.ok).toBe(true)
    expect(outcome).not.toHaveProperty('uid')
  })

  it('keeps the stored secret of an empty field and what registration made, nothing else', async () => {
    provider.answer(() => ({ json: { token: 'tok-abcdef', id: 1 } }))
    const stored = {
      apiKey: 'key-stored',
      region: 'us',
      accessToken: 'tok-old',
      hookId: 'h1',
      webhookSecret: 'whs',
    }
    const registrationRequests = [
      { url: `${API}/hooks`, method: 'POST' as const, mapping: { hookId: '$.id' } },
    ]
    const outcome = await connect(
      { apiKey: '' },
      { stored },
      { registrationRequests, get_token: undefined, test_token: undefined, userDetails: undefined },
    )
    expect(outcome).toMatchObject({
      ok: true,
      bags: {
        credentials: { apiKey: 'key-stored', hookId: 'h1', webhookSecret: 'whs' },
        metadata: {},
        userInput: {},
      },
    })
    expect(outcome.ok && Object.keys(outcome.bags.credentials).sort()).toEqual([
      'apiKey',
      'hookId',
      'webhookSecret',
    ])
  })

  it('has one deadline for all requests', async () => {
    provider.answer(({ path }) => (path === '/token' ? { json: { token: 'tok-abcdef' } } : 'hang'))
    const outcome = await connect(
      FORM,
      {},
      { test_token: { url: `${API}/ping`, method: 'POST', timeoutMs: 60_000 } },
    )
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'TEST_FAILED', details: { failure: 'deadline' } },
    })
    expect(outcome.steps.at(-1)?.durationMs).toBe(60_000)
  })

  it('passes OAuth values that nothing shadows', async () => {
    provider.answer(() => ({ json: { token: 'tok-abcdef', id: 1 } }))
    const get_token = {
      url: `${API}/token`,
      method: 'POST' as const,
      bodyType: 'x-www-form-urlencoded' as const,
      body: { code: '{{code}}', redirect_uri: '{{redirect_uri}}', secret: '[[client_secret]]' },
      mapping: { accessToken: '$.token' },
    }
    const authValues = { code: 'code-1234', redirect_uri: 'https://p.example/cb' }
    const config = { client_secret: 'client-secret-1', code: 'shadow' }
    const outcome = await connect(FORM, { authValues, config }, { get_token })
    expect(provider.seen[0]?.body).toBe(
      'code=code-1234&redirect_uri=https%3A%2F%2Fp.example%2Fcb&secret=client-secret-1',
    )
    expect(outcome.steps[0]?.request?.body).toBe(
      'code=***&redirect_uri=https%3A%2F%2Fp.example%2Fcb&secret=***',
    )
  })
})
