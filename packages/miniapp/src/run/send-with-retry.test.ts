import { describe, expect, it } from 'vitest'
import { type Reply, refusingFirst, testProvider } from '../../test/provider.ts'
import { NO_BAGS, runAction } from '../../test/run-action.ts'
import type { HttpStep } from '../document.ts'
import { MiniAppError } from '../errors.ts'
import type { Bags } from '../expression/scope.ts'
import { createRedactor } from '../request/redact.ts'
import type { Effects } from './effects.ts'
import type { RunContext, RunOptions } from './run-state.ts'

const provider = testProvider()
const API = 'https://api.acme.example'

interface Run {
  step?: Partial<HttpStep>
  context?: Partial<RunContext>
  options?: Partial<RunOptions>
  effects?: Effects
}

function run({ step = {}, context = {}, options = {}, effects = provider.effects }: Run = {}) {
  const request: HttpStep = { url: `${API}/x`, method: 'GET', mapping: { ok: '$.ok' }, ...step }
  return runAction(effects, { requests: [request], context, options })
}

/** Fails with `reply` until the last of `attempts`, which is a success. */
function failThenSucceed(reply: Reply, attempts: number): void {
  provider.answer((_, count) => (count < attempts ? reply : { json: { ok: true } }))
}

const status = (code: number, retryAfter?: string): Reply => ({
  status: code,
  json: { message: `status ${code}` },
  ...(retryAfter !== undefined && { headers: { 'Retry-After': retryAfter } }),
})
const HTTP_DATE = new Date(Date.UTC(2026, 0, 31, 12, 0, 7)).toUTCString()

describe('what is repeated', () => {
  it.each<[string, Partial<HttpStep>, Reply, number, number[]]>([
    ['429 that names a time, also of a POST', { method: 'POST' }, status(429, '2'), 3, [2000, 2000]],
    ['503 that names a time, also of a POST', { method: 'POST' }, status(503, '30'), 2, [30_000]],
    ['429 with a date', {}, status(429, HTTP_DATE), 2, [7000]],
    ['429 with a date in the past', {}, status(429, new Date(0).toUTCString()), 2, [0]],
    ['429 without a time, with exponential backoff', { method: 'POST' }, status(429), 3, [500, 1000]],
    ['503 without a time of a GET', {}, status(503), 3, [500, 1000]],
    ['502 of a GET', {}, status(502), 3, [500, 1000]],
    ['504 of a HEAD', { method: 'HEAD', mapping: {} }, status(504), 2, [500]],
    ['a timeout of a GET', {}, 'hang', 3, [500, 1000]],
    ['a broken connection of a GET', {}, 'cut', 2, [500]],
    [
      'what `on` names, also of a POST',
      { method: 'POST', retry: { on: [500] } },
      status(500),
      3,
      [500, 1000],
    ],
    [
      'more often where `attempts` says so',
      { retry: { attempts: 5 } },
      status(502),
      5,
      [500, 1000, 2000, 4000],
    ],
  ])('%s', async (...[, step, reply, attempts, waits]) => {
    failThenSucceed(reply, attempts)
    const outcome = await run({ step: { timeoutMs: 1000, ...step } })
    expect(outcome.error).toBeUndefined()
    expect(provider.seen).toHaveLength(attempts)
    expect(provider.slept).toEqual(waits)
    expect(outcome.steps[0]?.attempts).toHaveLength(attempts)
  })

  it('connection errors before a byte was sent, whatever the method', async () => {
    const outcome = await run({ step: { method: 'POST' }, effects: refusingFirst(provider.effects, 2) })
    expect(outcome.ok).toBe(true)
    expect(
      outcome.steps[0]?.attempts.map(({ failure, status, waitedMs }) => [failure ?? status, waitedMs]),
    ).toEqual([
      ['connect', 500],
      ['connect', 1000],
      [200, undefined],
    ])
  })

  it('with up to half of the wait taken away by chance', async () => {
    failThenSucceed(status(502), 3)
    await run({ effects: { ...provider.effects, random: () => 0.999 } })
    expect(provider.slept).toEqual([250, 500])
  })

  it('with the same idempotency key, and another one for another run', async () => {
    const step: Partial<HttpStep> = { method: 'POST', headers: { 'Idempotency-Key': '{{idempotencyKey}}' } }
    failThenSucceed(status(429), 2)
    await run({ step })
    await run({ step })
    const keys = provider.seen.map(({ headers }) => headers['idempotency-key'])
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(keys[1]).toBe(keys[0])
    expect(keys[2]).not.toBe(keys[0])
  })
})

