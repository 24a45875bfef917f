import { describe, expect, it } from 'vitest'
import { testProvider } from '../../test/provider.ts'
import { type ActionRun, runAction } from '../../test/run-action.ts'
import type { Step } from '../document.ts'

const provider = testProvider()
const run = (action: ActionRun) => runAction(provider.effects, action)
const API = 'https://api.acme.example'

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

  it('redacts what a function said about a field that could not be computed', async () => {
    provider.answer(() => ({ json: { echo: 'secret-token-1' } }))
    const functions = { fail: { params: ['x'], code: 'throw new Error("no " + x)' } }
    const outcome = await run({
      parts: { functions },
      requests: [
        {
          url: API,
          method: 'GET',
          headers: { 'X-Key': '[[token]]' },
          mapping: { never: { transform: 'compute', fn: 'fail', args: { x: 'echo' } } },
        },
      ],
      bags: { credentials: { token: 'secret-token-1' } },
    })
    expect(outcome.steps[0]?.notes[0]?.message).toContain('no ***')
  })

  it('survives an answer that is nested without end', async () => {
    const depth = 50_000
    const body = `{"a":${'['.repeat(depth)}"secret-token-1"${']'.repeat(depth)}}`
    provider.answer(() => ({ body, headers: { 'Content-Type': 'application/json' } }))
    const outcome = await run({
      requests: [{ url: API, method: 'GET', headers: { 'X-Key': '[[token]]' }, mapping: { a: '$.a' } }],
      bags: { credentials: { token: 'secret-token-1' } },
    })
    expect(outcome.ok).toBe(true)
  })

  it('has one time and another key for each step', async () => {
    provider.answer(() => {
      provider.clock.now += 1000
      return { json: {} }
    })
    const step: Step = {
      url: API,
      method: 'POST',
      body: ['{{now}}', '{{idempotencyKey}}'],
      when: { key: 'now', exists: true },
      mapping: {},
    }
    await run({ requests: [step, step] })
    const [first, second] = provider.seen.map(({ body }) => JSON.parse(body))
    expect(first[0]).toBe('2026-01-31T12:00:00.000Z')
    expect(second[0]).toBe('2026-01-31T12:00:01.000Z')
    expect(first[1]).not.toBe(second[1])
  })
})
