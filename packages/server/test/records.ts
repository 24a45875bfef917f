/** Customers and records in a workspace of their own, on a fresh database. */
import type { Transaction } from 'kysely'
import { createWorkspace } from '../src/account/create-workspace.ts'
import type { Context } from '../src/context.ts'
import { isSerializationFailure } from '../src/db/error.ts'
import type { Schema } from '../src/db/schema.ts'
import { applyCustomer } from '../src/record/apply-customer.ts'
import { applyRecord, applyRecords } from '../src/record/apply-record.ts'
import type { RecordEvent } from '../src/record/record-event.ts'
import { withTagIds, withTagNames } from '../src/record/tagged.ts'
import { type TestDatabase, testDatabase } from './database.ts'

export type TestRecords = Awaited<ReturnType<typeof testRecords>>

export async function testRecords() {
  const db: TestDatabase = await testDatabase()
  const clock = { now: Date.parse('2026-03-01T00:00:00Z') }
  const context = { db, now: () => clock.now } as unknown as Context
  let workspaces = 0
  return {
    context,
    clock,
    db,
    async newWorkspace() {
      workspaces += 1
      const { id } = await createWorkspace(context, { subdomain: `w${workspaces}`, name: 'x' })
      return workspaceOf(context, id)
    },
    close: () => db.drop(),
  }
}

/** What an app says of a customer; `at`: when, by default now. */
export function appSays(
  context: Context,
  {
    workspaceId,
    customer,
    at = context.now(),
  }: { workspaceId: string; customer: Said; at?: number | undefined },
) {
  const of = { workspaceId, ns: 'salla', source: { ns: 'salla' }, saidAt: () => at }
  return context.db.transaction((trx) => applyCustomer(context, trx, { ...of, customer }))
}

type Said = Record<string, unknown>

/** What a workspace is told, the oldest first. */
export function toldOf(context: Context, workspaceId: string) {
  return context.db.sql
    .selectFrom('outbox')
    .select(['type', 'action', 'data'])
    .where('workspaceId', '=', workspaceId)
    .orderBy('id')
    .execute()
}

export type TestWorkspace = ReturnType<typeof workspaceOf>

function workspaceOf(context: Context, workspaceId: string) {
  const of = (ns: string) => ({ workspaceId, ns, source: { ns, event: 'test' } })
  /** As the intake does: a deadlock is run again. */
  async function transaction<T>(body: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
    try {
      return await context.db.transaction(body)
    } catch (error) {
      if (!isSerializationFailure(error)) throw error
      return transaction(body)
    }
  }
  return {
    workspaceId,
    transaction,
    customer: (ns: string, customer: Record<string, unknown>) =>
      transaction((trx) => applyCustomer(context, trx, { ...of(ns), customer })),
    record: (ns: string, record: RecordEvent) =>
      transaction((trx) => applyRecord(context, trx, { ...of(ns), record })),
    records: (ns: string, records: readonly RecordEvent[], options: { emit?: boolean } = {}) =>
      transaction((trx) => applyRecords(context, trx, { ...of(ns), records, ...options })),
    /** `tags`: what theirs are called, sorted. */
    async customers() {
      const rows = await context.db.sql
        .selectFrom('customer')
        .selectAll()
        .where('workspaceId', '=', workspaceId)
        .orderBy('id')
        .execute()
      const withIds = await withTagIds(context.db.sql, workspaceId, rows)
      const named = await withTagNames(context.db.sql, workspaceId, withIds)
      return named.map((customer) => ({ ...customer, tags: customer.tags.sort() }))
    },
    keys: () =>
      context.db.sql
        .selectFrom('customerKey')
        .select(['kind', 'value', 'ns', 'customerId'])
        .where('workspaceId', '=', workspaceId)
        .orderBy('kind')
        .orderBy('value')
        .execute(),
    rows: () =>
      context.db.sql
        .selectFrom('record')
        .selectAll()
        .where('workspaceId', '=', workspaceId)
        .orderBy('contentType')
        .orderBy('code')
        .execute(),
    told: () => toldOf(context, workspaceId),
  }
}
