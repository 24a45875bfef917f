/** What `miniapps admin records` lists, shows and exports, by its name on the command line. */
import { Argument } from 'commander'

interface Kind {
  list: string
  detail: string
  /** Selected in both. */
  fields: string
  /** Headings of the table, with the field of each. */
  columns: readonly (readonly [string, string])[]
}

const SALE = '_id ns code status currency totalAmount customerId createdAt'

export const RECORD_KINDS = {
  customers: {
    list: 'customers',
    detail: 'customerDetail',
    fields:
      '_id state firstName lastName primaryEmail primaryPhone emails phones code externalCodes tags createdAt modifiedAt',
    columns: [
      ['FIRST NAME', 'firstName'],
      ['LAST NAME', 'lastName'],
      ['E-MAIL', 'primaryEmail'],
      ['PHONE', 'primaryPhone'],
      ['STATE', 'state'],
    ],
  },
  orders: {
    list: 'orders',
    detail: 'orderDetail',
    fields: `${SALE} orderNumber paymentStatus placedAt items`,
    columns: [
      ['NUMBER', 'orderNumber'],
      ['PLACED', 'placedAt'],
      ['STATUS', 'status'],
      ['TOTAL', 'totalAmount'],
      ['', 'currency'],
      ['APP', 'ns'],
    ],
  },
  abandonedCarts: {
    list: 'abandonedCarts',
    detail: 'abandonedCartDetail',
    fields: `${SALE} abandonedAt checkoutUrl items`,
    columns: [
      ['CODE', 'code'],
      ['LEFT', 'abandonedAt'],
      ['TOTAL', 'totalAmount'],
      ['', 'currency'],
      ['APP', 'ns'],
    ],
  },
  products: {
    list: 'products',
    detail: 'productDetail',
    fields: '_id source code name sku status unitPriceText currency categoryCode createdAt updatedAt',
    columns: [
      ['CODE', 'code'],
      ['NAME', 'name'],
      ['PRICE', 'unitPriceText'],
      ['', 'currency'],
      ['STATUS', 'status'],
      ['APP', 'source'],
    ],
  },
  categories: {
    list: 'productCategories',
    detail: 'productCategoryDetail',
    fields: '_id ns code name parentCode status createdAt updatedAt',
    columns: [
      ['CODE', 'code'],
      ['NAME', 'name'],
      ['BELOW', 'parentCode'],
      ['APP', 'ns'],
    ],
  },
} as const satisfies Record<string, Kind>

export type RecordKind = keyof typeof RECORD_KINDS

export const kindArgument = () => new Argument('<kind>', 'what they are').choices(Object.keys(RECORD_KINDS))
