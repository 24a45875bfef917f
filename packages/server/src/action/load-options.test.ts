import { describe, expect, it } from 'vitest'
import { ledgerTests } from '../../test/ledger-tests.ts'
import { type LoadOptions, loadOptions, OPTIONS_MAX_AGE_MS } from './load-options.ts'

const tests = ledgerTests('o')

const load = (more: Partial<LoadOptions> = {}) =>
  loadOptions(tests.platform.context, {
    actor: tests.actor,
    miniAppNs: 'ledger',
    sourceKey: 'rpc_books',
    requestId: 'r',
    ...more,
  })
const entries = (params: Record<string, unknown>, more: Partial<LoadOptions> = {}) =>
  load({ sourceKey: 'rpc_entries', params, ...more })

const BOOKS = [
  { value: 'b1', label: 'Sales' },
  { value: 'b2', label: 'Costs' },
]

describe('loadOptions', () => {
  it('reads value and label, from the root and from a dataPath', async () => {
    expect(await load()).toEqual(BOOKS)
    expect(await entries({ book: 'b1' })).toEqual([{ value: 1, label: 'First' }])
    expect(await entries({ book: 'b1' }, { sourceRef: 'title' })).toEqual([
      { value: 'First', label: 'First' },
    ])
  })

  it('passes on only the parameters that the options depend on', async () => {
    await entries({ book: 'b2', other: 'x' })
    expect(tests.proxy.requests.map(({ url }) => url)).toEqual(['/books/b2/entries'])
    await entries({ book: 'b2', other: 'y' })
    expect(tests.proxy.requests).toHaveLength(1)
  })

  it('asks the provider once for many at the same time, and once a minute', async () => {
    await Promise.all(Array.from({ length: 20 }, () => load()))
    await load()
    expect(tests.proxy.requests).toHaveLength(1)
    tests.platform.clock.now += OPTIONS_MAX_AGE_MS - 1
    await load()
    expect(tests.proxy.requests).toHaveLength(1)
    tests.platform.clock.now += 1
    await load()
    expect(tests.proxy.requests).toHaveLength(2)
  })

  it('asks again when the clock has been set back', async () => {
    await load()
    tests.platform.clock.now -= 86_400_000
    await load()
    expect(tests.proxy.requests).toHaveLength(2)
  })

  it('never shows the options of an earlier connection', async () => {
    await load()
    await tests.platform.connect(tests.actor, `second-${tests.number}`)
    tests.proxy.requests.length = 0
    await load()
    expect(tests.proxy.requests).toHaveLength(1)
  })

  it('fails with the codes of actions and does not keep a failure', async () => {
    tests.proxy.answer401()
    await expect(load()).rejects.toMatchObject({ code: 'AUTH_EXPIRED' })
    tests.proxy.answer(200, { body: '{"books": []}' })
    await expect(load()).rejects.toMatchObject({ code: 'EXTERNAL_API_ERROR' })
    tests.proxy.passThrough()
    expect(await load()).toEqual(BOOKS)
  })

  it.each<[string, Partial<LoadOptions>, string]>([
    ['a source that there is not', { sourceKey: 'rpc_nothing' }, 'VALIDATION_ERROR'],
    ['an app that is not installed', { miniAppNs: 'slack' }, 'NOT_INSTALLED'],
    ['a missing parameter in the path', { sourceKey: 'rpc_entries', params: {} }, 'VALIDATION_ERROR'],
  ])('refuses %s', async (_name, more, code) => {
    await expect(load(more)).rejects.toMatchObject({ code })
    expect(tests.proxy.requests).toEqual([])
  })
})
