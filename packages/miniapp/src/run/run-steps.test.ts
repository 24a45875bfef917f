import { describe, expect, it } from 'vitest'
import { definitionWith } from '../../test/definition.ts'
import { testProvider } from '../../test/provider.ts'
import { compileDefinition } from '../compile.ts'
import type { Definition, Step } from '../document.ts'
import type { Bags } from '../expression/scope.ts'
import { createRedactor } from '../request/redact.ts'
import type { RunContext, RunOptions } from './run-state.ts'
import { runSteps } from './run-steps.ts'

const provider = testProvider()

interface Run {
  requests: Step[]
  input?: Record<string, unknown>
  bags?: Partial<Bags>
  parts?: Partial<Definition>
  context?: Partial<RunContext>
  options?: Partial<RunOptions>
}

/** Runs one action against the provider, as an installed app would. */
function run({ requests, input = {}, bags = {}, parts = {}, context = {}, options = {} }: Run) {
  const definition = definitionWith({ ...parts, actions: [{ name: 'act', title: 'Act', requests }] })
  const compiled = compileDefinition(definition)
  const all: Bags = { credentials: {}, metadata: {}, userInput: {}, config: {}, ...bags }
  return runSteps(
    compiled.actions.get('act')?.steps ?? [],
    {
      bags: all,
      input,
      system: { subdomain: 'shop' },
      allowedHosts: compiled.declaredHosts(all),
      redact: createRedactor(compiled.secretsOf(all)),
      functions: definition.functions,
      ...context,
    },
    provider.effects,
    { deadlineMs: 60_000, ...options },
  )
}

const API = 'https://api.acme.example'
const paths = () => provider.seen.map(({ method, path }) => `${method} ${path}`)

