/**
 * Lists (10b section 1): `page` and `perPage` as published, `first` and `after` besides, which have no end. All lists are
 * ordered newest first, by `(createdAt, id)`, unless they say by what else.
 */

import { isId } from '../account/id.ts'
import type { PageRange } from '../account/store.ts'
import { ApiError } from '../errors.ts'
import { builder } from './builder.ts'

/** Rows; as published for `apps`. */
export const MAX_PER_PAGE = 100
const DEFAULT_PER_PAGE = 20

/** Rows that `page` reaches: the database reads and drops every row before the page. */
const LAST_ROW_BY_PAGE = 10_000

export interface PageArguments {
  page?: number | null | undefined
  perPage?: number | null | undefined
  first?: number | null | undefined
  after?: string | null | undefined
}

/** One page of a list, with its count still to be asked for. */
export interface Page<Item> {
  data: Item[]
  pagination: Pagination
}

interface Pagination {
  currentPage: number
  perPage: number
  hasNextPage: boolean
  hasPreviousPage: boolean
  endCursor: string | null
  /** Reads the count at the first call; asked only where the query selects it. */
  totalCount: () => Promise<number>
}

interface Listed {
  id: string
  createdAt: Date
}

/** What a list is ordered by; a cursor points at a value of it. */
interface SortKey<Item> {
  kind: 'time' | 'text'
  of: (item: Item) => Date | string
}

const NEWEST: SortKey<Listed> = { kind: 'time', of: ({ createdAt }) => createdAt }

/** What a list reads: at most `limit` rows from `range` on. */
export interface ListSource<Item extends Listed> {
  /** Of the operation; a cursor of another list is refused. */
  name: string
  list: (range: PageRange) => Promise<Item[]>
  count: () => Promise<number>
  /** Default: `createdAt`. */
  sortedBy?: SortKey<Item>
  /** Rows of a page that is to hold all that was named, however few were asked for. */
  atLeast?: number
  /** Of an order that the caller chose; a cursor of another one is refused. */
  order?: string | undefined
}

/**
 * Reads one page. One row more than the page is read, which tells whether there is a next one.
 *
 * @throws ApiError `BAD_USER_INPUT` where a number is below 1, a page lies past row 10 000, or the cursor is
 * not one of this list. More than {@link MAX_PER_PAGE} rows are capped, as published.
 */
export async function readPage<Item extends Listed>(
  args: PageArguments,
  source: ListSource<Item>,
): Promise<Page<Item>> {
  const perPage = Math.max(Math.min(rowsOf(args), MAX_PER_PAGE), source.atLeast ?? 0)
  const currentPage = atLeastOne(args.page ?? 1, 'page')
  const { sortedBy = NEWEST } = source
  const name = source.order === undefined ? source.name : `${source.name} ${source.order}`
  const after = args.after == null ? undefined : decodeCursor(args.after, { name, kind: sortedBy.kind })
  if (after !== undefined && currentPage > 1) {
    throw new ApiError('BAD_USER_INPUT', 'page and after exclude each other; leave page away.')
  }
  const offset = (currentPage - 1) * perPage
  if (offset + perPage > LAST_ROW_BY_PAGE) {
    throw new ApiError(
      'BAD_USER_INPUT',
      `page reaches the first ${LAST_ROW_BY_PAGE} rows. To read on, pass pagination.endCursor of the page before as after.`,
    )
  }
  const rows = await source.list({ limit: perPage + 1, offset, after })
  const data = rows.slice(0, perPage)
  const last = data.at(-1)
  let counted: Promise<number> | undefined
  const totalCount = () => {
    counted ??= source.count()
    return counted
  }
  return {
    data,
    pagination: {
      currentPage,
      perPage,
      hasNextPage: rows.length > perPage,
      hasPreviousPage: currentPage > 1 || after !== undefined,
      endCursor: last === undefined ? null : encodeCursor(name, { value: sortedBy.of(last), id: last.id }),
      totalCount,
    },
  }
}

function rowsOf({ first, perPage }: PageArguments): number {
  return first == null ? atLeastOne(perPage ?? DEFAULT_PER_PAGE, 'perPage') : atLeastOne(first, 'first')
}

function atLeastOne(value: number, argument: string): number {
  if (value >= 1) return value
  throw new ApiError('BAD_USER_INPUT', `${argument} must be at least 1.`)
}

type Place = NonNullable<PageRange['after']>

function encodeCursor(name: string, { value, id }: Place): string {
  return Buffer.from(JSON.stringify([name, value, id])).toString('base64url')
}

function decodeCursor(cursor: string, list: { name: string; kind: SortKey<never>['kind'] }): Place {
  const [name, written, id] = parsedArray(Buffer.from(cursor, 'base64url').toString())
  const value = typeof written === 'string' ? READ_VALUE[list.kind](written) : undefined
  if (name === list.name && typeof id === 'string' && isId(id) && value !== undefined) return { value, id }
  throw new ApiError(
    'BAD_USER_INPUT',
    'after must be pagination.endCursor of an earlier page of the same list.',
  )
}

const READ_VALUE = {
  time: (text) => (Number.isNaN(Date.parse(text)) ? undefined : new Date(text)),
  // What no table holds was in no row.
  text: (text) => (text.includes('\u0000') ? undefined : text),
} as const satisfies Record<SortKey<never>['kind'], (text: string) => Date | string | undefined>

function parsedArray(text: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) ? parsed : []
  } catch {
    return []
  }
}

export const PaginationInfo = builder.objectRef<Pagination>('PaginationInfo').implement({
  description: 'Where a page of a list stands.',
  fields: (t) => ({
    currentPage: t.exposeInt('currentPage', { nullable: false, description: 'The page in effect, from 1.' }),
    perPage: t.exposeInt('perPage', { nullable: false, description: 'The rows of a page in effect.' }),
    totalCount: t.int({
      nullable: false,
      description: 'Rows of the whole list. Counted only where it, or totalPages, is selected.',
      resolve: (pagination) => pagination.totalCount(),
    }),
    totalPages: t.int({
      nullable: false,
      resolve: async (pagination) => Math.ceil((await pagination.totalCount()) / pagination.perPage),
    }),
    hasNextPage: t.exposeBoolean('hasNextPage', { nullable: false }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', { nullable: false }),
    endCursor: t.exposeString('endCursor', {
      description: 'Pass it as `after` to read on from here; null on an empty page.',
    }),
  }),
})

/** The arguments of every list; those of the list itself go beside them. */
export const pageArgs = builder.args((t) => ({
  page: t.int({ defaultValue: 1 }),
  perPage: t.int({ defaultValue: DEFAULT_PER_PAGE, description: `At most ${MAX_PER_PAGE}.` }),
  first: t.int({ description: `Rows to read, at most ${MAX_PER_PAGE}; wins over perPage.` }),
  after: t.string({ description: 'pagination.endCursor of the page before.' }),
}))
