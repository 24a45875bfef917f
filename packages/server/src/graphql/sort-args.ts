/** Lists whose caller says what they are ordered by. */
import { ApiError } from '../errors.ts'
import type { Sort, SortKey } from '../record/sort.ts'
import { builder } from './builder.ts'

const SortDirection = builder.enumType('SortDirection', { values: ['asc', 'desc'] as const })

/** @param fields that can be named, and what stands without one */
export const sortArgs = (fields: object, usual: string) =>
  builder.args((t) => ({
    sortField: t.string({ description: `One of ${Object.keys(fields).join(', ')}; without it ${usual}.` }),
    sortDirection: t.field({ type: SortDirection, description: 'asc, where sortField alone is given.' }),
  }))

interface SortArguments {
  sortField?: string | null | undefined
  sortDirection?: 'asc' | 'desc' | null | undefined
}

/** An order with its name, which is part of the cursors; the usual one has none. */
export interface ChosenSort<Item> {
  sort: Sort<Item>
  order: string | undefined
}

/** @throws ApiError BAD_USER_INPUT for a field that the list cannot be ordered by */
export function readSort<Item>(
  { sortField, sortDirection }: SortArguments,
  keys: Readonly<Record<string, SortKey<Item>>>,
  usual: Sort<Item>,
): ChosenSort<Item> {
  if (!sortField && !sortDirection) return { sort: usual, order: undefined }
  const key = sortField ? (Object.hasOwn(keys, sortField) ? keys[sortField] : undefined) : usual.key
  if (key === undefined) {
    throw new ApiError('BAD_USER_INPUT', `sortField must be one of ${Object.keys(keys).join(', ')}.`)
  }
  const direction = sortDirection ?? 'asc'
  return { sort: { key, direction }, order: `${sortField ?? ''} ${direction}` }
}
