import { describe, expect, it } from 'vitest'
import { Holdings } from './holdings.ts'
import { type Job, MAX_WAITING_CALLS, Turns } from './turns.ts'

const job = (workspaceId: string): Job => ({
  workspaceId,
  call: { name: 'sample', params: [], code: '', args: {} },
  resolve: () => {},
  reject: () => {},
})

describe('calls that wait', () => {
  it('are taken in turns of workspaces, however many one workspace has', () => {
    const turns = new Turns()
    for (const id of ['a', 'a', 'a', 'b', 'c', 'b']) turns.add(job(id))
    const order = Array.from({ length: 7 }, () => turns.next(() => true)?.workspaceId)
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'a', undefined])
  })

  it('are passed over while their workspace may not go, and keep their place', () => {
    const turns = new Turns()
    for (const id of ['a', 'b']) turns.add(job(id))
    expect(turns.next((id) => id !== 'a')?.workspaceId).toBe('b')
    expect(turns.next((id) => id !== 'a')).toBeUndefined()
    expect(turns.next(() => true)?.workspaceId).toBe('a')
  })

  it(`are at most ${MAX_WAITING_CALLS} of one workspace`, () => {
    const turns = new Turns()
    const jobs = Array.from({ length: MAX_WAITING_CALLS }, () => job('a'))
    expect(jobs.map((one) => turns.add(one))).not.toContain(false)
    expect(turns.add(job('a'))).toBe(false)
    expect(turns.add(job('b'))).toBe(true)
    for (const one of jobs) turns.remove(one)
    expect(turns.add(job('a'))).toBe(true)
  })
})

describe('processes that are held', () => {
  it.each([
    [1, 1],
    [2, 1],
    [4, 3],
  ])('of %i, one workspace holds at most %i', (processes, most) => {
    const holdings = new Holdings(processes)
    for (let n = 0; n < most; n++) {
      expect(holdings.mayTake('a')).toBe(true)
      holdings.take('a')
    }
    expect(holdings.mayTake('a')).toBe(false)
    expect(holdings.mayTake('b')).toBe(true)
    holdings.giveBack('a')
    expect(holdings.mayTake('a')).toBe(true)
  })
})
