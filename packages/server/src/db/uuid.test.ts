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