describe('what is not repeated', () => {
  it.each<[string, Partial<HttpStep>, Reply, string, boolean]>([
    ['a fourth time', {}, status(502), 'EXTERNAL_API_ERROR', true],
    ['a POST that timed out', { method: 'POST' }, 'hang', 'EXTERNAL_API_ERROR', false],
    ['a POST whose connection broke', { method: 'POST' }, 'cut', 'EXTERNAL_API_ERROR', false],
    ['502 of a POST', { method: 'POST' }, status(502), 'EXTERNAL_API_ERROR', true],
    ['503 of a POST that names no time', { method: 'PUT' }, status(503), 'EXTERNAL_API_ERROR', true],
    ['500', {}, status(500), 'EXTERNAL_API_ERROR', true],
    ['408', {}, status(408), 'EXTERNAL_API_ERROR', true],
    ['404', {}, status(404), 'EXTERNAL_API_ERROR', false],
    ['403', {}, status(403), 'EXTERNAL_API_ERROR', false],
    ['429 that asks for more than 30 s', {}, status(429, '31'), 'RATE_LIMITED', true],
    ['429 where `on` does not name it', { retry: { on: [503] } }, status(429), 'RATE_LIMITED', true],
    [
      'anything where one attempt is allowed',
      { retry: { attempts: 1 } },
      status(502),
      'EXTERNAL_API_ERROR',
      true,
    ],
  ])('%s', async (...[name, step, reply, code, retryable]) => {
    provider.answer(() => reply)
    const outcome = await run({ step: { timeoutMs: 1000, ...step } })
    expect(outcome.error).toMatchObject({ code, retryable, details: { step: 0 } })
    expect(provider.seen).toHaveLength(name === 'a fourth time' ? 3 : 1)
  })

  it('a 429 says how long to wait', async () => {
    provider.answer(() => status(429, '120'))
    expect((await run()).error?.details).toMatchObject({ retryAfterMs: 120_000, status: 429 })
    provider.answer(() => status(429))
    expect((await run({ step: { retry: { attempts: 1 } } })).error?.details.retryAfterMs).toBe(60_000)
  })
})

describe('time', () => {
  it('of one attempt is 30 s, or what the step says up to 60 s, or more where the caller allows it', async () => {
    const times: number[] = []
    const effects: Effects = {
      ...provider.effects,
      send: (request, options) => {
        times.push(options.timeoutMs)
        return provider.effects.send(request, options)
      },
    }
    await run({ effects, options: { deadlineMs: 200_000 } })
    await run({ effects, step: { timeoutMs: 120_000 }, options: { deadlineMs: 200_000 } })
    await run({
      effects,
      step: { timeoutMs: 120_000 },
      options: { deadlineMs: 200_000, maxTimeoutMs: 120_000 },
    })
    await run({ effects, options: { deadlineMs: 25_000 } })
    expect(times).toEqual([30_000, 60_000, 120_000, 25_000])
  })

  it('of the whole run ends it, retries included', async () => {
    provider.answer(() => 'hang')
    const outcome = await run({ step: { timeoutMs: 20_000 }, options: { deadlineMs: 25_000 } })
    // 20 s, a wait of 0.5 s, then what is left.
    expect(outcome.steps[0]?.attempts.map(({ durationMs }) => durationMs)).toEqual([20_000, 4_500])
    expect(outcome.error).toMatchObject({ code: 'EXTERNAL_API_ERROR', details: { failure: 'deadline' } })
  })

  it('is not waited out where the next attempt would come too late', async () => {
    provider.answer(() => status(429, '20'))
    const outcome = await run({ options: { deadlineMs: 10_000 } })
    expect(outcome.error?.code).toBe('RATE_LIMITED')
    expect(provider.slept).toEqual([])
  })

  it('is over before a step begins', async () => {
    const outcome = await run({ options: { deadlineMs: 0 } })
    expect(outcome.error).toMatchObject({ code: 'EXTERNAL_API_ERROR', details: { failure: 'deadline' } })
    expect(provider.seen).toEqual([])
  })

  it('ends early when the caller cancels', async () => {
    const signal = AbortSignal.abort(new Error('shutting down'))
    expect((await run({ options: { signal } })).error).toMatchObject({
      code: 'INTERNAL_ERROR',
      retryable: true,
    })
    expect(provider.seen).toEqual([])
  })
})

