/** Records of customers (specification 6.5, `recordType` `customer`): what one app says, passed on to the customer's profile. */
import { isDeepStrictEqual } from 'node:util'
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { applyCustomers, saveProfiles } from './apply-customer.ts'
import { type ChangedRecord, differenceOf } from './change-record.ts'
import { CUSTOMER_TYPE } from './content-type.ts'
import type { Profile } from './merge-customer.ts'
import type { CustomerChange } from './plan-customers.ts'
import type { RecordBatch } from './record-event.ts'
import { deleteCustomers, deleteKeys, lockCustomers } from './store.ts'
import { tellOfCustomers, tellOfRemoved } from './tell.ts'

type Batch = Omit<RecordBatch, 'records'>

/** Changes the customers that the records are about and links the records to them. */
export async function applyCustomerRecords(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  { batch, records }: { batch: Batch; records: readonly ChangedRecord[] },
): Promise<void> {
  const changed = records.filter(
    (record) => record.contentType === CUSTOMER_TYPE && differenceOf(record) === 'content',
  )
  if (changed.length === 0) return
  const { true: deleted = [], false: written = [] } = Object.groupBy(
    changed,
    ({ columns }) => `${columns.deleted}` as const,
  )
  await forgetCodes(context, trx, { batch, deleted })
  const customers = written.map(({ code, columns }) => ({ ...columns.data, code }))
  const saidAt = (place: number, field: string) => timeOfWord(written[place], field) ?? context.now()
  const sourceOf = (place: number) => written[place]?.source ?? batch.source
  const outcomes = await applyCustomers(context, trx, { ...batch, customers, saidAt, sourceOf })
  for (const [index, record] of written.entries()) record.customerId = outcomes[index]?.customerId ?? null
}

/** When the app said a field; undefined: now, without a time of its own. What it only repeats is as old as can be. */
function timeOfWord(record: ChangedRecord | undefined, field: string): number | undefined {
  const { columns, stored } = record ?? {}
  const told = columns?.partTimes[`data.${field}`]
  const time = told === undefined ? columns?.sourceUpdatedAt?.getTime() : told
  if (time != null) return time
  const isRepeated = stored !== undefined && isDeepStrictEqual(stored.data[field], columns?.data[field])
  return isRepeated ? Number.NEGATIVE_INFINITY : undefined
}

/**
 * The app does not know these customers any more. One that nobody else knows, and that this app brought, is deleted; any
 * other loses the code of the app and stays.
 */
async function forgetCodes(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  { batch, deleted }: { batch: Batch; deleted: readonly ChangedRecord[] },
): Promise<void> {
  const { workspaceId, ns } = batch
  const gone = deleted.flatMap(({ code, stored }) =>
    stored?.customerId ? [{ kind: 'code' as const, ns, value: code, customerId: stored.customerId }] : [],
  )
  if (gone.length === 0) return
  const owners = [...new Set(gone.map(({ customerId }) => customerId))]
  const profiles = await lockCustomers(trx, workspaceId, owners)
  const left = profiles.map((profile) => withoutCodes(profile, { ns, codes: gone.map(({ value }) => value) }))
  const isRemoved = ({ externalCodes, source }: Profile) =>
    Object.keys(externalCodes).length === 0 && 'ns' in source && source.ns === ns
  const removed = left.filter(isRemoved).map(({ id }) => id)
  const now = new Date(context.now())
  const kept = left
    .filter((profile) => !isRemoved(profile))
    .map((profile): CustomerChange => {
      const changed = { ...profile, version: profile.version + 1, updatedAt: now }
      return { effect: 'updated', profile: changed, tagsBefore: profile.tagIds }
    })
  await deleteKeys(trx, workspaceId, gone)
  await deleteCustomers(trx, workspaceId, removed)
  await saveProfiles(trx, workspaceId, kept)
  if (batch.emit === false) return
  await tellOfRemoved(context, trx, { workspaceId, ids: removed })
  await tellOfCustomers(context, trx, { workspaceId, changes: kept })
}

function withoutCodes(profile: Profile, { ns, codes }: { ns: string; codes: readonly string[] }): Profile {
  const { [ns]: code, ...others } = profile.externalCodes
  return code === undefined || !codes.includes(code) ? profile : { ...profile, externalCodes: others }
}
