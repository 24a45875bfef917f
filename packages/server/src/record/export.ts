/**
 * Customers and records as a file of any length (specification 6.6): read in batches, each a statement of its own that begins
 * behind the last row of the one before. Memory holds one batch, and a reader that is slow, or stops, holds no transaction.
 */
import type { Permission } from '../account/permission.ts'
import type { Context } from '../context.ts'
import { CART_TYPE, CATEGORY_TYPE, ORDER_TYPE, PRODUCT_TYPE } from './content-type.ts'
import { BYTE_ORDER_MARK, csvLine } from './csv.ts'
import type { CustomerFilter, RecordFilter } from './filter.ts'
import { type ListedRecord, listCustomers, listRecords } from './list.ts'
import { withTagIds, withTagNames } from './tagged.ts'
import { customerObject } from './tell.ts'

/** Rows of one statement: enough that statements cost little, few enough that orders with many lines fit in memory. */
const BATCH_ROWS = 500

export const EXPORT_FORMATS = ['csv', 'ndjson'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

interface Exported {
  permission: Permission
  /** Of records; undefined for customers. */
  contentType?: string
  /** Of the CSV form; NDJSON has every field. */
  columns: readonly string[]
}

const CUSTOMER_COLUMNS =
  '_id state firstName lastName primaryEmail primaryPhone code sex birthDate position department externalCodes tags tagIds createdAt modifiedAt'
const ORDER_COLUMNS =
  '_id ns code orderNumber status paymentStatus fulfillmentStatus currency subtotal discount shipping tax totalAmount ' +
  'couponCodes customerId customerCode note placedAt updatedAt items shippingAddress billingAddress extra createdAt modifiedAt'
const CART_COLUMNS =
  '_id ns code status currency totalAmount customerId customerCode checkoutUrl abandonedAt updatedAt items extra createdAt modifiedAt'
const PRODUCT_COLUMNS =
  '_id ns code name sku status unitPrice currency quantity categoryCode vendor description imageUrl url variants attributes tags tagIds extra createdAt modifiedAt'
const CATEGORY_COLUMNS = '_id ns code name parentCode extra createdAt modifiedAt'

/** What can be exported, by its name in the address. */
export const EXPORTS = {
  customers: { permission: 'showCustomers', columns: CUSTOMER_COLUMNS.split(' ') },
  orders: { permission: 'showOrders', contentType: ORDER_TYPE, columns: ORDER_COLUMNS.split(' ') },
  abandonedCarts: { permission: 'showOrders', contentType: CART_TYPE, columns: CART_COLUMNS.split(' ') },
  products: { permission: 'showProducts', contentType: PRODUCT_TYPE, columns: PRODUCT_COLUMNS.split(' ') },
  categories: {
    permission: 'showProducts',
    contentType: CATEGORY_TYPE,
    columns: CATEGORY_COLUMNS.split(' '),
  },
} as const satisfies Record<string, Exported>

export type ExportName = keyof typeof EXPORTS

export function isExportName(name: string): name is ExportName {
  return Object.hasOwn(EXPORTS, name)
}

export interface ExportRequest {
  workspaceId: string
  name: ExportName
  format: ExportFormat
  /** Every kind of record knows `search`, `ns`, `from` and `until`; `status` is of records. */
  filter: Pick<RecordFilter, 'search' | 'ns' | 'from' | 'until' | 'status'>
}

/** The file in pieces of one batch each; the next batch is read when the piece before was taken. */
export async function* exportRows(
  context: Pick<Context, 'db'>,
  { workspaceId, name, format, filter }: ExportRequest,
): AsyncGenerator<string> {
  const { columns, ...kind }: Exported = EXPORTS[name]
  if (format === 'csv') yield BYTE_ORDER_MARK + csvLine(columns)
  const write = WRITE[format](columns)
  const rows =
    kind.contentType === undefined
      ? customerRows(context, { workspaceId, ...filter })
      : recordRows(context, { workspaceId, contentType: kind.contentType, archived: true, ...filter })
  for await (const batch of rows) yield batch.map(write).join('')
}

type Row = Record<string, unknown>

const WRITE = {
  csv: (columns) => (row) => csvLine(columns.map((column) => row[column])),
  ndjson: () => (row) => `${JSON.stringify(row)}\n`,
} as const satisfies Record<ExportFormat, (columns: readonly string[]) => (row: Row) => string>

async function* customerRows(
  { db }: Pick<Context, 'db'>,
  { status: _, ...filter }: CustomerFilter & { status?: string },
): AsyncGenerator<Row[]> {
  yield* batches(
    async (after) => {
      const found = await listCustomers(db.sql, filter, { limit: BATCH_ROWS, offset: 0, after })
      return withTags(db, filter, found)
    },
    (customer) => ({ sortedAt: customer.createdAt, row: customerObject(customer) }),
  )
}

async function* recordRows({ db }: Pick<Context, 'db'>, filter: RecordFilter): AsyncGenerator<Row[]> {
  yield* batches(
    async (after): Promise<ExportedRecord[]> => {
      const found = await listRecords(db.sql, filter, { limit: BATCH_ROWS, offset: 0, after })
      return filter.contentType === PRODUCT_TYPE ? withTags(db, filter, found) : found
    },
    (record) => ({ sortedAt: record.happenedAt, row: recordRow(record) }),
  )
}

/** Of records only products have tags. */
type ExportedRecord = ListedRecord & Partial<Awaited<ReturnType<typeof withTags>>[number]>

async function withTags<Item extends { id: string }>(
  { sql }: Context['db'],
  { workspaceId }: { workspaceId: string },
  items: readonly Item[],
) {
  return withTagNames(sql, workspaceId, await withTagIds(sql, workspaceId, items))
}

function recordRow(record: ExportedRecord): Row {
  const { id, ns, code, data, extra, customerId, createdAt, updatedAt, tags, tagIds } = record
  const row = { ...data, _id: id, ns, code, customerId, extra, createdAt, modifiedAt: updatedAt }
  return tagIds === undefined ? row : { ...row, tags, tagIds }
}

type Place = { value: Date; id: string }

async function* batches<Item extends { id: string }>(
  read: (after: Place | undefined) => Promise<Item[]>,
  present: (item: Item) => { sortedAt: Date; row: Row },
): AsyncGenerator<Row[]> {
  let after: Place | undefined
  for (;;) {
    const items = await read(after)
    const last = items.at(-1)
    if (last === undefined) return
    after = { value: present(last).sortedAt, id: last.id }
    yield items.map((item) => present(item).row)
    if (items.length < BATCH_ROWS) return
  }
}
