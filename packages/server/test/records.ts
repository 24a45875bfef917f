/** Customers and records in a workspace of their own, on a fresh database. */
import type { Transaction } from 'kysely'
import { createWorkspace } from '../src/account/create-workspace.ts'
import type { Context } from '../src/context.ts'
import { isSerializationFailure } from '../src/db/error.ts'
import type { Schema } from '../src/db/schema.ts'
import { applyCustomer } from '../src/record/apply-customer.ts'
import { applyRecord, applyRecords } from '../src/record/apply-record.ts'
import type { RecordEvent } from '../src/record/record-event.ts'
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
    customers: () =>
      context.db.sql
        .selectFrom('customer')
        .selectAll()
        .where('workspaceId', '=', workspaceId)
        .orderBy('id')
        .execute(),
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
    /** What the workspace is told, the oldest first. */
    told: () =>
      context.db.sql
        .selectFrom('outbox')
        .select(['type', 'action', 'data'])
        .where('workspaceId', '=', workspaceId)
        .orderBy('id')
        .execute(),
  }
}
