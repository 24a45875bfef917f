import { expect, it } from 'vitest'
import { MAX_SLOW_TURNS, SLOW_TURN_MS, Turns } from './turns.ts'

const clock = { now: 0 }
const newTurns = (onFreed = () => {}) => new Turns({ now: () => clock.now, onFreed })
const turn = (count: number) => async () => count

/** A turn that lasts until it is released. */
function longTurn() {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let begun = 0
  const run = () => {
    begun += 1
    return promise
  }
  return { run, release: () => resolve(12), fail: () => reject(new Error('away')), begun: () => begun }
}

it('a turn that takes long goes on beside the others, and is not begun twice', async () => {
  let freed = 0
  const turns = newTurns(() => {
    freed += 1
  })
  const long = longTurn()
  expect(await turns.take('slow', long.run)).toBe(0)
  expect(await turns.take('slow', long.run)).toBe(0)
  expect(await turns.take('quick', turn(3))).toBe(3)
  expect({ begun: long.begun(), freed }).toEqual({ begun: 1, freed: 0 })
  long.release()
  await turns.end()
  expect(freed).toBe(1)
})

it('whoever was slow begins beside the others, until a turn was short', async () => {
  const turns = newTurns()
  const first = longTurn()
  await turns.take('slow', first.run)
  clock.now += SLOW_TURN_MS
  first.fail()
  await turns.end()
  const second = longTurn()
  const answered = await turns.take('slow', second.run)
  expect({ answered, begun: second.begun() }).toEqual({ answered: 0, begun: 1 })
  second.release()
  await turns.end()
  expect(await turns.take('slow', turn(5))).toBe(5)
})

it('at most so many go on beside the others; those that are known to be slow wait for a place', async () => {
  const turns = newTurns()
  const names = Array.from({ length: MAX_SLOW_TURNS + 1 }, (_, index) => `slow ${index}`)
  const [last = '', ...others] = names
  const before = longTurn()
  await turns.take(last, before.run)
  clock.now += SLOW_TURN_MS
  before.fail()
  await turns.end()
  const long = others.map(() => longTurn())
  await Promise.all(others.map((name, index) => turns.take(name, long[index]?.run ?? turn(0))))
  const waiting = longTurn()
  expect(await turns.take(last, waiting.run)).toBe(0)
  expect(waiting.begun()).toBe(0)
  expect(await turns.take('quick', turn(1))).toBe(1)
  for (const { release } of long) release()
  await turns.end()
  await turns.take(last, waiting.run)
  expect(waiting.begun()).toBe(1)
  waiting.release()
  await turns.end()
})

it('of two turns of one workspace at once both go on beside the others, and the end waits for both', async () => {
  let freed = 0
  const turns = newTurns(() => {
    freed += 1
  })
  const [one, other] = [longTurn(), longTurn()]
  const taken = await Promise.all([turns.take('slow', one.run), turns.take('slow', other.run)])
  expect(taken).toEqual([0, 0])
  other.release()
  expect(await turns.take('slow', turn(1))).toBe(0)
  one.release()
  await turns.end()
  expect(freed).toBe(2)
})
