import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import { lockFound } from './edit-subscription.ts'
import { shownUrl } from './shown-url.ts'
import { deleteSubscription, type SubscriptionKey } from './store.ts'

/** Removes a subscription with its log; what waits is not sent. @throws ApiError NOT_FOUND */
export async function removeSubscription(context: Context, key: SubscriptionKey): Promise<void> {
  const { workspaceId, id: subjectId } = key
  await context.db.transaction(async (trx) => {
    const { url } = await lockFound(trx, key)
    await deleteSubscription(trx, key)
    const details = { url: shownUrl(url) }
    await recordAct(context, trx, { workspaceId, kind: 'webhook.removed', subjectId, details })
  })
}
