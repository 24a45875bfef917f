/**
 * Records out of what apps say (specification 6.5, 6.6): one statement writes a batch, an unchanged record is not written, and
 * events that arrive late, twice or in parts end where they would have in order (`merge-record.ts`).
 */
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { Schema } from '../db/schema.ts'
import { applyCustomerRecords } from './apply-customer-record.ts'
import {
  type ChangedRecord,
  changeRecord,
  differenceOf,
  type ReadEvent,
  readEvent,
  rowOf,
} from './change-record.ts'
import { linkCustomers } from './link-customer.ts'
import type { RecordBatch, RecordEvent, RecordOutcome } from './record-event.ts'
import { saveRecords } from './save-records.ts'
import { findRecordHeads, inOrder, lockRecords, type RecordKey, recordText } from './store.ts'
import { tellOfRecords } from './tell.ts'

/** Somebody else made the same records in between: that many times in a row is no coincidence. */
const MAX_ATTEMPTS = 5

/** One event; see {@link applyRecords}. */
export async function applyRecord(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  event: Omit<RecordBatch, 'records'> & { record: RecordEvent },
): Promise<RecordOutcome> {
  const { record, ...rest } = event
  const [outcome] = await applyRecords(context, trx, { ...rest, records: [record] })
  return outcome as RecordOutcome
}

/** Events about one record, in the order of their arrival, with their places in the batch. */
interface Group {
  key: RecordKey
  events: [ReadEvent, ...ReadEvent[]]
  places: number[]
  /** There was no such record a moment ago: none is looked for, in order to lock it. */
  isNew?: boolean
}

/**
 * Applies the events of a batch and adds those that tell of the changes. The whole batch is refused or applied.
 *
 * The transaction may end with a deadlock (`isSerializationFailure`) where others change the same records in another
 * order: run it again.
 * @returns one outcome for each event
 * @throws RecordRefusedError for an event that can never be stored; nothing is written then
 */
export async function applyRecords(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  batch: RecordBatch,
): Promise<RecordOutcome[]> {
  const outcomes: RecordOutcome[] = []
  const settle = ({ places }: Group, of: (index: number) => RecordOutcome) => {
    for (const [index, place] of places.entries()) outcomes[place] = of(index)
  }
  let pending = await withoutKnown(trx, { batch, groups: groupByRecord(batch.records), settle })
  for (let attempt = 1; pending.length > 0; attempt++) {
    if (attempt > MAX_ATTEMPTS) {
      throw new Error(`Records of ${batch.ns} were made beside this transaction ${MAX_ATTEMPTS} times`)
    }
    const written = await writeGroups(context, trx, { batch, groups: pending })
    for (const [group, record] of written) {
      settle(group, (index) => ({
        effect: record.effects[index] ?? 'unchanged',
        recordId: record.id,
        customerId: record.customerId ?? undefined,
      }))
    }
    pending = pending.filter((group) => !written.has(group)).map((group) => ({ ...group, isNew: false }))
  }
  return outcomes
}

function groupByRecord(records: readonly RecordEvent[]): Group[] {
  const groups = new Map<string, Group>()
  for (const [place, record] of records.entries()) {
    const event = readEvent(record)
    const { contentType, code } = event
    const name = recordText(event)
    const group = groups.get(name)
    if (group === undefined)
      groups.set(name, { key: { contentType, code }, events: [event], places: [place] })
    else {
      group.events.push(event)
      group.places.push(place)
    }
  }
  return [...groups.values()]
}

interface Sifting {
  batch: RecordBatch
  groups: Group[]
  settle: (group: Group, of: (index: number) => RecordOutcome) => void
}

/**
 * Settles what was applied already, by the hash of the newest event: most of a bulk run, whose rows are then neither read
 * nor locked. A single event is looked at with its row at once.
 */
async function withoutKnown(trx: Transaction<Schema>, { batch, groups, settle }: Sifting): Promise<Group[]> {
  if (groups.length < 2) return groups
  const found = await findRecordHeads(
    trx,
    batch,
    groups.map(({ key }) => key),
  )
  const heads = new Map(found.map((head) => [recordText(head), head]))
  return groups.flatMap((group) => {
    const head = heads.get(recordText(group.key))
    if (head === undefined) return { ...group, isNew: true }
    const [event, ...more] = group.events
    // An archived one that is seen again comes back.
    const isSame = !head.archived && head.contentHash !== null && event.hash.equals(head.contentHash)
    if (!isSame || more.length > 0) return group
    const customerId = head.customerId ?? undefined
    settle(group, () => ({ effect: 'unchanged', recordId: head.id, customerId }))
    return []
  })
}

/** @returns what is settled: a record that somebody else made meanwhile is missing and is to be looked at again */
async function writeGroups(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  { batch, groups }: { batch: RecordBatch; groups: readonly Group[] },
): Promise<Map<Group, ChangedRecord>> {
  const { workspaceId, ns, source } = batch
  const now = context.now()
  const locked = await lockRecords(
    trx,
    batch,
    groups.filter(({ isNew }) => !isNew).map(({ key }) => key),
  )
  const stored = new Map(locked.map((record) => [recordText(record), record]))
  const changed = new Map(
    groups.map((group) => [group, changeRecord(stored.get(recordText(group.key)), group.events, now)]),
  )
  const records = [...changed.values()]
  await linkCustomers(trx, batch, records)
  await applyCustomerRecords(context, trx, { batch, records })
  const differing = records.filter((record) => differenceOf(record) !== 'none').sort(inOrder)
  const saved = await saveRecords(
    trx,
    workspaceId,
    differing.map((record) => rowOf(record, { workspaceId, ns, source, now })),
  )
  const lost = new Set(differing.filter(({ id }) => !saved.has(id)))
  for (const [group, record] of changed) if (lost.has(record)) changed.delete(group)
  await tell(context, trx, { batch, records: differing.filter(({ id }) => saved.has(id)) })
  return changed
}

async function tell(
  context: Pick<Context, 'now'>,
  trx: Transaction<Schema>,
  { batch, records }: { batch: RecordBatch; records: readonly ChangedRecord[] },
): Promise<void> {
  if (batch.emit === false) return
  const now = new Date(context.now())
  const seen = records.filter((record) => differenceOf(record) === 'content')
  const changes = seen.map((record) => ({
    ...record,
    ns: batch.ns,
    data: record.columns.data,
    effect: finalEffect(record),
    createdAt: record.stored?.createdAt ?? now,
    updatedAt: now,
  }))
  await tellOfRecords(context, trx, { workspaceId: batch.workspaceId, changes })
}

function finalEffect({ stored, columns }: ChangedRecord): 'created' | 'updated' | 'deleted' {
  if (columns.deleted) return 'deleted'
  return stored === undefined || stored.deleted ? 'created' : 'updated'
}
