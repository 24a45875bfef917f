import type { Outcome } from '../outcome.ts'
import type { Page } from '../server/graphql.ts'
import { renderTable } from './table.ts'

export interface PageView<Item> {
  /** Of the list in the document. */
  name: string
  /** Where the list is empty. */
  none: string
  titles: readonly string[]
  row: (item: Item) => readonly string[]
}

/** One page of a list, and how to see the next. */
export function pageOutcome<Item>(
  { data, pagination: { hasNextPage, endCursor } }: Page<Item>,
  { name, none, titles, row }: PageView<Item>,
): Outcome {
  return {
    exit: 'ok',
    document: { [name]: data, next: hasNextPage ? endCursor : null },
    text: (paint) => {
      if (data.length === 0) return none
      const table = renderTable(titles, data.map(row), paint)
      return hasNextPage ? `${table}\n\nThere are more: --after ${endCursor}` : table
    },
  }
}
