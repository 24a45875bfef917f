/** What a list or an export of customers and records is narrowed to. */
import type { CustomerState } from '../db/record-schema.ts'

interface CommonFilter {
  workspaceId: string
  /** Beginnings of words, all of which must be found; case, accents and Arabic letter forms do not count. */
  search?: string
  /** The app that said it. */
  ns?: string
  ids?: readonly string[]
  /** From here on, and before there: when a customer was first seen, an order placed, a cart left. */
  from?: Date
  until?: Date
}

export interface CustomerFilter extends CommonFilter {
  states?: readonly CustomerState[]
  tag?: string
  /** Its own, or that of any app. */
  code?: string
}

export interface RecordFilter extends CommonFilter {
  contentType: string
  status?: string
  customerId?: string
  categoryCode?: string
  codes?: readonly string[]
  /** Those that a full sync did not see any more are left out by default. */
  archived?: boolean
}
