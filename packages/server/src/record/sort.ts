/** What lists of customers and records can be ordered by. */
import { type RawBuilder, sql } from 'kysely'
import type { Row } from '../db/schema.ts'
import type { ListedCustomer } from './merge-customer.ts'

/** One value of a row, in SQL and in the row as it was read: what a cursor points at. Never null. */
export interface SortKey<Item> {
  kind: 'time' | 'text'
  column: RawBuilder<unknown>
  of: (item: Item) => Date | string
}

export interface Sort<Item> {
  key: SortKey<Item>
  direction: 'asc' | 'desc'
}

const firstSeen = {
  kind: 'time',
  column: sql`created_at`,
  of: ({ createdAt }: { createdAt: Date }) => createdAt,
} as const
const lastChanged = {
  kind: 'time',
  column: sql`updated_at`,
  of: ({ updatedAt }: { updatedAt: Date }) => updatedAt,
} as const

/** By the published names of the fields. Those that are empty come first. */
export const CUSTOMER_SORTS = {
  createdAt: firstSeen,
  modifiedAt: lastChanged,
  firstName: { kind: 'text', column: sql`coalesce(first_name, '')`, of: ({ firstName }) => firstName ?? '' },
  lastName: { kind: 'text', column: sql`coalesce(last_name, '')`, of: ({ lastName }) => lastName ?? '' },
  primaryEmail: {
    kind: 'text',
    column: sql`coalesce(primary_email, '')`,
    of: ({ primaryEmail }) => primaryEmail ?? '',
  },
} as const satisfies Record<string, SortKey<ListedCustomer>>

type SortedRecord = Pick<Row<'record'>, 'happenedAt' | 'createdAt' | 'updatedAt' | 'code' | 'name' | 'status'>

export const RECORD_SORTS = {
  happenedAt: { kind: 'time', column: sql`happened_at`, of: ({ happenedAt }) => happenedAt },
  createdAt: firstSeen,
  modifiedAt: lastChanged,
  updatedAt: lastChanged,
  code: { kind: 'text', column: sql`code`, of: ({ code }) => code },
  name: { kind: 'text', column: sql`coalesce(name, '')`, of: ({ name }) => name ?? '' },
  status: { kind: 'text', column: sql`coalesce(status, '')`, of: ({ status }) => status ?? '' },
} as const satisfies Record<string, SortKey<SortedRecord>>
