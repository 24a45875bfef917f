/** What a list or an export of customers and records is narrowed to. */
import type { CustomerState } from '../db/record-schema.ts'

interface CommonFilter {
  workspaceId: string
  /** Beginnings of words, all of which must be found; case, accents and Arabic letter forms do not count. */
  search?: string
  /** The app that said it. */
  ns?: string
  ids?: readonly string[]
  /** The id of a tag that they carry themselves. */
  tag?: string
  /** All but these. */
  exceptIds?: readonly string[]
  /** Further fields, each with its value as text. */
  data?: Readonly<Record<string, string>>
  /** From here on, and before there: when a customer was first seen, an order placed, a cart left. */
  from?: Date
  until?: Date
}

export interface CustomerFilter extends CommonFilter {
  states?: readonly CustomerState[]
  /** Its own, or that of any app. */
  code?: string
}

/** A category as products name it: codes are an app's own. */
export interface CategoryKey {
  ns: string
  code: string
}

export interface RecordFilter extends CommonFilter {
  contentType: string
  status?: string
  /** All but those with one of these; one without a status is none of them. */
  exceptStatuses?: readonly string[]
  customerId?: string
  categoryCode?: string
  /** Products in one of these. */
  categories?: readonly CategoryKey[]
  /** Categories right below one of these. */
  parents?: readonly CategoryKey[]
  codes?: readonly string[]
  /** Codes of certain apps. */
  keys?: readonly CategoryKey[]
  exceptCodes?: readonly string[]
  /** Those that a full sync did not see any more are left out by default. */
  archived?: boolean
}
