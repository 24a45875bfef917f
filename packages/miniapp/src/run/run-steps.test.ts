import { describe, expect, it } from 'vitest'
import { testProvider } from '../../test/provider.ts'
import { type ActionRun, runAction } from '../../test/run-action.ts'
import type { Step } from '../document.ts'

const provider = testProvider()
const run = (action: ActionRun) => runAction(provider.effects, action)
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

  it.each<[string, Partial<ActionRun>, string, RegExp]>([
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
    const outcome = await run(part as ActionRun)
    expect(outcome.error?.code).toBe(code)
    expect(outcome.error?.message).toMatch(words)
    expect(provider.seen).toEqual([])
  })

  it('turns what nobody expected into INTERNAL_ERROR with its cause', async () => {
    const cause = new TypeError('broken effect')
    const effects = { ...provider.effects, send: () => Promise.reject(cause) }
    const outcome = await runAction(effects, { requests: [{ url: API, method: 'GET', mapping: {} }] })
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
