import { beforeEach, describe, expect, it } from 'vitest'
import { ledgerTests } from '../../test/ledger-tests.ts'
import type { Context } from '../context.ts'
import { createBudget } from '../limit/budget.ts'
import { silentLog } from '../log.ts'
import { executeAction } from './execute.ts'
import { loadOptions } from './load-options.ts'

const tests = ledgerTests('b')

const act = (context: Context = tests.platform.context) =>
  executeAction(context, {
    actor: tests.actor,
    appNs: 'ledger',
    actionName: 'callHome',
    formInput: { path: 'ping' },
    requestId: 'r',
  })

/** Another process: what it knows, it has from the database. */
function otherProcess(): Context {
  const { db, send } = tests.platform.context
  return { ...tests.platform.context, budget: createBudget({ db, send, log: silentLog }) }
}

describe('a provider that says to wait', () => {
  beforeEach(async () => {
    tests.proxy.answer429({ retryAfter: 120 })
    expect((await act()).error).toMatchObject({ code: 'RATE_LIMITED', details: { status: 429 } })
    tests.proxy.passThrough()
    tests.proxy.requests.length = 0
  })

  it('is not asked by an action before its time, and the answer says whose limit it is', async () => {
    const { error } = await act()
    expect(error).toMatchObject({ code: 'RATE_LIMITED', retryable: true })
    expect(error?.message).toMatch(/^The provider limits how often it may be called: ledger\.example takes/)
    expect(error?.details['retryAfterMs']).toBeGreaterThan(60_000)
    expect(error?.details['retryAfterMs']).toBeLessThanOrEqual(120_000)
    expect(tests.proxy.requests).toEqual([])
  })

  it('is not asked for the options of a dropdown', async () => {
    const load = { actor: tests.actor, miniAppNs: 'ledger', sourceKey: 'rpc_books', requestId: 'r' }
    await expect(loadOptions(tests.platform.context, load)).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect(tests.proxy.requests).toEqual([])
  })

  it('is not asked by a process that starts later', async () => {
    await expect.poll(async () => (await act(otherProcess())).error?.code).toBe('RATE_LIMITED')
  })

  it('answers the connections of other workspaces', async () => {
    tests.actor = await tests.platform.newActor(`other${tests.number}`)
    await tests.platform.connect(tests.actor, `other-${tests.number}`)
    expect((await act()).error).toBeNull()
  })
})

it('a process that knew nothing of the limit follows what another one hears', async () => {
  const other = otherProcess()
  const stop = await other.budget.watch()
  expect((await act(other)).error).toBeNull()
  tests.proxy.answer429({ retryAfter: 120 })
  await act()
  tests.proxy.passThrough()
  await expect.poll(async () => (await act(other)).error?.code).toBe('RATE_LIMITED')
  await stop()
})

it('what the provider allows is learnt from its answers, for all processes', async () => {
  const headers = { 'RateLimit-Limit': '50, 50;w=10', 'RateLimit-Remaining': '49', 'RateLimit-Reset': '10' }
  tests.proxy.answer(200, { headers, body: '{}' })
  await act()
  await expect
    .poll(() =>
      tests.platform.context.db.sql
        .selectFrom('providerBudget')
        .select(['requests', 'perMs', 'blockedUntil'])
        .where('workspaceId', '=', tests.actor.workspaceId)
        .executeTakeFirst(),
    )
    .toEqual({ requests: 50, perMs: 10_000, blockedUntil: null })
})
