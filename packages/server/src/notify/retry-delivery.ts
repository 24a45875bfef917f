import type { Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { lockFound } from './edit-subscription.ts'
import { newDelivery } from './new-delivery.ts'
import {
  bringForward,
  type Delivery,
  expectDeliveries,
  findDelivery,
  findLastAttempt,
  insertDeliveries,
} from './store.ts'
import { wakeDelivery } from './wake.ts'
import { withPartitions } from './with-partitions.ts'

/**
 * Sends an event once more whose attempt failed: as another attempt, or, where one waits for its time, with that one now.
 * While the circuit is open it waits like the others.
 * @returns the attempt that is to be made
 * @throws ApiError NOT_FOUND, BAD_USER_INPUT where the attempt did not fail
 */
export async function retryDelivery(
  context: Context,
  { workspaceId, id }: { workspaceId: string; id: string },
): Promise<Delivery> {
  const failed = await findDelivery(context.db.sql, { workspaceId, id })
  if (failed === undefined) throw notFound()
  if (failed.status !== 'failed') {
    throw new ApiError('BAD_USER_INPUT', `This attempt has not failed; its status is ${failed.status}.`)
  }
  const now = context.now()
  const dueAt = new Date(now)
  const { subscriptionId } = failed
  const retry = await withPartitions(context, async (trx) => {
    await lockFound(trx, { workspaceId, id: subscriptionId })
    const last = (await findLastAttempt(trx, failed)) ?? failed
    const next =
      last.status === 'pending' ? last : newDelivery({ ...last, attemptNumber: last.attemptNumber + 1 }, now)
    if (last.status === 'pending') await bringForward(trx, last, dueAt)
    else await insertDeliveries(trx, [next])
    await expectDeliveries(trx, { workspaceId, ids: [subscriptionId], dueAt })
    return findDelivery(trx, { workspaceId, id: next.id })
  })
  wakeDelivery(context)
  if (retry === undefined) throw notFound()
  return retry
}

function notFound(): ApiError {
  return new ApiError(
    'NOT_FOUND',
    'There is no such delivery in this workspace, or its 30 days are over. webhookDeliveryLogs lists those of a webhook.',
  )
}
