import type { SendError } from 'miniapp'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConnectionBudget, FIRST_ANSWER_MS, type Priority } from './connection-budget.ts'
import { learn } from './learn.ts'
import { type Pace, reservedOf } from './pace.ts'

const START = Date.UTC(2026, 0, 1)

beforeEach(() => {
  vi.useFakeTimers({ now: START })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A window that slides, as the shared one does. */
function window() {
  const taken: number[] = []
  return async ({ requests, perMs }: Pace) => {
    const now = Date.now()
    const inside = taken.filter((at) => at > now - perMs)
    if (inside.length >= requests)
      return { ok: false as const, retryAfterMs: (inside[0] ?? now) + perMs - now }
    taken.push(now)
    return { ok: true as const }
  }
}

function budgetOf(declared?: Pace) {
  return new ConnectionBudget({ now: Date.now, take: window(), declared })
}

interface Ask {
  priority?: Priority
  patienceMs?: number
  signal?: AbortSignal
}

/** @returns what became of it, as soon as something has */
function ask(budget: ConnectionBudget, { priority = 'background', patienceMs = 60_000, signal }: Ask = {}) {
  const asked: { state: 'waiting' | 'granted'; error?: SendError } = { state: 'waiting' }
  const turn = budget.begin(priority, {
    url: 'https://api.test/orders?key=secret',
    patienceMs,
    ...(signal && { signal }),
  })
  Promise.resolve(turn).then(
    () => (asked.state = 'granted'),
    (error) => (asked.error = error),
  )
  return asked
}

async function answer(
  budget: ConnectionBudget,
  status = 200,
  headers: Record<string, string> = {},
): Promise<void> {
  learn(budget, { status, headers }, Date.now())
  budget.end()
  await vi.advanceTimersByTimeAsync(0)
}

const granted = (asked: readonly { state: string }[]) =>
  asked.filter(({ state }) => state === 'granted').length
const settle = () => vi.advanceTimersByTimeAsync(0)

/** A budget whose first answer has come. */
async function known(headers: Record<string, string> = {}, status = 200) {
  const budget = budgetOf()
  ask(budget)
  await settle()
  await answer(budget, status, headers)
  return budget
}

describe('a connection that nobody knows', () => {
  it('is asked once, and all else goes when the first answer names no limit', async () => {
    const budget = budgetOf()
    const asked = Array.from({ length: 20 }, () => ask(budget))
    await settle()
    expect(granted(asked)).toBe(1)
    await answer(budget)
    expect(granted(asked)).toBe(20)
    expect(
      budget.begin('background', { url: 'https://api.test/orders?key=secret', patienceMs: 1 }),
    ).toBeUndefined()
  })

  it('holds nobody for longer than a moment where the first answer does not come', async () => {
    const budget = budgetOf()
    const asked = [ask(budget), ask(budget), ask(budget)]
    await vi.advanceTimersByTimeAsync(FIRST_ANSWER_MS - 1)
    expect(granted(asked)).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(granted(asked)).toBe(3)
  })

  it('is held to what the definition declares from the first request on', async () => {
    const budget = budgetOf({ requests: 2, perMs: 1_000 })
    const asked = Array.from({ length: 5 }, () => ask(budget))
    await settle()
    expect(granted(asked)).toBe(2)
    await vi.advanceTimersByTimeAsync(1_199)
    expect(granted(asked)).toBe(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(granted(asked)).toBe(4)
  })
})

describe('a known limit', () => {
  const TEN = { 'ratelimit-limit': '10, 10;w=1', 'ratelimit-remaining': '100', 'ratelimit-reset': '1' }

  it('keeps a fifth for calls that somebody waits for, and those go first', async () => {
    const budget = await known(TEN)
    const loop = Array.from({ length: 30 }, () => ask(budget))
    await settle()
    expect(granted(loop)).toBe(10 - reservedOf({ requests: 10, perMs: 1_000 }))
    const person = ask(budget, { priority: 'interactive' })
    await settle()
    expect(person.state).toBe('granted')
  })

  it('of one request has nothing to keep: background work goes too', async () => {
    const budget = budgetOf({ requests: 1, perMs: 1_000 })
    const loop = [ask(budget), ask(budget)]
    await settle()
    expect(granted(loop)).toBe(1)
    const person = ask(budget, { priority: 'interactive' })
    await vi.advanceTimersByTimeAsync(1_200)
    expect([person.state, granted(loop)]).toEqual(['granted', 1])
  })

  it('is the stricter one of what the definition and the provider say', async () => {
    const budget = await known(TEN)
    budget.declared = { requests: 2, perMs: 1_000 }
    expect(budget.pace).toEqual({ requests: 2, perMs: 1_000 })
    budget.declared = { requests: 200, perMs: 10_000 }
    expect(budget.pace).toEqual({ requests: 10, perMs: 1_000 })
  })

  it('refuses at once whoever cannot be served in time, and says when', async () => {
    const budget = budgetOf({ requests: 1, perMs: 60_000 })
    ask(budget)
    await settle()
    const late = ask(budget, { patienceMs: 30_000 })
    await settle()
    expect(late.error).toMatchObject({
      failure: 'rate-limited',
      retryAfterMs: 62_000,
      message:
        'The provider limits how often it may be called: api.test takes the next request in 62 s at the earliest',
    })
  })

  it('waits in the order of arrival, and lets go of who gives up', async () => {
    const budget = budgetOf({ requests: 1, perMs: 1_000 })
    const leaving = new AbortController()
    const asked = [ask(budget), ask(budget, { signal: leaving.signal }), ask(budget), ask(budget)]
    await settle()
    leaving.abort()
    await vi.advanceTimersByTimeAsync(1_200)
    expect(asked.map(({ state }) => state)).toEqual(['granted', 'waiting', 'granted', 'waiting'])
    expect(asked[1]?.error).toMatchObject({ failure: 'aborted' })
  })
})

describe('what an answer says is left', () => {
  const left = (remaining: number, seconds: number) => ({
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(seconds),
  })

  it('is not exceeded until more is given', async () => {
    const budget = await known(left(3, 20))
    const asked = Array.from({ length: 5 }, () => ask(budget))
    await settle()
    expect(granted(asked)).toBe(3)
    await vi.advanceTimersByTimeAsync(19_999)
    expect(granted(asked)).toBe(3)
    await vi.advanceTimersByTimeAsync(1)
    expect(granted(asked)).toBe(5)
  })

  it('counts what is under way, whether or not the answer does', async () => {
    const budget = await known(left(4, 20))
    const asked = [ask(budget), ask(budget)]
    await settle()
    await answer(budget, 200, left(3, 20))
    asked.push(ask(budget), ask(budget), ask(budget))
    await settle()
    expect(granted(asked)).toBe(4)
  })

  it('holds everybody where it is nothing', async () => {
    const budget = await known(left(0, 5))
    const person = ask(budget, { priority: 'interactive' })
    await vi.advanceTimersByTimeAsync(4_999)
    expect(person.state).toBe('waiting')
    await vi.advanceTimersByTimeAsync(1)
    expect(person.state).toBe('granted')
  })
})

describe('after a 429 nobody sends', () => {
  it.each<[string, number, Record<string, string>, number]>([
    ['before the time that it names', 429, { 'retry-after': '7' }, 7_000],
    ['before more is given', 429, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '3' }, 3_000],
    ['for a second where it names none', 429, {}, 1_000],
    ['nor after a 403 that names a time, as GitHub has it', 403, { 'retry-after': '7' }, 7_000],
  ])('%s', async (_name, status, headers, waitMs) => {
    const budget = await known(headers, status)
    const asked = [ask(budget, { priority: 'interactive' }), ask(budget)]
    await vi.advanceTimersByTimeAsync(waitMs - 1)
    expect(granted(asked)).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(granted(asked)).toBe(2)
  })

  it('for twice as long after each further one, and as before once it answers', async () => {
    const budget = await known({}, 429)
    for (const waitMs of [1_000, 2_000, 4_000]) {
      const next = ask(budget)
      await vi.advanceTimersByTimeAsync(waitMs - 1)
      expect(next.state).toBe('waiting')
      await vi.advanceTimersByTimeAsync(1)
      expect(next.state).toBe('granted')
      await answer(budget, waitMs === 4_000 ? 200 : 429)
    }
    expect(
      budget.begin('background', { url: 'https://api.test/orders?key=secret', patienceMs: 1 }),
    ).toBeUndefined()
  })

  it('and a 403 without a time is no limit', async () => {
    const budget = await known({}, 403)
    expect(
      budget.begin('background', { url: 'https://api.test/orders?key=secret', patienceMs: 1 }),
    ).toBeUndefined()
  })

  it('what another process heard counts here', async () => {
    const budget = await known()
    budget.adopt({ pace: undefined, blockedUntil: START + 5_000 })
    const asked = ask(budget)
    await vi.advanceTimersByTimeAsync(4_999)
    expect(asked.state).toBe('waiting')
    await vi.advanceTimersByTimeAsync(1)
    expect(asked.state).toBe('granted')
  })
})
