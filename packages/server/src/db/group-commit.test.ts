import { setImmediate as turn } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/database.ts'
import { DatabaseUnavailableError } from './error.ts'
import { GroupCommit } from './group-commit.ts'

/** Writes that wait to be let go, so that what is gathered meanwhile can be seen. */
function heldWrites() {
  const batches: { items: number[]; finish: PromiseWithResolvers<void> }[] = []
  const write = (items: number[]) => {
    const finish = Promise.withResolvers<void>()
    batches.push({ items, finish })
    return finish.promise
  }
  return { batches, write, items: () => batches.map(({ items }) => items) }
}

/** What is scheduled for the end of this turn of the event loop, and what that schedules, has happened. */
async function nextTurn(): Promise<void> {
  await turn()
  await turn()
}

describe('gathering', () => {
  test('items of one turn of the event loop go into one write', async () => {
    const { batches, write, items } = heldWrites()
    const group = new GroupCommit(write, { maxItems: 10, inFlight: 1 })
    const commits = [group.commit(1), group.commit(2), Promise.resolve().then(() => group.commit(3))]
    await nextTurn()
    expect(items()).toEqual([[1, 2, 3]])
    batches[0]?.finish.resolve()
    await Promise.all(commits)
  })

  test('no more in one write than they may weigh together; what weighs more goes alone', async () => {
    const { batches, write, items } = heldWrites()
    const group = new GroupCommit(write, { maxItems: 10, inFlight: 1, maxWeight: 10 }, (item) => item)
    const commits = [4, 6, 1, 11, 9].map((item) => group.commit(item))
    for (let index = 0; index < 4; index++) {
      await nextTurn()
      batches[index]?.finish.resolve()
    }
    await Promise.all(commits)
    expect(items()).toEqual([[4, 6], [1], [11], [9]])
  })

  test('few wait for the write under way, and go when they are half as many', async () => {
    const { batches, write, items } = heldWrites()
    const group = new GroupCommit(write, { maxItems: 10, inFlight: 2 })
    const commits = [1, 2, 3, 4].map((item) => group.commit(item))
    await nextTurn()
    commits.push(group.commit(5))
    await nextTurn()
    expect(items()).toEqual([[1, 2, 3, 4]])
    commits.push(group.commit(6))
    await nextTurn()
    expect(items()).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ])
    commits.push(group.commit(7))
    batches[0]?.finish.resolve()
    await commits[0]
    await nextTurn()
    expect(items().at(-1)).toEqual([7])
    for (const { finish } of batches) finish.resolve()
    await Promise.all(commits)
  })

  test('what arrives during the writes under way waits, and goes together', async () => {
    const { batches, write, items } = heldWrites()
    const group = new GroupCommit(write, { maxItems: 10, inFlight: 2 })
    const commits: Promise<number>[] = []
    for (const item of [1, 2, 3, 4]) {
      commits.push(group.commit(item))
      await nextTurn()
    }
    expect(items()).toEqual([[1], [2]])
    batches[1]?.finish.resolve()
    await commits[1]
    await nextTurn()
    expect(items()).toEqual([[1], [2], [3, 4]])
    for (const { finish } of batches) finish.resolve()
    await Promise.all(commits)
  })

  test('beside another write, no more than its share of all goes', async () => {
    const { batches, write, items } = heldWrites()
    const group = new GroupCommit(write, { maxItems: 100, inFlight: 2 })
    const commits = [1, 2].map((item) => group.commit(item))
    await nextTurn()
    commits.push(...[3, 4, 5, 6, 7].map((item) => group.commit(item)))
    await nextTurn()
    expect(items()).toEqual([
      [1, 2],
      [3, 4, 5, 6],
    ])
    batches[0]?.finish.resolve()
    await commits[0]
    commits.push(group.commit(8))
    await nextTurn()
    expect(items().at(-1)).toEqual([7, 8])
    for (const { finish } of batches) finish.resolve()
    await Promise.all(commits)
  })

  test('as many as the last write had, and eight at least, go within the turn', async () => {
    const { batches, write, items } = heldWrites()
    const group = new GroupCommit(write, { maxItems: 100, inFlight: 2 })
    const numbers = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => from + index)
    const commits = numbers(0, 7).map((item) => group.commit(item))
    expect(items()).toEqual([])
    commits.push(group.commit(7))
    expect(items()).toEqual([numbers(0, 8)])
    await nextTurn()
    const later = numbers(8, 20).map((item) => group.commit(item))
    expect(items()).toEqual([numbers(0, 8), numbers(8, 16)])
    for (const { finish } of batches) finish.resolve()
    await Promise.all(commits)
    await nextTurn()
    expect(items().at(-1)).toEqual(numbers(16, 20))
    batches.at(-1)?.finish.resolve()
    await Promise.all(later)
  })

  test('a write holds at most so many items', async () => {
    const { batches, write, items } = heldWrites()
    const group = new GroupCommit(write, { maxItems: 2, inFlight: 2 })
    const commits = [1, 2, 3, 4, 5].map((item) => group.commit(item))
    await nextTurn()
    expect(items()).toEqual([
      [1, 2],
      [3, 4],
    ])
    for (const { finish } of batches) finish.resolve()
    await Promise.all(commits.slice(0, 4))
    await nextTurn()
    expect(items()).toEqual([[1, 2], [3, 4], [5]])
    batches[2]?.finish.resolve()
    await Promise.all(commits)
  })

  test('what waits and what is being written is weighed until its write has ended, well or not', async () => {
    const { batches, write } = heldWrites()
    const group = new GroupCommit(write, { maxItems: 2, inFlight: 1 }, (item) => item)
    expect(group.weight).toBe(0)
    const commits = Promise.allSettled([3, 4, 5].map((item) => group.commit(item)))
    expect(group.weight).toBe(12)
    await nextTurn()
    batches[0]?.finish.reject(new DatabaseUnavailableError('gone'))
    await nextTurn()
    expect(group.weight).toBe(5)
    batches[1]?.finish.resolve()
    await commits
    expect(group.weight).toBe(0)
  })

  test('an item is not acknowledged before its write has finished', async () => {
    const { batches, write } = heldWrites()
    const group = new GroupCommit(write, { maxItems: 1, inFlight: 2 })
    const acknowledged: number[] = []
    const commits = [1, 2].map((item) => group.commit(item).then(() => acknowledged.push(item)))
    await nextTurn()
    batches[1]?.finish.resolve()
    await commits[1]
    expect(acknowledged).toEqual([2])
    batches[0]?.finish.resolve()
    await Promise.all(commits)
  })

  test('a lost connection fails the whole batch, which is not written twice', async () => {
    const { batches, write, items } = heldWrites()
    const group = new GroupCommit(write, { maxItems: 10, inFlight: 1 })
    const commits = Promise.allSettled([group.commit(1), group.commit(2)])
    await nextTurn()
    const lost = new DatabaseUnavailableError('gone')
    batches[0]?.finish.reject(lost)
    expect(await commits).toEqual([
      { status: 'rejected', reason: lost },
      { status: 'rejected', reason: lost },
    ])
    expect(items()).toEqual([[1, 2]])
  })
})

describe('on the database', () => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await testDatabase()
  })

  afterAll(() => database.drop())

  const commitSettings = () =>
    new GroupCommit<string>(
      async (names) => {
        await database.transaction((trx) =>
          trx
            .insertInto('setting')
            .values(names.map((name) => ({ name, value: '1' })))
            .execute(),
        )
      },
      { maxItems: 100, inFlight: 2 },
    )

  test('one bad row fails alone, and its neighbours are stored', async () => {
    const group = commitSettings()
    const names = ['a', 'b', 'nul\0', 'c', 'd', 'e', 'f']
    const results = await Promise.allSettled(names.map((item) => group.commit(item)))
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual(names.map((name) => name !== 'nul\0'))
    const rows = await database.sql.selectFrom('setting').select('name').orderBy('name').execute()
    expect(rows.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  test('an item handed in from within a transaction is written outside of it', async () => {
    const group = commitSettings()
    const handedIn = await database.transaction(async (trx) => {
      await sql`select 1`.execute(trx)
      return { done: group.commit('from inside') }
    })
    await handedIn.done
    const rows = await database.sql
      .selectFrom('setting')
      .select('name')
      .where('name', '=', 'from inside')
      .execute()
    expect(rows).toHaveLength(1)
  })
})
