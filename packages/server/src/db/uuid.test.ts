import { expect, test } from 'vitest'
import { uuidTime, uuidv7 } from './uuid.ts'

const SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
test('has the shape of version 7 and holds its time', () => {
  const id = uuidv7(Date.parse('2026-01-02T03:04:05.678Z'))
  expect(id).toMatch(SHAPE)
  expect(uuidTime(id).toISOString()).toBe('2026-01-02T03:04:05.678Z')
})

test('increases while the clock stands still, past the end of the counter', () => {
  const now = Date.parse('2026-02-01T00:00:00Z')
  const ids = Array.from({ length: 10_000 }, () => uuidv7(now))
  expect(ids).toEqual([...ids].sort())
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.filter((id) => !SHAPE.test(id))).toEqual([])
  expect(uuidTime(ids.at(-1) as string).getTime() - now).toBeLessThanOrEqual(3)
})

test.each([
  { what: 'a clock that goes back a little', backMs: 10_000, increases: true },
  { what: 'a clock that was set', backMs: 10_001, increases: false },
])('$what', ({ backMs, increases }) => {
  const now = Date.parse('2027-01-01T00:00:00Z') + backMs * 1_000_000
  const before = uuidv7(now)
  expect(uuidv7(now - backMs) > before).toBe(increases)
})

test('ends in random digits of its own, of every variant', () => {
  const now = Date.parse('2026-03-01T00:00:00Z')
  const ends = Array.from({ length: 2000 }, () => uuidv7(now).slice(19))
  expect(new Set(ends).size).toBe(ends.length)
  expect([...new Set(ends.map((end) => end[0]))].sort()).toEqual(['8', '9', 'a', 'b'])
  for (let place = 1; place < 17; place++) {
    if (place === 4) continue
    expect(new Set(ends.map((end) => end[place])).size, `digit ${place}`).toBe(16)
  }
})

test.each([
  {
    what: 'the id made last',
    id: () => uuidv7(Date.parse('2026-04-01T00:00:00.001Z')),
    iso: '2026-04-01T00:00:00.001Z',
  },
  {
    what: 'the example of RFC 9562, A.6',
    id: () => '017f22e2-79b0-7cc3-98c4-dc0c0c07398f',
    iso: '2022-02-22T19:22:22.000Z',
  },
])('tells the time of $what', ({ id, iso }) => {
  expect(uuidTime(id()).toISOString()).toBe(iso)
})
