/** Lists of records: the arguments that they share, and one page of them. */
import type { RecordFilter } from '../record/filter.ts'
import { countRecords, type ListedRecord, listRecords } from '../record/list.ts'
import { builder } from './builder.ts'
import { type Page, type PageArguments, readPage } from './pagination.ts'
import type { RequestContext } from './request-context.ts'
import type { ChosenSort } from './sort-args.ts'

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
}

interface RecordList extends ChosenSort<ListedRecord> {
  /** Of the operation; a cursor of another one is refused. */
  name: string
  contentType: string
  /** Besides the arguments that all lists of records have. */
  narrowed?: Partial<RecordFilter>
}

export function readRecords(
  { context, caller }: RequestContext,
  { name, contentType, narrowed, sort, order }: RecordList,
  args: RecordArguments,
): Promise<Page<ListedRecord>> {
  const { searchValue, status, ns, ids, codes } = args
  const filter: RecordFilter = {
    ...narrowed,
    workspaceId: caller.workspaceId,
    contentType,
    ...(searchValue && { search: searchValue }),
    ...(status && { status }),
    ...(ns && { ns }),
    ...(ids && !narrowed?.exceptIds && { ids }),
    ...(codes && !narrowed?.exceptCodes && { codes }),
  }
  return readPage(args, {
    name,
    list: (range) => listRecords(context.db.sql, filter, { ...range, sort }),
    count: () => countRecords(context.db.sql, filter),
    sortedBy: sort.key,
    order,
  })
}
