import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { FaultProxy } from '../../test/fault-proxy.ts'
import { type LedgerPlatform, ledgerPlatform } from '../../test/ledger-platform.ts'
import type { Context } from '../context.ts'
import { createBudget } from '../limit/budget.ts'
import { silentLog } from '../log.ts'
import type { Actor } from './actor.ts'
import { executeAction } from './execute.ts'
import { loadOptions } from './load-options.ts'

let platform: LedgerPlatform
let proxy: FaultProxy
let actor: Actor
let number = 0

beforeAll(async () => {
  platform = await ledgerPlatform()
  proxy = platform.proxy
})
afterAll(() => platform.close())
beforeEach(async () => {
  proxy.passThrough()
  actor = await platform.newActor(`b${++number}`)
  await platform.connect(actor, `account-${number}`)
  proxy.requests.length = 0
})

const act = (context: Context = platform.context) =>
  executeAction(context, {
    actor,
    appNs: 'ledger',
    actionName: 'callHome',
    formInput: { path: 'ping' },
    requestId: 'r',
  })

/** Another process: what it knows, it has from the database. */
function otherProcess(): Context {
  const { db, send } = platform.context
  return { ...platform.context, budget: createBudget({ db, send, log: silentLog }) }
}

describe('a provider that says to wait', () => {
  beforeEach(async () => {
    proxy.answer429({ retryAfter: 120 })
    expect((await act()).error).toMatchObject({ code: 'RATE_LIMITED', details: { status: 429 } })
    proxy.passThrough()
    proxy.requests.length = 0
  })

  it('is not asked by an action before its time, and the answer says whose limit it is', async () => {
    const { error } = await act()
    expect(error).toMatchObject({ code: 'RATE_LIMITED', retryable: true })
    expect(error?.message).toMatch(/^The provider limits how often it may be called: ledger\.example takes/)
    expect(error?.details['retryAfterMs']).toBeGreaterThan(60_000)
    expect(error?.details['retryAfterMs']).toBeLessThanOrEqual(120_000)
    expect(proxy.requests).toEqual([])
  })

  it('is not asked for the options of a dropdown', async () => {
    const load = { actor, miniAppNs: 'ledger', sourceKey: 'rpc_books', requestId: 'r' }
    await expect(loadOptions(platform.context, load)).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect(proxy.requests).toEqual([])
  })

  it('is not asked by a process that starts later', async () => {
    await expect.poll(async () => (await act(otherProcess())).error?.code).toBe('RATE_LIMITED')
  })

  it('answers the connections of other workspaces', async () => {
    actor = await platform.newActor(`other${number}`)
    await platform.connect(actor, `other-${number}`)
    expect((await act()).error).toBeNull()
  })
})

it('a process that knew nothing of the limit follows what another one hears', async () => {
  const other = otherProcess()
  const stop = await other.budget.watch()
  expect((await act(other)).error).toBeNull()
  proxy.answer429({ retryAfter: 120 })
  await act()
  proxy.passThrough()
  await expect.poll(async () => (await act(other)).error?.code).toBe('RATE_LIMITED')
  await stop()
})

it('what the provider allows is learnt from its answers, for all processes', async () => {
  const headers = { 'RateLimit-Limit': '50, 50;w=10', 'RateLimit-Remaining': '49', 'RateLimit-Reset': '10' }
  proxy.answer(200, { headers, body: '{}' })
  await act()
  await expect
    .poll(() =>
      platform.context.db.sql
        .selectFrom('providerBudget')
        .select(['requests', 'perMs', 'blockedUntil'])
        .where('workspaceId', '=', actor.workspaceId)
        .executeTakeFirst(),
    )
    .toEqual({ requests: 50, perMs: 10_000, blockedUntil: null })
})
