/** Whose an order is (specification 6.5, 6.6): the customer that it names, else the one of the event. */
import type { Transaction } from 'kysely'
import type { Schema } from '../db/schema.ts'
import type { ChangedRecord } from './change-record.ts'
import { readCode } from './customer-fields.ts'
import { findCustomerIds, findKeyOwners, lockCodes } from './store.ts'

interface OfApp {
  workspaceId: string
  ns: string
}

/**
 * Sets `customerId` of each record. An order whose customer is unknown stays without one; whoever stores that customer later
 * links it (`apply-customer.ts`).
 */
export async function linkCustomers(
  trx: Transaction<Schema>,
  app: OfApp,
  records: readonly ChangedRecord[],
): Promise<void> {
  const naming = records.flatMap((record) => {
    const code = record.columns.deleted ? undefined : readCode(record.columns.data['customerCode'])
    return code === undefined ? [] : [{ record, code }]
  })
  const codes = new Set(naming.map(({ code }) => code))
  const owners = await ownersOf(trx, app, codes)
  const unknown = new Set(
    naming
      .filter(({ record, code }) => record.customerId === null && !owners.has(code))
      .map(({ code }) => code),
  )
  if (unknown.size > 0) {
    await lockCodes(trx, app, [...unknown])
    for (const [code, owner] of await ownersOf(trx, app, unknown)) owners.set(code, owner)
  }
  for (const { record, code } of naming) record.customerId = owners.get(code) ?? record.customerId
  const named = new Set(owners.values())
  await followMerged(
    trx,
    app,
    records.filter(({ customerId }) => customerId !== null && !named.has(customerId)),
  )
}

/** The customer of an event may have been merged into another one meanwhile, or removed. */
async function followMerged(
  trx: Transaction<Schema>,
  { workspaceId }: OfApp,
  records: readonly ChangedRecord[],
): Promise<void> {
  const linked = records.filter(({ customerId, stored }) => customerId !== stored?.customerId)
  if (linked.length === 0) return
  const ids = new Set(linked.map(({ customerId }) => String(customerId)))
  const known = await findCustomerIds(trx, workspaceId, [...ids])
  for (const record of linked) record.customerId = known.get(String(record.customerId)) ?? null
}

async function ownersOf(trx: Transaction<Schema>, app: OfApp, codes: ReadonlySet<string>) {
  const keys = [...codes].map((value) => ({ kind: 'code' as const, value, ns: app.ns }))
  const owned = await findKeyOwners(trx, app.workspaceId, keys)
  return new Map(owned.map(({ value, customerId }) => [value, customerId]))
}
