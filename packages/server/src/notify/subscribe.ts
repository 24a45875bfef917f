import type { Caller } from '../account/app-token.ts'
import { lockWorkspace } from '../account/store.ts'
import { recordAct } from '../audit/record-act.ts'
import type { Context } from '../context.ts'
import { uuidv7 } from '../db/uuid.ts'
import { ApiError } from '../errors.ts'
import { eventName } from './catalogue.ts'
import { addPing } from './ping.ts'
import { makeSecret, makeToken, type SubscriptionSecrets, sealSecrets } from './secrets.ts'
import { shownUrl } from './shown-url.ts'
import { countSubscriptions, insertSubscription, type Subscription } from './store.ts'
import { wakeDelivery } from './wake.ts'
import {
  checked,
  DEFAULT_BACKOFF_MS,
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_RATE_LIMIT_PER_MINUTE,
  refuseUnreadable,
  type Wanted,
} from './wanted.ts'
import { withPartitions } from './with-partitions.ts'

/** Of one workspace. Each event is matched against all of them. */
export const MAX_SUBSCRIPTIONS = 50

export interface Subscribed {
  subscription: Subscription
  /** Shown this once. */
  secrets: SubscriptionSecrets
}

/**
 * Subscribes a server of the workspace to events, and sends it a ping.
 * @throws ApiError BAD_USER_INPUT where a value does not fit or there are too many, FORBIDDEN for events that the caller
 *   may not read
 */
export async function subscribe(
  context: Context,
  caller: Caller,
  wanted: Wanted & { url: string },
): Promise<Subscribed> {
  const { workspaceId } = caller
  const { url = '', actions = [], ...columns } = checked(context, wanted)
  refuseUnreadable(caller, actions)
  const now = new Date(context.now())
  const id = uuidv7(now.getTime())
  const secrets = { token: makeToken(), secret: makeSecret() }
  const sealed = await sealSecrets(context, { workspaceId, id }, secrets)
  const subscription = await withPartitions(context, async (trx) => {
    await lockWorkspace(trx, workspaceId)
    if ((await countSubscriptions(trx, { workspaceId })) >= MAX_SUBSCRIPTIONS) throw tooMany()
    const made = await insertSubscription(trx, {
      workspaceId,
      id,
      url,
      actions: JSON.stringify(actions),
      maxAttempts: DEFAULT_MAX_ATTEMPTS,
      backoffMs: [...DEFAULT_BACKOFF_MS],
      rateLimitPerMinute: DEFAULT_RATE_LIMIT_PER_MINUTE,
      ...columns,
      isActive: true,
      secrets: sealed,
      createdAt: now,
      updatedAt: now,
    })
    await addPing(context, trx, made)
    await recordAct(context, trx, {
      workspaceId,
      kind: 'webhook.added',
      subjectId: id,
      details: { url: shownUrl(url), actions: actions.map(eventName) },
    })
    return made
  })
  wakeDelivery(context)
  return { subscription, secrets }
}

function tooMany(): ApiError {
  return new ApiError(
    'BAD_USER_INPUT',
    `A workspace has at most ${MAX_SUBSCRIPTIONS} webhooks. Remove one with webhooksRemove, or add its events to another.`,
  )
}
