import { describe, expect, it } from 'vitest'
import { definitionWith } from '../../test/definition.ts'
import { testProvider } from '../../test/provider.ts'
import { compileDefinition } from '../compile.ts'
import type { Definition } from '../document.ts'
import {
  mustUnregisterFirst,
  planRegistration,
  runRegistrationRequest,
  runUnregistration,
  webhookSecretFor,
  withoutRegistration,
} from './run-registration.ts'

const provider = testProvider()
const API = 'https://api.acme.example'

const REGISTRATION = [
  {
    url: `${API}/hooks`,
    method: 'POST' as const,
    body: { url: '{{webhookUrl}}', secret: '{{webhookSecret}}' },
    mapping: { hookId: '$.id' },
  },
  { url: `${API}/hooks/[[hookId]]`, method: 'PATCH' as const, mapping: [{ name: 'etag', value: '$.etag' }] },
  { url: `${API}/hooks/[[hookId]]/{{etag}}`, method: 'PUT' as const },
]
const UNREGISTRATION = [
  { url: `${API}/hooks/[[hookId]]`, method: 'DELETE' as const },
  { url: `${API}/grants/[[accessToken]]`, method: 'DELETE' as const },
]

function compiledWith(auth: Partial<Definition['auth']> = {}) {
  return compileDefinition(
    definitionWith({
      auth: {
        type: 'bearer_token',
        form: { apiKey: { type: 'password' } },
        get_token: { url: `${API}/token`, method: 'POST', mapping: { accessToken: '$.token' } },
        registrationRequests: REGISTRATION,
        ...auth,
      },
    }),
  )
}

const oneWay = compiledWith().auth
const bothWays = compiledWith({ unregistrationRequests: UNREGISTRATION }).auth
const none = compiledWith({ registrationRequests: [] }).auth

describe('planRegistration', () => {
  const done = (uid: string | null) => ({ registered: 3, uid })
  it.each<[string, Parameters<typeof planRegistration>, object]>([
    ['a first connect', [oneWay, { uid: 'a' }], { registered: 0, pending: 3, unregisterFirst: false }],
    ['nothing to register', [none, { uid: 'a' }], { registered: 0, pending: 0, unregisterFirst: false }],
    [
      'the same account',
      [oneWay, { uid: 'a', before: done('a') }],
      { registered: 3, pending: 0, unregisterFirst: false },
    ],
    [
      'the same account, where one had failed',
      [oneWay, { uid: 'a', before: { registered: 1, uid: 'a' } }],
      { registered: 1, pending: 2, unregisterFirst: false },
    ],
    [
      'the same account, asked for',
      [oneWay, { uid: 'a', before: done('a'), asked: true }],
      { registered: 0, pending: 3, unregisterFirst: false },
    ],
    ['another account', [oneWay, { uid: 'b', before: done('a') }], { registered: 0, pending: 3 }],
    [
      'an account that nobody names',
      [oneWay, { uid: null, before: done(null) }],
      { registered: 0, pending: 3 },
    ],
    [
      'the same account, what can be undone',
      [bothWays, { uid: 'a', before: done('a') }],
      { registered: 0, pending: 3, unregisterFirst: true },
    ],
    [
      'a first connect, what could be undone',
      [bothWays, { uid: 'a' }],
      { registered: 0, pending: 3, unregisterFirst: false },
    ],
    [
      'the same account, in a version with fewer requests',
      [oneWay, { uid: 'a', before: { registered: 5, uid: 'a' } }],
      { registered: 3, pending: 0 },
    ],
  ])('%s', (_name, [auth, connect], plan) => {
    expect(planRegistration(auth, connect)).toMatchObject(plan)
  })

  it('forgets what was registered where it is made again, the secret only for another account', () => {
    const credentials = { apiKey: 'k', accessToken: 't', hookId: 'h', webhookSecret: 's' }
    const kept = (connect: Parameters<typeof planRegistration>[1]) =>
      Object.keys(withoutRegistration(credentials, planRegistration(oneWay, connect).forget))
    expect(kept({ uid: 'a', before: done('a') })).toEqual([
      'apiKey',
      'accessToken',
      'hookId',
      'webhookSecret',
    ])
    expect(kept({ uid: 'a', before: done('a'), asked: true })).toEqual([
      'apiKey',
      'accessToken',
      'webhookSecret',
    ])
    expect(kept({ uid: 'b', before: done('a') })).toEqual(['apiKey', 'accessToken'])
  })

  it('never forgets what the form or a token request gives, whatever its name', () => {
    const form = { webhookSecret: { type: 'password' as const } }
    const plan = planRegistration(compiledWith({ form }).auth, { uid: 'b', before: done('a') })
    expect([...plan.forget]).not.toContain('webhookSecret')
  })
})

