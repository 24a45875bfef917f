import { describe, expect, it } from 'vitest'
import { testProvider } from '../../test/provider.ts'
import { type ActionRun, runAction } from '../../test/run-action.ts'
import type { Step } from '../document.ts'

const provider = testProvider()
const run = (action: ActionRun) => runAction(provider.effects, action)
const API = 'https://api.acme.example'
const paths = () => provider.seen.map(({ method, path }) => `${method} ${path}`)

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
    const threeAreOpen = Promise.withResolvers<void>()
    const othersAreDone = Promise.withResolvers<void>()
    provider.answer(async ({ path }) => {
      open += 1
      most = Math.max(most, open)
      if (open === 3) threeAreOpen.resolve()
      if (path === '/7') othersAreDone.resolve()
      await threeAreOpen.promise
      if (path === '/1') await othersAreDone.promise
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
