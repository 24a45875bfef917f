import { getEventListeners } from 'node:events'
import type { SendError } from 'miniapp'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TimeBudget } from './time-budget.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the time of a send', () => {
  it('ends after its milliseconds, once, and stays over', () => {
    const ends: SendError[] = []
    const abort = new AbortController()
    const budget = new TimeBudget('api.test', { timeoutMs: 1000, signal: abort.signal })
    budget.onEnd = (failure) => ends.push(failure)
    vi.advanceTimersByTime(999)
    expect(budget.failure).toBeUndefined()
    vi.advanceTimersByTime(1)
    abort.abort()
    expect(ends).toMatchObject([{ failure: 'timeout', message: 'api.test did not answer within 1000 ms' }])
    expect(budget.failure).toBe(ends[0])
  })

  it('ends with its signal, whose reason is the cause', () => {
    const abort = new AbortController()
    const budget = new TimeBudget('api.test', { timeoutMs: 1000, signal: abort.signal })
    abort.abort('gone')
    vi.advanceTimersByTime(1000)
    expect(budget.failure).toMatchObject({ failure: 'aborted', cause: 'gone' })
  })

  it('is over from the start where the signal was aborted before', () => {
    const budget = new TimeBudget('api.test', { timeoutMs: 1000, signal: AbortSignal.abort() })
    expect(budget.failure).toMatchObject({ failure: 'aborted' })
  })

  it('leaves no timer and no listener behind', () => {
    const { signal } = new AbortController()
    const budget = new TimeBudget('api.test', { timeoutMs: 1000, signal })
    expect([vi.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([1, 1])
    budget.release()
    expect([vi.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0])
  })
})
