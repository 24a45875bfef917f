import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { createRateLimit, type RateLimit, type Slot } from './rate-limit.ts'

const MINUTE_MS = 60_000

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.drop())

/** A clock that stands still until it is moved, and limiters that share it as processes share the time. */
function limiters(count: number) {
  const clock = { now: Date.UTC(2025, 0, 1) }
  return { clock, all: Array.from({ length: count }, () => createRateLimit({ db, now: () => clock.now })) }
}

function limiter(): { clock: { now: number }; limit: RateLimit } {
  const { clock, all } = limiters(1)
  return { clock, limit: all[0] as RateLimit }
}

const slot = (over: Partial<Slot> = {}): Slot => ({
  workspaceId: randomUUID(),
  key: 'action:person:1:github',
  limit: 30,
  windowMs: MINUTE_MS,
  ...over,
})

async function passes(limit: RateLimit, of: Slot, times: number): Promise<number> {
  const taken = await Promise.all(Array.from({ length: times }, () => limit.take(of)))
  return taken.filter(({ ok }) => ok).length
}

async function countsOf({ workspaceId, key }: Slot): Promise<number[] | undefined> {
  const row = await allWorkspaces(db.sql)
    .selectFrom('rateWindow')
    .select('counts')
    .where('workspaceId', '=', workspaceId)
    .where('key', '=', key)
    .executeTakeFirst()
  return row?.counts
}

describe('30 in 60 s', () => {
  it('lets 30 through and refuses the 31st until the first has left the window', async () => {
    const { clock, limit } = limiter()
    const of = slot()
    for (let n = 0; n < 30; n++) {
      expect(await limit.take(of), `slot ${n + 1}`).toEqual({ ok: true })
      clock.now += 1_000
    }
    expect(await limit.take(of)).toEqual({ ok: false, retryAfterMs: 30_000 })
    clock.now += 29_999
    expect(await limit.take(of)).toEqual({ ok: false, retryAfterMs: 1 })
    clock.now += 1
    expect(await limit.take(of)).toEqual({ ok: true })
    expect(await limit.take(of)).toEqual({ ok: false, retryAfterMs: 1_000 })
  })

  it('is counted across processes, and by those that start later', async () => {
    const { clock, all } = limiters(2)
    const of = slot()
    for (let n = 0; n < 30; n++) expect((await all[n % 2]?.take(of))?.ok).toBe(true)
    for (const limit of all) expect((await limit.take(of)).ok).toBe(false)
    const late = createRateLimit({ db, now: () => clock.now })
    expect(await late.take(of)).toEqual({ ok: false, retryAfterMs: MINUTE_MS })
  })

  it('is counted for each key and each workspace apart', async () => {
    const { limit } = limiter()
    const of = slot({ limit: 1 })
    expect((await limit.take(of)).ok).toBe(true)
    expect((await limit.take({ ...of, key: 'another' })).ok).toBe(true)
    expect((await limit.take({ ...of, workspaceId: randomUUID() })).ok).toBe(true)
    expect((await limit.take(of)).ok).toBe(false)
  })

  it('agrees with a log of every slot ever taken, whatever the order of calls and pauses', async () => {
    const { clock, all } = limiters(3)
    const of = slot({ limit: 4, windowMs: 1_000 })
    const taken: number[] = []
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed % below
    }
    for (let n = 0; n < 300; n++) {
      clock.now += random(3) === 0 ? random(1_200) : random(50)
      const inWindow = taken.filter((at) => at > clock.now - 1_000)
      const expected =
        inWindow.length < 4
          ? { ok: true }
          : { ok: false, retryAfterMs: Math.max(1, (inWindow[0] ?? 0) + 1_000 - clock.now) }
      expect(await all[random(3)]?.take(of), `call ${n}`).toEqual(expected)
      if (expected.ok) taken.push(clock.now)
    }
  })
})

describe('at once', () => {
  it.each([
    [1, 4],
    [30, 25],
    [59, 40],
    [60, 40],
    [300, 150],
    [1_000, 600],
  ])('exactly %i pass, of 4 processes that ask %i times each', async (limit, times) => {
    const { all } = limiters(4)
    const of = slot({ limit })
    const passed = await Promise.all(all.map((each) => passes(each, of, times)))
    expect(passed.reduce((sum, count) => sum + count)).toBe(Math.min(limit, 4 * times))
  })

  it('exactly the limit passes where each process asks one after the other', async () => {
    const { all } = limiters(4)
    const of = slot({ limit: 100 })
    const passed = await Promise.all(
      all.map(async (each) => {
        let count = 0
        for (let n = 0; n < 60; n++) if ((await each.take(of)).ok) count++
        return count
      }),
    )
    expect(passed.reduce((sum, count) => sum + count)).toBe(100)
  })

  it('calls of one process share one question', async () => {
    const { limit } = limiter()
    const of = slot()
    expect(await passes(limit, of, 30)).toBe(30)
    expect(await countsOf(of)).toEqual([30])
  })
})

