import { describe, expect, it } from 'vitest'
import type { PageRange } from '../account/store.ts'
import { type ListSource, MAX_PER_PAGE, type Page, type PageArguments, readPage } from './pagination.ts'

interface Item {
  id: string
  createdAt: Date
}

const items: Item[] = Array.from({ length: 250 }, (_, index) => ({
  id: `00000000-0000-7000-8000-${String(999 - index).padStart(12, '0')}`,
  createdAt: new Date(1_000_000 - Math.floor(index / 3)),
}))

/** A list in memory that keeps what it was asked for. */
function source(name = 'items') {
  const asked: PageRange[] = []
  const counts: number[] = []
  const list: ListSource<Item> = {
    name,
    list: async (range) => {
      asked.push(range)
      const { after } = range
      const start = after === undefined ? 0 : items.findIndex(({ id }) => id === after.id) + 1
      return items.slice(start + range.offset, start + range.offset + range.limit)
    },
    count: async () => {
      counts.push(items.length)
      return items.length
    },
  }
  return { list, asked, counts }
}

describe('a page', () => {
  it('is the first twenty where nothing is said', async () => {
    const { list } = source()
    const { data, pagination } = await readPage({}, list)
    expect(data).toEqual(items.slice(0, 20))
    expect(pagination).toMatchObject({
      currentPage: 1,
      perPage: 20,
      hasNextPage: true,
      hasPreviousPage: false,
    })
  })

  it.each<[string, PageArguments, number, boolean]>([
    ['the last full page has no next one', { page: 5, perPage: 50 }, 50, false],
    ['a page past the end is empty', { page: 6, perPage: 50 }, 0, false],
    ['the last page may be short', { page: 3, perPage: 100 }, 50, false],
    ['first wins over perPage', { first: 7, perPage: 50 }, 7, true],
    [`more than ${MAX_PER_PAGE} are capped`, { perPage: MAX_PER_PAGE + 1 }, MAX_PER_PAGE, true],
    ['null counts as not given', { page: null, perPage: null, first: null, after: null }, 20, true],
  ])('%s', async (_name, args, rows, hasNextPage) => {
    const { data, pagination } = await readPage(args, source().list)
    expect(data).toHaveLength(rows)
    expect(pagination.hasNextPage).toBe(hasNextPage)
  })

  it('is followed by its cursor through the whole list, each row once', async () => {
    const { list } = source()
    const seen: string[] = []
    let after: string | null = null
    do {
      const { data, pagination }: Page<Item> = await readPage({ first: 60, after }, list)
      seen.push(...data.map(({ id }) => id))
      after = pagination.hasNextPage ? pagination.endCursor : null
    } while (after !== null)
    expect(seen).toEqual(items.map(({ id }) => id))
  })

  it('counts when asked, once', async () => {
    const { list, counts } = source()
    const { pagination } = await readPage({}, list)
    expect(counts).toHaveLength(0)
    expect(await Promise.all([pagination.totalCount(), pagination.totalCount()])).toEqual([250, 250])
    expect(counts).toHaveLength(1)
  })

  it('has no cursor where it is empty', async () => {
    const { pagination } = await readPage({ page: 99 }, source().list)
    expect(pagination.endCursor).toBeNull()
  })

  it('may end at row 10 000 and not behind it', async () => {
    await expect(readPage({ page: 100, perPage: 100 }, source().list)).resolves.toBeDefined()
    await expect(readPage({ page: 101, perPage: 100 }, source().list)).rejects.toThrow('first 10000 rows')
  })

  const foreign = Buffer.from(JSON.stringify(['others', '2026-01-01T00:00:00.000Z', items[0]?.id]))
  it.each<[string, PageArguments, string]>([
    ['page 0', { page: 0 }, 'page must be at least 1'],
    ['perPage 0', { perPage: 0 }, 'perPage must be at least 1'],
    ['a negative first', { first: -1 }, 'first must be at least 1'],
    ['a cursor that is none', { after: 'x' }, 'after must be pagination.endCursor'],
    ['a cursor that is JSON but no list', { after: 'e30' }, 'after must be pagination.endCursor'],
    [
      'a cursor of another list',
      { after: foreign.toString('base64url') },
      'after must be pagination.endCursor',
    ],
  ])('refuses %s', async (_name, args, message) => {
    await expect(readPage(args, source().list)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining(message),
    })
  })

  it('refuses a page together with a cursor', async () => {
    const { pagination } = await readPage({}, source().list)
    await expect(readPage({ page: 2, after: pagination.endCursor }, source().list)).rejects.toThrow(
      'page and after exclude each other',
    )
  })
})
