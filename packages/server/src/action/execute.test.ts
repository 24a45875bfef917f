import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { FaultProxy } from '../../test/fault-proxy.ts'
import { LEDGER_ORIGIN } from '../../test/ledger-app.ts'
import { type LedgerPlatform, ledgerPlatform } from '../../test/ledger-platform.ts'
import type { LocalServer } from '../../test/local-server.ts'
import { disconnect } from '../install/remove.ts'
import type { Actor } from './actor.ts'
import { ACTION_RATE_LIMIT, type ExecuteAction, executeAction } from './execute.ts'
import { countRuns, findRun, listRuns } from './store.ts'
import { testRequest } from './test-request.ts'

let platform: LedgerPlatform
let proxy: FaultProxy
let ledger: LocalServer
let actor: Actor
let number = 0

beforeAll(async () => {
  platform = await ledgerPlatform()
  proxy = platform.proxy
  ledger = platform.ledger
})
afterAll(() => platform.close())
beforeEach(async () => {
  proxy.passThrough()
  actor = await connectedActor()
  proxy.requests.length = 0
})

async function connectedActor(): Promise<Actor> {
  const made = await platform.newActor(`a${++number}`)
  await platform.connect(made, `secret-${number}`)
  return made
}

const secret = () => `token-of-secret-${number}`
const execute = (actionName: string, formInput: unknown, more: Partial<ExecuteAction> = {}) =>
  executeAction(platform.context, {
    actor,
    appNs: 'ledger',
    actionName,
    formInput,
    requestId: `request-${number}`,
    ...more,
  })

const everyRun = () =>
  listRuns(platform.context.db, { workspaceId: actor.workspaceId }, { limit: 100, offset: 0 })

async function onlyRecord() {
  const [run, ...more] = await everyRun()
  expect(more).toEqual([])
  const found = await findRun(platform.context.db, { workspaceId: actor.workspaceId, id: String(run?.id) })
  return { run: found, record: JSON.parse(found?.record ?? '{}') }
}

