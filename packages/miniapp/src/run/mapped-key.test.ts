import { expect, it } from 'vitest'
import { testProvider } from '../../test/provider.ts'
import { runAction } from '../../test/run-action.ts'
import type { Step } from '../document.ts'
import { MAX_RECORDED_KEYS, RECORDED_VALUE_CHARACTERS } from './mapped-key.ts'

const provider = testProvider()
const API = 'https://api.acme.example'

async function mapped(json: unknown, mapping: unknown) {
  provider.answer(() => ({ json }))
  const requests = [{ url: `${API}/x`, method: 'GET', headers: { 'X-Key': '[[token]]' }, mapping }] as Step[]
  const outcome = await runAction(provider.effects, {
    requests,
    bags: { credentials: { token: 'secret-token-1' } },
  })
  return outcome.steps[0]
}

it('says of each key where it looked, what it found, and how that begins', async () => {
  const answer = { id: 7, name: 'Sales', items: [{ a: 1 }, { a: 2 }], none: null }
  const record = await mapped(answer, {
    id: '$.id',
    name: { path: '$.name', default: 'none' },
    items: '$.items',
    none: '$.none',
    gone: '$.gone',
    fixed: 'text',
  })
  expect(record?.mapping).toEqual([
    { key: 'id', rule: '$.id', selected: 'a number', value: '7' },
    { key: 'name', rule: '{"path":"$.name","default":"none"}', selected: 'text', value: 'Sales' },
    { key: 'items', rule: '$.items', selected: 'a list of 2', value: '[{"a":1},{"a":2}]' },
    { key: 'none', rule: '$.none', selected: 'null', value: 'null' },
    { key: 'gone', rule: '$.gone', selected: 'nothing' },
    { key: 'fixed', rule: 'text', selected: 'text', value: 'text' },
  ])
})

it('says it also where an entry fails the step', async () => {
  const record = await mapped({ id: 'b1' }, [
    { name: 'gone', value: '$.identifier' },
    { name: 'id', value: '$.id' },
  ])
  expect(record).toMatchObject({
    status: 'failed',
    mapping: [
      { key: 'gone', rule: '$.identifier', selected: 'nothing' },
      { key: 'id', rule: '$.id', selected: 'text', value: 'b1' },
    ],
  })
})

it('hides what is secret, and keeps to its limits', async () => {
  const long = `${'x'.repeat(RECORDED_VALUE_CHARACTERS - 5)}secret-token-1`
  const record = await mapped(
    { long, deep: { list: [long, 'y'.repeat(100_000)] } },
    {
      long: '$.long',
      deep: '$.deep',
      ...Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`k${index}`, '$.long'])),
    },
  )
  expect(record?.mapping).toHaveLength(MAX_RECORDED_KEYS)
  expect(JSON.stringify(record?.mapping)).not.toMatch(/secret|secr/)
  for (const { value = '' } of record?.mapping ?? [])
    expect(value.length).toBeLessThanOrEqual(RECORDED_VALUE_CHARACTERS)
})

it('says where the time went', async () => {
  const record = await mapped({ id: 1 }, { id: '$.id' })
  expect(record?.phases).toEqual({
    renderMs: expect.any(Number),
    refreshMs: 0,
    readMs: expect.any(Number),
    mapMs: expect.any(Number),
  })
})
