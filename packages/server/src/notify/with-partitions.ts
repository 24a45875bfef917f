import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import { isPartitionMissing } from '../db/error.ts'
import { addPartitions } from '../db/partition.ts'
import type { Schema } from '../db/schema.ts'

/** A transaction that writes deliveries: run again after the partition of the day was made, where nobody had. */
export async function withPartitions<T>(
  { db, now }: Pick<Context, 'db' | 'now'>,
  body: (trx: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  try {
    return await db.transaction(body)
  } catch (error) {
    if (!isPartitionMissing(error)) throw error
    await addPartitions(db, [now()])
    return db.transaction(body)
  }
}