describe('executeAction', () => {
  it('chains its steps, coerces what a form sends, and answers the object-mapped outputs alone', async () => {
    const result = await execute('addEntry', { book: 'b1', amount: '12.5', tags: 'a, b', unknown: 'dropped' })
    expect(result).toEqual({
      requestId: `request-${number}`,
      actionName: 'addEntry',
      success: true,
      data: { id: 42, amount: 12.5, tags: ['a', 'b'] },
      error: null,
    })
    expect(ledger.requests.at(-1)?.body).toBe('{"book":"b1","amount":12.5,"tags":["a","b"]}')
  })

  it('leaves its record on a day that nobody has prepared: the clock was set, or the server could not', async () => {
    platform.clock.now += 400 * 86_400_000
    try {
      const results = await Promise.all([1, 2, 3].map(() => execute('addEntry', { book: 'b1', amount: 1 })))
      expect(results.map(({ error }) => error)).toEqual([null, null, null])
      expect(await everyRun()).toHaveLength(3)
    } finally {
      platform.clock.now -= 400 * 86_400_000
    }
  })

  it('leaves one record, with every step, without a secret, before it answers', async () => {
    await execute('addEntry', { book: 'b1', amount: 1 })
    const { run, record } = await onlyRecord()
    expect(run).toMatchObject({
      ns: 'ledger',
      version: '1.0.0',
      action: 'addEntry',
      actorKind: 'token',
      actorId: actor.id,
      status: 'succeeded',
      errorCode: null,
      requestId: `request-${number}`,
    })
    expect(record.steps).toHaveLength(2)
    expect(record.steps[1]).toMatchObject({
      kind: 'http',
      status: 'ok',
      request: { method: 'POST', headers: { Authorization: expect.not.stringContaining(secret()) } },
      response: { status: 201 },
    })
    expect(run?.record).not.toContain(secret())
  })

  it('runs an App Function in the sandbox and keeps what it logged', async () => {
    expect(await execute('sumEntries', { amounts: '[1, 2, 3.5]' })).toMatchObject({ data: { total: 6.5 } })
    const { record } = await onlyRecord()
    expect(record.steps[0]).toMatchObject({ kind: 'function', logs: expect.stringContaining('3 amounts') })
  })

  it("answers a function's own words when it throws", async () => {
    const { error } = await execute('sumEntries', { amounts: [] })
    expect(error).toMatchObject({
      code: 'VALIDATION_ERROR',
      message: 'There is nothing to add up.',
      retryable: false,
    })
  })

  it('names every field of a wrong input and sends nothing', async () => {
    const { success, data, error } = await execute('addEntry', { amount: -1 })
    expect({ success, data, code: error?.code }).toEqual({
      success: false,
      data: null,
      code: 'VALIDATION_ERROR',
    })
    expect(((error?.details['fields'] ?? []) as { path: string }[]).map(({ path }) => path).sort()).toEqual([
      '/amount',
      '/book',
    ])
    expect(proxy.requests).toEqual([])
    expect((await onlyRecord()).run?.errorCode).toBe('VALIDATION_ERROR')
  })

  it.each(['..', 'a/../..', 'a\\b'])('refuses %j in a path', async (book) => {
    expect((await execute('addEntry', { book, amount: 1 })).error?.code).toBe('VALIDATION_ERROR')
    expect(proxy.requests).toEqual([])
  })

  it("tells the provider's error with step, status and words", async () => {
    const { error } = await execute('addEntry', { book: 'b9', amount: 1 })
    expect(error).toMatchObject({
      code: 'EXTERNAL_API_ERROR',
      retryable: false,
      details: { step: 0, status: 404, providerMessage: expect.stringContaining('no book b9') },
    })
  })

  it('a 401 that nothing can refresh is AUTH_EXPIRED and leaves the install connected', async () => {
    proxy.answer401()
    expect((await execute('addEntry', { book: 'b1', amount: 1 })).error?.code).toBe('AUTH_EXPIRED')
    proxy.passThrough()
    expect((await execute('addEntry', { book: 'b1', amount: 1 })).success).toBe(true)
  })

  it('hides the secrets that a provider echoes, in the answer and in the record', async () => {
    proxy.echo(true)
    const result = await execute('addEntry', { book: 'b1', amount: 1 })
    expect(result.success).toBe(false)
    expect(JSON.stringify(result)).not.toContain(secret())
    expect(JSON.stringify(await onlyRecord())).not.toContain(secret())
  })

  it('does not repeat a POST whose answer was lost', async () => {
    proxy.passThrough()
    await execute('addEntry', { book: 'b1', amount: 1 })
    const before = ledger.requests.filter(({ url }) => url === '/entries').length
    proxy.delay(0)
    proxy.cut(5)
    const { error } = await execute('addEntry', { book: 'b1', amount: 1 })
    expect(error?.code).toBe('EXTERNAL_API_ERROR')
    expect(ledger.requests.filter(({ url }) => url === '/entries').length - before).toBeLessThanOrEqual(1)
  })

  it('keeps its deadline', async () => {
    proxy.delay(60_000)
    const { error } = await execute('callHome', { path: 'ping' }, { deadlineMs: 150 })
    expect(error).toMatchObject({ code: 'EXTERNAL_API_ERROR', retryable: true })
  })

  it.each<[string, () => Promise<unknown>, Partial<ExecuteAction>, string]>([
    ['an app that is not installed', async () => {}, { appNs: 'slack' }, 'NOT_INSTALLED'],
    ['an action that there is not', async () => {}, { actionName: 'removeEntry' }, 'ACTION_NOT_FOUND'],
    [
      'an action that the caller may not run',
      async () => {},
      { allowedActions: ['sumEntries'] },
      'ACTION_NOT_FOUND',
    ],
    [
      'an app without a connection',
      () => disconnect(platform.context, { workspaceId: actor.workspaceId, ns: 'ledger' }),
      {},
      'NOT_CONFIGURED',
    ],
  ])('refuses %s', async (_name, prepare, more, code) => {
    await prepare()
    const result = await execute('addEntry', { book: 'b1', amount: 1 }, more)
    expect(result).toMatchObject({ success: false, data: null, error: { code, retryable: false } })
    expect(proxy.requests).toEqual([])
  })

  it('lists the actions that there are where one is not found', async () => {
    expect((await execute('nope', {})).error?.message).toContain('addEntry, sumEntries, callHome')
  })

  it('refuses the 31st execution within 60 s, for this user and app alone, and says when to try again', async () => {
    const run = () => execute('sumEntries', { amounts: [1] })
    const results = await Promise.all(Array.from({ length: ACTION_RATE_LIMIT.limit + 1 }, run))
    const refused = results.filter(({ error }) => error?.code === 'RATE_LIMITED')
    expect(refused).toHaveLength(1)
    expect(refused[0]?.error).toMatchObject({
      retryable: true,
      details: { retryAfterMs: expect.any(Number) },
    })
    const colleague = { ...actor, id: '0199aaaa-0000-7000-8000-000000000001' }
    expect((await execute('sumEntries', { amounts: [1] }, { actor: colleague })).success).toBe(true)
    platform.clock.now += ACTION_RATE_LIMIT.windowMs + 1
    expect((await run()).success).toBe(true)
  })

  it('shows a workspace its own runs only', async () => {
    await execute('sumEntries', { amounts: [1] })
    const [run] = await everyRun()
    const other = await connectedActor()
    expect(await countRuns(platform.context.db, { workspaceId: other.workspaceId })).toBe(0)
    expect(
      await findRun(platform.context.db, { workspaceId: other.workspaceId, id: String(run?.id) }),
    ).toBeUndefined()
  })
})

describe('testRequest', () => {
  const test = (more: object) =>
    testRequest(platform.context, {
      actor,
      miniAppNs: 'ledger',
      actionName: 'addEntry',
      step: 0,
      formInput: {},
      ...more,
    })

  it('runs one request for real and shows what was sent, what came back and what was mapped', async () => {
    const tested = await test({ step: 1, formInput: { bookId: 'b2', amount: 3 } })
    expect(tested).toMatchObject({
      success: true,
      request: {
        method: 'POST',
        url: `${LEDGER_ORIGIN}/entries`,
        body: expect.stringContaining('"book":"b2"'),
      },
      response: { status: 201, body: expect.stringContaining('42') },
      mapped: { id: 42, amount: 3 },
      error: null,
    })
    expect(JSON.stringify(tested)).not.toContain(secret())
    expect(await everyRun()).toEqual([])
  })

  it.each([
    [{ step: 2 }, 'BAD_USER_INPUT'],
    [{ actionName: 'nope' }, 'NOT_FOUND'],
    [{ miniAppNs: 'slack' }, 'NOT_INSTALLED'],
  ])('refuses %o', async (more, code) => {
    await expect(test(more)).rejects.toMatchObject({ code })
  })
})
