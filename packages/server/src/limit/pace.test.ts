import { describe, expect, it } from 'vitest'
import { reservedOf, windowOf, withMargin } from './pace.ts'
import { LONGEST_WINDOW_MS } from './rate-limit.ts'

describe('what is kept for people', () => {
  it.each([
    [1, 0],
    [4, 0],
    [5, 1],
    [10, 2],
    [49, 9],
    [50, 10],
    [5_000, 10],
  ])('of %i requests is %i', (requests, reserved) => {
    expect(reservedOf({ requests, perMs: 1_000 })).toBe(reserved)
  })
})

describe('the shared window', () => {
  it.each([
    [1_000, 1_200],
    [2_000, 2_200],
    [10_000, 11_000],
    [60_000, 62_000],
    [LONGEST_WINDOW_MS, LONGEST_WINDOW_MS],
  ])('of %i ms is %i ms long', (perMs, longer) => {
    expect(withMargin({ requests: 10, perMs }, 2)).toEqual({ requests: 8, perMs: longer })
  })

  it('leaves at least one request', () => {
    expect(withMargin({ requests: 1, perMs: 1_000 }, 1).requests).toBe(1)
  })
})

describe('the window of a reset', () => {
  it.each([
    [0, 0, 1_000],
    [1_999, 0, 1_000],
    [2_000, 0, 2_000],
    [42_000, 0, 60_000],
    [3_200_000, 0, 3_600_000],
    [5_000, 60_000, 60_000],
    [200_000_000, 0, 199_999_001],
  ])('in %i ms, where one of %i ms was seen, is %i ms', (resetMs, before, window) => {
    expect(windowOf(resetMs, before)).toBe(window)
  })
})