describe('a chain of steps', () => {
  it('sends the Slack direct message: the channel of the first answer is the target of the second', async () => {
    provider.answer(({ path }) =>
      path === '/api/conversations.open'
        ? { json: { ok: true, channel: { id: 'D42' } } }
        : { json: { ok: true, ts: '1.2' } },
    )
    const headers = { Authorization: 'Bearer [[accessToken]]' }
    const errorWhen = { path: '$.ok', equals: false, message: '$.error' }
    const outcome = await run({
      requests: [
        {
          url: 'https://slack.com/api/conversations.open',
          method: 'POST',
          headers,
          body: { users: '{{userId}}' },
          errorWhen,
          mapping: [{ name: 'dmChannelId', value: '$.channel.id' }],
        },
        {
          url: 'https://slack.com/api/chat.postMessage',
          method: 'POST',
          headers,
          body: { channel: '{{dmChannelId}}', text: '{{text}}', thread_ts: '{{thread}}' },
          errorWhen,
          mapping: { messageId: '$.ts' },
        },
      ],
      input: { userId: 'U1', text: 'hello' },
      bags: { credentials: { accessToken: 'xoxb-secret-token' } },
    })
    expect(outcome).toMatchObject({ ok: true, data: { messageId: '1.2' } })
    expect(outcome.data).not.toHaveProperty('dmChannelId')
    expect(provider.seen.map(({ body }) => JSON.parse(body))).toEqual([
      { users: 'U1' },
      { channel: 'D42', text: 'hello' },
    ])
    expect(provider.seen[1]?.headers['authorization']).toBe('Bearer xoxb-secret-token')
    expect(JSON.stringify(outcome)).not.toContain('xoxb-secret-token')
  })

  it('gives later steps of the same key precedence in the result', async () => {
    provider.answer((_, count) => ({ json: { id: count } }))
    const step: Step = { url: `${API}/x`, method: 'GET', mapping: { id: '$.id' } }
    expect((await run({ requests: [step, step] })).data).toEqual({ id: 2 })
  })

  it('stops at the first failure and keeps the record of what was done', async () => {
    provider.answer((_, count) =>
      count === 1 ? { json: { a: 1 } } : { status: 404, json: { message: 'Not Found' } },
    )
    const get = (path: string): Step => ({ url: API + path, method: 'GET', mapping: { a: '$.a' } })
    const outcome = await run({ requests: [get('/1'), get('/2'), get('/3')] })
    expect(outcome.error).toMatchObject({
      code: 'EXTERNAL_API_ERROR',
      message: 'The provider answered 404: Not Found',
      retryable: false,
      path: '/actions/0/requests/1',
      details: { step: 1, status: 404, providerMessage: 'Not Found' },
    })
    expect(outcome.steps.map(({ index, status }) => [index, status])).toEqual([
      [0, 'ok'],
      [1, 'failed'],
    ])
    expect(paths()).toEqual(['GET /1', 'GET /2'])
  })

  it('fails a chain whose array-form entry selects nothing', async () => {
    provider.answer(() => ({ json: {} }))
    const outcome = await run({
      requests: [
        { url: `${API}/1`, method: 'GET', mapping: [{ name: 'id', value: '$.id' }] },
        { url: `${API}/2`, method: 'GET', mapping: {} },
      ],
    })
    expect(outcome.error?.code).toBe('EXTERNAL_API_ERROR')
    expect(outcome.error?.message).toContain('id')
    expect(paths()).toEqual(['GET /1'])
  })

  it('keeps the digits of a number beyond 2^53 on the way to a later URL', async () => {
    provider.answer(() => ({
      body: '{"id":820982911946154508}',
      headers: { 'Content-Type': 'application/json' },
    }))
    const outcome = await run({
      requests: [
        { url: `${API}/orders`, method: 'GET', mapping: { id: '$.id' } },
        { url: `${API}/orders/{{id}}`, method: 'POST', body: { id: '{{id}}' }, mapping: {} },
      ],
    })
    expect(provider.seen[1]).toMatchObject({
      path: '/orders/820982911946154508',
      body: '{"id":"820982911946154508"}',
    })
    expect(outcome.data).toEqual({ id: '820982911946154508' })
  })

  it('runs WooCommerce with Basic pair and store address from the form', async () => {
    provider.answer(() => ({ json: [{ id: 7 }] }))
    const outcome = await run({
      parts: {
        auth: {
          type: 'apikey',
          sensitiveKeys: ['consumerSecret'],
          form: {
            storeUrl: { type: 'url' },
            consumerKey: { type: 'password' },
            consumerSecret: { type: 'password' },
          },
        },
      },
      requests: [
        {
          url: '{{storeUrl}}/wp-json/wc/v3/orders',
          method: 'GET',
          headers: { Authorization: 'Basic [[consumerKey]]:[[consumerSecret]]' },
          queryParams: { per_page: 1 },
          mapping: { first: '$[0].id' },
        },
      ],
      bags: {
        credentials: { storeUrl: 'shop.example.com/', consumerKey: 'ck_123456', consumerSecret: 'cs_123456' },
        userInput: { storeUrl: 'shop.example.com/' },
      },
    })
    expect(outcome.data).toEqual({ first: 7 })
    expect(provider.seen[0]).toMatchObject({
      host: 'shop.example.com',
      path: '/wp-json/wc/v3/orders?per_page=1',
      headers: { authorization: `Basic ${btoa('ck_123456:cs_123456')}` },
    })
  })

  it('sends nothing to a host that only form input names', async () => {
    const outcome = await run({
      requests: [{ url: '{{target}}/x', method: 'GET', mapping: {} }],
      input: { target: 'https://evil.example' },
    })
    expect(outcome.error).toMatchObject({
      code: 'EXTERNAL_API_ERROR',
      retryable: false,
      details: { failure: 'blocked' },
    })
    expect(provider.seen).toEqual([])
  })

  it.each<[string, Partial<Run>, string, RegExp]>([
    [
      'a missing credential',
      { requests: [{ url: API, method: 'GET', headers: { 'X-Key': '[[apiKey]]' }, mapping: {} }] },
      'NOT_CONFIGURED',
      /apiKey/,
    ],
    [
      'a missing part of the path',
      { requests: [{ url: `${API}/repos/{{repo}}/issues`, method: 'GET', mapping: {} }] },
      'VALIDATION_ERROR',
      /repo/,
    ],
  ])('fails before sending for %s', async (_, part, code, words) => {
    const outcome = await run(part as Run)
    expect(outcome.error?.code).toBe(code)
    expect(outcome.error?.message).toMatch(words)
    expect(provider.seen).toEqual([])
  })

  it('turns what nobody expected into INTERNAL_ERROR with its cause', async () => {
    const cause = new TypeError('broken effect')
    const effects = { ...provider.effects, send: () => Promise.reject(cause) }
    const compiled = compileDefinition(
      definitionWith({
        actions: [{ name: 'act', title: 'Act', requests: [{ url: API, method: 'GET', mapping: {} }] }],
      }),
    )
    const bags: Bags = { credentials: {}, metadata: {}, userInput: {}, config: {} }
    const context = {
      bags,
      input: {},
      system: {},
      allowedHosts: [],
      redact: createRedactor([]),
      functions: {},
    }
    const outcome = await runSteps(compiled.actions.get('act')?.steps ?? [], context, effects, {
      deadlineMs: 1000,
    })
    expect(outcome.error).toMatchObject({
      code: 'INTERNAL_ERROR',
      retryable: true,
      cause,
      details: { step: 0 },
    })
  })
})

