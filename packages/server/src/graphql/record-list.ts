/** Lists of records: the arguments that they share, and one page of them. */
import type { RecordFilter } from '../record/filter.ts'
import { countRecords, type ListedRecord, listRecords } from '../record/store.ts'
import { builder } from './builder.ts'
import { type Page, type PageArguments, readPage } from './pagination.ts'
import type { RequestContext } from './request-context.ts'

export const recordArgs = builder.args((t) => ({
  searchValue: t.string({ description: 'Beginnings of words in its code, number or name.' }),
  status: t.string(),
  ns: t.string({ description: 'Only those of this app.' }),
  ids: t.stringList(),
  codes: t.stringList(),
}))

interface RecordArguments extends PageArguments {
  searchValue?: string | null | undefined
  status?: string | null | undefined
  ns?: string | null | undefined
  ids?: readonly string[] | null | undefined
  codes?: readonly string[] | null | undefined
  customerId?: string | null | undefined
  categoryCode?: string | null | undefined
  from?: Date | null | undefined
  until?: Date | null | undefined
}

/** @param list.name of the operation; a cursor of another one is refused */
export function readRecords(
  { context, caller }: RequestContext,
  list: { name: string; contentType: string },
  args: RecordArguments,
): Promise<Page<ListedRecord>> {
  const { searchValue, status, ns, ids, codes, customerId, categoryCode, from, until } = args
  const filter: RecordFilter = {
    workspaceId: caller.workspaceId,
    contentType: list.contentType,
    ...(searchValue && { search: searchValue }),
    ...(status && { status }),
    ...(ns && { ns }),
    ...(ids && { ids }),
    ...(codes && { codes }),
    ...(customerId && { customerId }),
    ...(categoryCode && { categoryCode }),
    ...(from && { from }),
    ...(until && { until }),
  }
  return readPage(args, {
    name: list.name,
    list: (range) => listRecords(context.db.sql, filter, range),
    count: () => countRecords(context.db.sql, filter),
    sortedBy: ({ happenedAt }) => happenedAt,
  })
}