it.each<[string, number, number, boolean]>([
  ['nothing done, all pending', 0, 3, false],
  ['some done, the rest pending', 1, 2, false],
  ['all done', 3, 0, false],
  ['all done, and all pending again', 3, 3, true],
  ['some done, and all pending again', 1, 3, true],
])('mustUnregisterFirst: %s', (_name, registered, pending, must) => {
  expect(mustUnregisterFirst(bothWays, { registered, pending })).toBe(must)
})

describe('webhookSecretFor', () => {
  const bags = (credentials: object, config: object = {}) => ({
    credentials: { ...credentials },
    config: { ...config },
    metadata: { webhookSecret: 'of-metadata' },
    userInput: {},
  })
  it.each<[string, ReturnType<typeof bags>, { value: string; isNew: boolean }]>([
    [
      "the install's own",
      bags({ webhookSecret: 'own' }, { webhookSecret: 'app' }),
      { value: 'own', isNew: false },
    ],
    [
      'that of app config',
      bags({ webhookSecret: '' }, { webhookSecret: 'app' }),
      { value: 'app', isNew: false },
    ],
    ['a new one', bags({}, { webhookSecret: '' }), { value: 'made', isNew: true }],
  ])('is %s', (_name, given, secret) => {
    expect(webhookSecretFor(oneWay, given, () => 'made')).toEqual(secret)
  })

  it('is none where no request names it', () => {
    expect(webhookSecretFor(none, bags({}), () => 'made')).toBeUndefined()
  })
})

describe('runRegistrationRequest', () => {
  const compiled = compiledWith()
  const run = (
    index: number,
    credentials: Record<string, unknown>,
    userInput: Record<string, unknown> = {},
  ) =>
    runRegistrationRequest(
      compiled,
      index,
      {
        bags: { credentials, metadata: {}, userInput, config: {} },
        system: { webhookUrl: 'https://p.example/hook', subdomain: 's' },
      },
      { effects: provider.effects, options: { deadlineMs: 60_000 } },
    )

  it('sends the address and the secret, which nothing shadows, and keeps its object mapping', async () => {
    provider.answer(() => ({ json: { id: 'h1' } }))
    const shadows = { webhookUrl: 'https://evil.example', webhookSecret: 'shadow' }
    const outcome = await run(0, { webhookSecret: 'secret-1' }, shadows)
    expect(provider.seen[0]?.body).toBe('{"url":"https://p.example/hook","secret":"secret-1"}')
    expect(outcome.ok && outcome.merge({ webhookSecret: 'secret-1', newer: 1 })).toEqual({
      webhookSecret: 'secret-1',
      newer: 1,
      hookId: 'h1',
    })
    expect(JSON.stringify(outcome.steps)).not.toContain('secret-1')
  })

  it('hands array-form outputs to the requests after it, and to nothing else', async () => {
    provider.answer(() => ({ json: { etag: 'e1' } }))
    const second = await run(1, { hookId: 'h1' })
    if (!second.ok) throw second.error
    const between = second.merge({ hookId: 'h1' })
    expect(between).toEqual({ hookId: 'h1', registrationRequests: { etag: 'e1' } })
    const third = await run(2, between)
    expect(provider.seen.at(-1)?.path).toBe('/hooks/h1/e1')
    expect(third.ok && third.merge(between)).toEqual({ hookId: 'h1' })
  })

  it('says what the provider said', async () => {
    provider.answer(() => ({ status: 422, json: { message: 'Too many hooks' } }))
    const outcome = await run(0, {})
    expect(outcome).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('Too many hooks') },
    })
  })
})

describe('runUnregistration', () => {
  const compiled = compiledWith({ unregistrationRequests: UNREGISTRATION })
  const bags = {
    credentials: { hookId: 'h1', accessToken: 'old-token' },
    metadata: {},
    userInput: {},
    config: {},
  }
  const options = { deadlineMs: 60_000 }

  it('runs each request, also after one that failed', async () => {
    provider.answer(({ path }) => ({ status: path.startsWith('/hooks') ? 404 : 204 }))
    const failures = await runUnregistration(compiled, { bags, system: {} }, provider.effects, options)
    expect(provider.seen.map(({ path }) => path)).toEqual(['/hooks/h1', '/grants/old-token'])
    expect(failures).toMatchObject([{ details: { status: 404 } }])
  })

  it('goes on with refreshed bags after a 401', async () => {
    provider.answer((_seen, count) => ({ status: count === 1 ? 401 : 204 }))
    const refresh = async () => ({
      bags: { ...bags, credentials: { ...bags.credentials, accessToken: 'new-token' } },
      refreshed: true,
    })
    const context = { bags, system: {}, refresh }
    // Time passes only where a test says so: the guard beside a refresh must not fire by itself.
    const patient = { ...provider.effects, sleep: () => new Promise<void>(() => {}) }
    expect(await runUnregistration(compiled, context, patient, options)).toEqual([])
    expect(provider.seen.map(({ path }) => path)).toEqual(['/hooks/h1', '/hooks/h1', '/grants/new-token'])
  })
})