describe('errorWhen and when', () => {
  it('make a refusal of a good status, in the words of the provider', async () => {
    provider.answer(() => ({ json: { ok: false, error: 'channel_not_found' } }))
    const outcome = await run({
      requests: [
        {
          url: API,
          method: 'POST',
          errorWhen: { path: '$.ok', equals: false, message: '$.error' },
          mapping: { a: '$.a' },
        },
      ],
    })
    expect(outcome.error).toMatchObject({
      code: 'EXTERNAL_API_ERROR',
      message: 'The provider refused the request: channel_not_found',
      details: { status: 200, providerMessage: 'channel_not_found' },
    })
  })

  it.each<[string, object, Record<string, unknown>, boolean]>([
    ['key equals', { key: 'notify', equals: true }, { notify: true }, true],
    ['key equals something else', { key: 'notify', equals: true }, { notify: 'true' }, false],
    ['a missing key equals nothing', { key: 'notify', equals: null }, {}, false],
    ['a missing key is not equal', { key: 'notify', notEquals: 1 }, {}, true],
    ['path exists', { path: '$.row.id', exists: true }, { row: { id: null } }, true],
    ['path is missing', { path: 'row.id', exists: true }, { row: {} }, false],
    ['key in', { key: 'kind', in: ['a', { b: 1 }] }, { kind: { b: 1 } }, true],
    ['key not in', { key: 'kind', in: ['a'] }, {}, false],
  ])('let a step run by its input: %s', async (_, when, input, runs) => {
    const step = { url: API, method: 'GET', mapping: {}, when } as Step
    const outcome = await run({ requests: [step], input })
    expect(outcome.ok).toBe(true)
    expect(outcome.steps[0]?.status).toBe(runs ? 'ok' : 'skipped')
    expect(provider.seen).toHaveLength(runs ? 1 : 0)
  })

  it('never read credentials', async () => {
    const step: Step = { url: API, method: 'GET', mapping: {}, when: { key: 'token', exists: true } }
    await run({ requests: [step], bags: { credentials: { token: 'abcdef' } } })
    expect(provider.seen).toEqual([])
  })
})