describe('a 401', () => {
  const withToken: Partial<HttpStep> = { headers: { Authorization: 'Bearer [[accessToken]]' } }
  /** Time passes only where a test says so: the guard beside a refresh must not fire by itself. */
  const patient: Effects = {
    ...provider.effects,
    sleep: (_, signal) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  }
  const bagsWith = (accessToken: string): Bags => ({ ...NO_BAGS, credentials: { accessToken } })
  const onlyAccepts = (token: string): void =>
    provider.answer(({ headers }) =>
      headers['authorization'] === `Bearer ${token}`
        ? { json: { ok: true } }
        : { status: 401, json: { message: `token ${headers['authorization']} expired` } },
    )

  it('refreshes once, builds the request again and repeats it', async () => {
    onlyAccepts('new-token-1')
    let refreshes = 0
    const outcome = await run({
      effects: patient,
      step: { ...withToken, method: 'POST', body: { token: '[[accessToken]]' } },
      context: {
        bags: bagsWith('old-token-1'),
        redact: createRedactor(['old-token-1']),
        refresh: async () => {
          refreshes += 1
          return { bags: bagsWith('new-token-1'), refreshed: true }
        },
      },
    })
    expect(outcome).toMatchObject({ ok: true, data: { ok: true } })
    expect(refreshes).toBe(1)
    expect(provider.seen.map(({ body }) => body)).toEqual([
      '{"token":"old-token-1"}',
      '{"token":"new-token-1"}',
    ])
    expect(outcome.steps[0]?.attempts.map(({ status }) => status)).toEqual([401, 200])
    expect(JSON.stringify(outcome)).not.toMatch(/(old|new)-token-1/)
  })

  it('that stays after a refresh is AUTH_EXPIRED, with old and new token redacted', async () => {
    onlyAccepts('other')
    const outcome = await run({
      effects: patient,
      step: withToken,
      context: {
        bags: bagsWith('old-token-1'),
        redact: createRedactor(['old-token-1']),
        refresh: async () => ({ bags: bagsWith('new-token-1'), refreshed: true }),
      },
    })
    expect(outcome.error).toMatchObject({ code: 'AUTH_EXPIRED', retryable: false, details: { status: 401 } })
    expect(provider.seen).toHaveLength(2)
    expect(outcome.error?.message).toContain('token Bearer *** expired')
    expect(JSON.stringify(outcome)).not.toMatch(/(old|new)-token-1/)
  })

  it.each<[string, RunContext['refresh'], string]>([
    ['without a way to refresh', undefined, 'AUTH_EXPIRED'],
    ['where the refresh is impossible', async () => undefined, 'AUTH_EXPIRED'],
  ])('%s is AUTH_EXPIRED', async (_, refresh, code) => {
    onlyAccepts('other')
    const context = { bags: bagsWith('old-token-1'), ...(refresh && { refresh }) }
    expect((await run({ step: withToken, context })).error?.code).toBe(code)
    expect(provider.seen).toHaveLength(1)
  })

  it('of an auth request is an answer of the provider', async () => {
    onlyAccepts('other')
    const context = { bags: bagsWith('old-token-1'), isAuthRequest: true }
    expect((await run({ step: withToken, context })).error).toMatchObject({
      code: 'EXTERNAL_API_ERROR',
      details: { status: 401 },
    })
  })

  it('of several items at once shares one refresh', async () => {
    onlyAccepts('new-token-1')
    let refreshes = 0
    const outcome = await run({
      effects: patient,
      step: { ...withToken, forEach: { items: '{{list}}', as: 'item', concurrency: 4 } },
      context: {
        bags: bagsWith('old-token-1'),
        input: { list: [1, 2, 3, 4, 5, 6] },
        refresh: async () => {
          refreshes += 1
          await expect.poll(() => provider.seen).toHaveLength(4)
          return { bags: bagsWith('new-token-1'), refreshed: true }
        },
      },
    })
    expect(outcome.data).toEqual({ ok: Array(6).fill(true) })
    expect(refreshes).toBe(1)
    expect(provider.seen).toHaveLength(4 + 6)
  })

  it('is answered with newer stored bags first, and refreshes where those are refused too', async () => {
    onlyAccepts('new-token-1')
    const refused: unknown[] = []
    const outcome = await run({
      effects: patient,
      step: withToken,
      context: {
        bags: bagsWith('old-token-1'),
        refresh: async ({ credentials }) => {
          refused.push(credentials['accessToken'])
          return credentials['accessToken'] === 'old-token-1'
            ? { bags: bagsWith('stored-token-1'), refreshed: false }
            : { bags: bagsWith('new-token-1'), refreshed: true }
        },
      },
    })
    expect(outcome.ok).toBe(true)
    expect(refused).toEqual(['old-token-1', 'stored-token-1'])
    expect(JSON.stringify(outcome)).not.toMatch(/(old|stored|new)-token-1/)
  })

  it('of refreshed bags is checked once, whatever the number of requests, and may end in another error', async () => {
    onlyAccepts('other')
    let checks = 0
    const lost = new MiniAppError('AUTH_EXPIRED', 'The account is lost.')
    const outcome = await run({
      effects: patient,
      step: { ...withToken, forEach: { items: '{{list}}', as: 'item', concurrency: 3 } },
      context: {
        bags: bagsWith('old-token-1'),
        input: { list: [1, 2, 3] },
        refresh: async () => ({ bags: bagsWith('new-token-1'), refreshed: true }),
        checkRefused: async ({ credentials }) => {
          checks += 1
          expect(credentials['accessToken']).toBe('new-token-1')
          return lost
        },
      },
    })
    expect(outcome.error?.message).toBe('The account is lost.')
    expect(checks).toBe(1)
  })

  it('of bags that were never refreshed is not checked', async () => {
    onlyAccepts('other')
    const checkRefused = async () => new MiniAppError('AUTH_EXPIRED', 'Never asked.')
    const outcome = await run({
      step: withToken,
      context: { bags: bagsWith('old-token-1'), refresh: async () => undefined, checkRefused },
    })
    expect(outcome.error?.message).toContain('401')
  })

  it('waits for the refresh outside the deadline', async () => {
    onlyAccepts('new-token-1')
    const pending = async (ms: number) => {
      provider.clock.now += ms
      return { bags: bagsWith('new-token-1'), refreshed: true }
    }
    const context = { bags: bagsWith('old-token-1') }
    const options = { deadlineMs: 5_000 }
    const inTime = await run({
      step: withToken,
      context: { ...context, refresh: () => pending(29_000) },
      options,
      effects: patient,
    })
    expect(inTime.ok).toBe(true)
    const late = await run({
      step: withToken,
      context: { ...context, refresh: () => pending(36_000) },
      options,
      effects: patient,
    })
    expect(late.error).toMatchObject({ code: 'EXTERNAL_API_ERROR', details: { failure: 'deadline' } })
  })

  it('does not wait for a refresh that never ends', async () => {
    onlyAccepts('new-token-1')
    const outcome = await run({
      step: withToken,
      context: { bags: bagsWith('old-token-1'), refresh: () => new Promise(() => {}) },
      options: { deadlineMs: 5_000 },
    })
    expect(provider.slept).toEqual([35_000])
    expect(outcome.error).toMatchObject({ code: 'EXTERNAL_API_ERROR', details: { failure: 'deadline' } })
  })
})
