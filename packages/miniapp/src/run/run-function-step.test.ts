import { describe, expect, it } from 'vitest'
import { testProvider } from '../../test/provider.ts'
import { type ActionRun, runAction } from '../../test/run-action.ts'
import type { Effects } from './effects.ts'

const provider = testProvider()
const run = (action: ActionRun) => runAction(provider.effects, action)
const API = 'https://api.acme.example'

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
    const effects = { ...provider.effects, runFunction }
    const outcome = await runAction(effects, {
      parts: { functions },
      requests: [{ type: 'function', name: 'fail' }],
    })
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

  it('compute fields and keep what they logged, in order', async () => {
    provider.answer(() => ({ json: { n: 21 } }))
    const runFunction: Effects['runFunction'] = async ({ args }) => ({
      outcome: { ok: true, value: { value: 1 } },
      logs: `got ${args.n}`,
    })
    const compute = { transform: 'compute' as const, fn: 'double', args: { n: 'n' } }
    const mapping = { one: compute, two: { ...compute, args: { n: 'm' } } }
    const effects = { ...provider.effects, runFunction }
    const outcome = await runAction(effects, {
      parts: { functions },
      requests: [{ url: API, method: 'GET', mapping }],
    })
    expect(outcome.steps[0]?.logs).toBe('got 21\ngot undefined')
  })
})
