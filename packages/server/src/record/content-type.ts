/** Kinds of records (specification 6.2, 6.6) and what lists show, sort and search of them. */

import type { TaggedType } from '../tag/tag-type.ts'

export const CUSTOMER_TYPE = 'core:customer' satisfies TaggedType
export const PRODUCT_TYPE = 'core:product' satisfies TaggedType
export const CATEGORY_TYPE = 'core:category'
export const ORDER_TYPE = 'ecommerce:orders'
export const CART_TYPE = 'ecommerce:abandonedCarts'

/** What stands in columns beside `data`. Every value is a text or a time, or null. */
export interface ExtractedColumns {
  status: string | null
  name: string | null
  categoryCode: string | null
  customerCode: string | null
  happenedAt: Date | null
}

interface Kind {
  /** Fields that are kept as texts: numbers by their digits. */
  name: string
  happenedAt?: string
  /** Besides the code. */
  searched: readonly string[]
}

const KINDS: ReadonlyMap<string, Kind> = new Map([
  [CUSTOMER_TYPE, { name: 'firstName', searched: ['firstName', 'lastName', 'primaryEmail', 'primaryPhone'] }],
  [PRODUCT_TYPE, { name: 'name', searched: ['name', 'sku', 'vendor'] }],
  [CATEGORY_TYPE, { name: 'name', searched: ['name'] }],
  [ORDER_TYPE, { name: 'orderNumber', happenedAt: 'placedAt', searched: ['orderNumber', 'customerCode'] }],
  [CART_TYPE, { name: 'code', happenedAt: 'abandonedAt', searched: ['customerCode'] }],
])
const OTHER_KIND: Kind = { name: 'name', searched: ['name', 'title'] }

/** Epoch numbers below are seconds: as milliseconds they would lie in 1970. */
const FIRST_EPOCH_MS = 100_000_000_000
/** Times that `timestamptz` and ISO 8601 with four digits of the year both hold. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z')
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')

export function extractColumns(
  contentType: string,
  data: Readonly<Record<string, unknown>>,
): ExtractedColumns {
  const kind = kindOf(contentType)
  return {
    status: textOf(data['status']),
    name: textOf(data[kind.name]),
    categoryCode: textOf(data['categoryCode']),
    customerCode: textOf(data['customerCode']),
    happenedAt: kind.happenedAt === undefined ? null : timeOf(data[kind.happenedAt]),
  }
}

export function searchedTexts(contentType: string, code: string, data: Readonly<Record<string, unknown>>) {
  return [code, ...kindOf(contentType).searched.map((field) => data[field])]
}

function kindOf(contentType: string): Kind {
  return KINDS.get(contentType) ?? OTHER_KIND
}

/** A btree entry holds some 2700 bytes; what is longer is no status, name or code. */
const MAX_CHARACTERS = 500

function textOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_CHARACTERS).toWellFormed() : null
}

/** A moment as providers write it: text, or seconds or milliseconds since the epoch. Null where it cannot be read. */
export function timeOf(value: unknown): Date | null {
  const ms =
    typeof value === 'number'
      ? value < FIRST_EPOCH_MS
        ? value * 1000
        : value
      : typeof value === 'string'
        ? Date.parse(value)
        : Number.NaN
  return ms >= FIRST_MS && ms <= LAST_MS ? new Date(ms) : null
}