describe('forEach', () => {
  const each = (more: object = {}): Step => ({
    url: `${API}/{{item.id}}`,
    method: 'POST',
    body: { name: '{{item.name}}' },
    forEach: { items: '{{list}}', as: 'item', ...more },
    mapping: { got: '$.got', maybe: '$.maybe' },
  })

  it('gives lists in item order, whatever finishes first, and null where an item gave nothing', async () => {
    let open = 0
    let most = 0
    provider.answer(async ({ path }) => {
      open += 1
      most = Math.max(most, open)
      await new Promise((resolve) => setTimeout(resolve, path === '/1' ? 20 : 1))
      open -= 1
      return { json: { got: path, ...(path === '/2' && { maybe: true }) } }
    })
    const list = [1, 2, 3, 4, 5, 6, 7].map((id) => ({ id, name: `n${id}` }))
    const outcome = await run({
      requests: [each({ concurrency: 3 })],
      input: { list, item: 'form input ranks after' },
    })
    expect(outcome.data).toEqual({
      got: ['/1', '/2', '/3', '/4', '/5', '/6', '/7'],
      maybe: [null, true, null, null, null, null, null],
    })
    expect(most).toBe(3)
    expect(outcome.steps[0]).toMatchObject({ items: 7 })
    expect(outcome.steps[0]?.attempts.map(({ item }) => item)).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  it('fails with the first failure and begins no further item', async () => {
    provider.answer(({ path }) => (path === '/2' ? { status: 422, json: { message: 'no' } } : { json: {} }))
    const list = [1, 2, 3, 4].map((id) => ({ id }))
    const outcome = await run({ requests: [each({ concurrency: 1 })], input: { list } })
    expect(outcome.error).toMatchObject({ code: 'EXTERNAL_API_ERROR', details: { status: 422 } })
    expect(paths()).toEqual(['POST /1', 'POST /2'])
    expect(outcome.steps[0]?.request?.url).toBe(`${API}/2`)
  })

  it.each<[string, unknown, number, string | undefined]>([
    ['an empty list', [], 0, undefined],
    ['no list', undefined, 0, undefined],
    ['a text', 'x', 0, 'VALIDATION_ERROR'],
    ['as many items as the limit', Array.from({ length: 100 }, () => ({ id: 1 })), 100, undefined],
    ['more items than the limit', Array.from({ length: 101 }, () => ({ id: 1 })), 0, 'VALIDATION_ERROR'],
  ])('with %s', async (_, list, requests, code) => {
    const outcome = await run({ requests: [each()], input: list === undefined ? {} : { list } })
    expect(outcome.error?.code).toBe(code)
    expect(provider.seen).toHaveLength(requests)
    if (requests === 0 && code === undefined) expect(outcome.data).toEqual({ got: [], maybe: [] })
  })
})

describe('function steps and computed fields', () => {
  const functions = {
    double: { params: ['n'], code: 'return { value: n * 2, doubled: n * 2 }' },
    fail: { params: [], code: 'throw new Error("Row 3 has no price")' },
  }

  it('join the context and the result', async () => {
    provider.answer(({ path }) => ({ json: { path } }))
    const outcome = await run({
      parts: { functions },
      requests: [
        { type: 'function', name: 'double', args: { n: '{{n}}' } },
        { url: `${API}/{{doubled}}`, method: 'GET', mapping: { path: '$.path' } },
      ],
      input: { n: 4 },
    })
    expect(outcome.data).toEqual({ value: 8, doubled: 8, path: '/8' })
  })

  it('fail with the message of the function as it is', async () => {
    const outcome = await run({ parts: { functions }, requests: [{ type: 'function', name: 'fail' }] })
    expect(outcome.error).toMatchObject({
      code: 'VALIDATION_ERROR',
      message: 'Row 3 has no price',
      retryable: false,
    })
  })

  it.each<['time' | 'memory' | 'stack' | 'crash', RegExp]>([
    ['time', /2 seconds/],
    ['memory', /128 MB/],
    ['stack', /stack limit/],
    ['crash', /crashed/],
  ])('say that the limit of %s was hit, and that trying again is no use', async (failure, words) => {
    const runFunction = async () => ({
      outcome: { ok: false as const, failure, message: 'x' },
      logs: 'before',
    })
    const compiled = compileDefinition(
      definitionWith({
        functions,
        actions: [{ name: 'act', title: 'Act', requests: [{ type: 'function', name: 'fail' }] }],
      }),
    )
    const bags: Bags = { credentials: {}, metadata: {}, userInput: {}, config: {} }
    const context = { bags, input: {}, system: {}, allowedHosts: [], redact: createRedactor([]), functions }
    const steps = compiled.actions.get('act')?.steps ?? []
    const outcome = await runSteps(steps, context, { ...provider.effects, runFunction }, { deadlineMs: 1000 })
    expect(outcome.error).toMatchObject({ code: 'INTERNAL_ERROR', retryable: false })
    expect(outcome.error?.message).toMatch(words)
    expect(outcome.steps[0]?.logs).toBe('before')
  })

  it('compute fields of a response, and note those that cannot be computed', async () => {
    provider.answer(() => ({ json: { n: 21 } }))
    const compute = (fn: string) => ({ transform: 'compute' as const, fn, args: { n: 'n' } })
    const outcome = await run({
      parts: { functions },
      requests: [{ url: API, method: 'GET', mapping: { twice: compute('double'), never: compute('fail') } }],
    })
    expect(outcome.data).toEqual({ twice: 42 })
    expect(outcome.steps[0]?.notes).toMatchObject([{ field: 'never' }])
  })
})

describe('what a record keeps', () => {
  it('hides the secrets that a provider echoes, in every place', async () => {
    const token = 'tok/very+secret=1'
    provider.answer(({ headers }) => ({
      status: 400,
      headers: { 'Content-Type': 'application/json', 'X-Echo': token, 'Set-Cookie': 'session=1' },
      body: JSON.stringify({
        message: `bad token ${token}`,
        got: headers['authorization'],
        encoded: encodeURIComponent(token),
        basic: btoa(`user:${token}`),
      }),
    }))
    const outcome = await run({
      requests: [
        {
          url: `${API}/x?key=[[token]]&q={{q}}`,
          method: 'POST',
          headers: { Authorization: 'Bearer [[token]]', 'X-Short': '[[pin]]' },
          body: { nested: [{ token: '[[token]]' }] },
          mapping: {},
        },
      ],
      input: { q: token },
      bags: { credentials: { token, pin: '1234' } },
    })
    const [record] = outcome.steps
    expect(record?.request).toEqual({
      redacted: true,
      method: 'POST',
      url: `${API}/x?key=***&q=***`,
      headers: { Authorization: '***', 'X-Short': '***', 'Content-Type': 'application/json' },
      body: '{"nested":[{"token":"***"}]}',
    })
    expect(record?.response?.headers).toMatchObject({ 'x-echo': '***', 'set-cookie': '***' })
    expect(outcome.error?.message).toBe('The provider answered 400: bad token ***')
    const stored = JSON.stringify(outcome)
    for (const canary of [token, encodeURIComponent(token), btoa(`user:${token}`), 'secret']) {
      expect(stored).not.toContain(canary)
    }
  })

  it('hides an echoed secret in the result, and passes it on to later steps unchanged', async () => {
    provider.answer(() => ({ json: { echo: 'secret-token-1' } }))
    const outcome = await run({
      requests: [
        { url: `${API}/1`, method: 'GET', headers: { 'X-Key': '[[token]]' }, mapping: { echo: '$.echo' } },
        { url: `${API}/2`, method: 'POST', body: '{{echo}}', mapping: {} },
      ],
      bags: { credentials: { token: 'secret-token-1' } },
    })
    expect(outcome.data).toEqual({ echo: '***' })
    expect(provider.seen[1]?.body).toBe('"secret-token-1"')
  })

  it('keeps 4 096 characters of a body and the times of each step', async () => {
    provider.answer(() => ({ body: 'x'.repeat(10_000), headers: { 'Content-Type': 'text/plain' } }))
    const outcome = await run({ requests: [{ url: API, method: 'GET', mapping: { all: '$' } }] })
    expect(outcome.steps[0]?.response?.body).toBe('x'.repeat(4096))
    expect(outcome.data).toEqual({ all: 'x'.repeat(10_000) })
    expect(outcome.steps[0]).toMatchObject({
      startedAt: provider.clock.now,
      durationMs: 0,
      attempts: [{ status: 200 }],
    })
  })
})