describe('a large limit', () => {
  it('is taken in blocks of a thirtieth, so that most calls ask nobody', async () => {
    const { limit } = limiter()
    const of = slot({ limit: 3_000 })
    for (let n = 0; n < 100; n++) await limit.take(of)
    expect(await countsOf(of)).toEqual([100])
    await limit.take(of)
    expect(await countsOf(of)).toEqual([100, 100])
  })

  it('gives up a block that was not used when its window ends', async () => {
    const { clock, limit } = limiter()
    const of = slot({ limit: 60 })
    expect(await limit.take(of)).toEqual({ ok: true })
    expect(await countsOf(of)).toEqual([2])
    clock.now += MINUTE_MS
    expect(await limit.take(of)).toEqual({ ok: true })
    expect(await countsOf(of)).toEqual([2])
    clock.now += MINUTE_MS - 1
    expect(await limit.take(of)).toEqual({ ok: true })
    expect(await countsOf(of)).toEqual([2])
  })

  it('below 60 is taken one by one', async () => {
    const { limit } = limiter()
    const of = slot({ limit: 59 })
    await limit.take(of)
    expect(await countsOf(of)).toEqual([1])
  })
})

describe('a refusal', () => {
  it('is remembered until a slot is freed: the database is not asked again', async () => {
    const { clock, limit } = limiter()
    const of = slot({ limit: 1 })
    await limit.take(of)
    await limit.take(of)
    await allWorkspaces(db.sql).deleteFrom('rateWindow').where('workspaceId', '=', of.workspaceId).execute()
    clock.now += 1_000
    expect(await limit.take(of)).toEqual({ ok: false, retryAfterMs: MINUTE_MS - 1_000 })
    expect(await countsOf(of)).toBeUndefined()
    clock.now += MINUTE_MS - 1_000
    expect(await limit.take(of)).toEqual({ ok: true })
  })

  it('does not make the row longer', async () => {
    const { clock, all } = limiters(1)
    const of = slot({ limit: 2 })
    expect(await passes(all[0] as RateLimit, of, 2)).toBe(2)
    for (let n = 0; n < 5; n++) {
      clock.now += 10
      const fresh = createRateLimit({ db, now: () => clock.now })
      expect((await fresh.take(of)).ok).toBe(false)
    }
    expect(await countsOf(of)).toEqual([2, 0])
  })
})

describe('a database that does not answer', () => {
  it('lets nothing through, and says that trying again is safe', async () => {
    const closed = await testDatabase()
    await closed.close()
    const limit = createRateLimit({ db: closed, now: () => 0 })
    const both = await Promise.allSettled([limit.take(slot()), limit.take(slot())])
    for (const outcome of both) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { name: 'ApiError', code: 'SERVICE_UNAVAILABLE' },
      })
    }
    await closed.drop()
  })
})

describe('pruning', () => {
  it('removes rows that no window can need, and no other', async () => {
    const { clock, limit } = limiter()
    const idle = slot()
    const recent = slot({ windowMs: 60 * MINUTE_MS, limit: 1 })
    await limit.take(idle)
    clock.now += 1
    await limit.take(recent)
    clock.now += 60 * MINUTE_MS - 1
    await limit.prune()
    expect(await countsOf(idle)).toEqual([1])
    clock.now += 1
    expect(await limit.prune()).toBeGreaterThanOrEqual(1)
    expect([await countsOf(idle), await countsOf(recent)]).toEqual([undefined, [1]])
  })
})

describe('a slot that makes no sense', () => {
  it.each([
    ['no limit', { limit: 0 }],
    ['a broken limit', { limit: 1.5 }],
    ['no window', { windowMs: 0 }],
    ['a window over an hour', { windowMs: 60 * MINUTE_MS + 1 }],
  ])('is refused: %s', (_, over) => {
    expect(() => limiter().limit.take(slot(over))).toThrow(RangeError)
  })
})

describe('a clock that is set back', () => {
  it('refuses for no longer than a window, whatever was taken when it was ahead', async () => {
    const { clock, limit } = limiter()
    const of = slot()
    expect(await passes(limit, of, 31)).toBe(30)
    clock.now -= 86_400_000
    expect(await passes(limit, of, 31)).toBe(30)
    const taken = await limit.take(of)
    expect(taken).toEqual({ ok: false, retryAfterMs: MINUTE_MS })
  })

  it('still counts what another process took, whose clock is a little ahead', async () => {
    const { clock, all } = limiters(2)
    const of = slot()
    expect(await passes(all[0] as RateLimit, of, 30)).toBe(30)
    clock.now -= 1_000
    expect(await all[1]?.take(of)).toEqual({ ok: false, retryAfterMs: MINUTE_MS + 1_000 })
  })
})
