/** What the API shows of outbound workspace webhooks (10b section 6). */
import type { SubscribedAction } from '../db/notify-schema.ts'
import { lackedFor } from '../notify/catalogue.ts'
import type { SubscriptionSecrets } from '../notify/secrets.ts'
import { circuitState } from '../notify/state.ts'
import type { Delivery, Subscription } from '../notify/store.ts'
import { builder } from './builder.ts'
import { type Page, PaginationInfo } from './pagination.ts'

export interface ShownWebhook {
  subscription: Subscription
  /** Only where they were just made. */
  secrets?: SubscriptionSecrets
}

/** A delivery, and whether the circuit of its webhook holds it. */
export interface ShownDelivery extends Delivery {
  isHeld: boolean
}

export const WebhookActionType = builder.objectRef<SubscribedAction>('WebhookAction').implement({
  description: 'A kind of event.',
  fields: (t) => ({
    type: t.exposeString('type', { nullable: false }),
    action: t.exposeString('action', { nullable: false }),
    label: t.exposeString('label', { nullable: false }),
  }),
})

const WebhookRetryPolicy = builder
  .objectRef<Pick<Subscription, 'maxAttempts' | 'backoffMs'>>('WebhookRetryPolicy')
  .implement({
    fields: (t) => ({
      maxAttempts: t.exposeInt('maxAttempts', { nullable: false }),
      backoffMs: t.exposeIntList('backoffMs', {
        nullable: false,
        description:
          'Milliseconds after the first attempt, the second and so on; the last one counts for all further.',
      }),
    }),
  })

export const WebhookType = builder.objectRef<ShownWebhook>('Webhook').implement({
  description: 'A server of the workspace that is told of events.',
  fields: (t) => ({
    _id: t.string({ nullable: false, resolve: ({ subscription }) => subscription.id }),
    url: t.string({ nullable: false, resolve: ({ subscription }) => subscription.url }),
    name: t.string({ resolve: ({ subscription }) => subscription.name }),
    description: t.string({ resolve: ({ subscription }) => subscription.description }),
    token: t.string({
      description: 'Sent as it is in the header `{prefix}-token`. Only in the answer of webhooksAdd.',
      resolve: ({ secrets }) => secrets?.token ?? null,
    }),
    secret: t.string({
      description: 'Signs deliveries. Only in the answers of webhooksAdd and webhooksRotateSecret.',
      resolve: ({ secrets }) => secrets?.secret ?? null,
    }),
    actions: t.field({
      type: [WebhookActionType],
      nullable: false,
      resolve: ({ subscription }) => subscription.actions,
    }),
    retryPolicy: t.field({
      type: WebhookRetryPolicy,
      nullable: false,
      resolve: ({ subscription }) => subscription,
    }),
    rateLimitPerMinute: t.int({
      nullable: false,
      resolve: ({ subscription }) => subscription.rateLimitPerMinute,
    }),
    isActive: t.boolean({ nullable: false, resolve: ({ subscription }) => subscription.isActive }),
    status: t.string({
      nullable: false,
      description: 'active or inactive.',
      resolve: ({ subscription }) => (subscription.isActive ? 'active' : 'inactive'),
    }),
    circuitState: t.string({
      nullable: false,
      description:
        'closed; open after five failures in a row: nothing is sent for five minutes; half-open: the next attempt decides.',
      resolve: ({ subscription }, _args, { context }) => circuitState(subscription, context.now()),
    }),
    consecutiveFailures: t.int({
      nullable: false,
      resolve: ({ subscription }) => subscription.consecutiveFailures,
    }),
    previousSecretExpiresAt: t.field({
      type: 'Date',
      description: 'Until then deliveries are signed with the secret before, too.',
      resolve: ({ subscription }) => subscription.previousSecretExpiresAt,
    }),
    lastDeliveryAt: t.field({
      type: 'Date',
      description: 'When the server last answered 2xx.',
      resolve: ({ subscription }) => subscription.lastDeliveryAt,
    }),
    createdAt: t.field({
      type: 'Date',
      nullable: false,
      resolve: ({ subscription }) => subscription.createdAt,
    }),
    updatedAt: t.field({
      type: 'Date',
      nullable: false,
      resolve: ({ subscription }) => subscription.updatedAt,
    }),
  }),
})

/** `core:customer` of `core:customer.create`. */
const typeOf = ({ event }: Delivery) => event.slice(0, event.lastIndexOf('.'))

export const WebhookDeliveryLogType = builder.objectRef<ShownDelivery>('WebhookDeliveryLog').implement({
  description: 'One attempt to tell a webhook of an event. Kept for 30 days.',
  fields: (t) => ({
    _id: t.exposeString('id', { nullable: false }),
    webhookId: t.exposeString('subscriptionId', { nullable: false }),
    deliveryId: t.exposeString('id', { nullable: false, description: 'Of this attempt, as it was sent.' }),
    eventId: t.exposeString('eventId', {
      nullable: false,
      description: 'The `id` that was sent: the same in every attempt.',
    }),
    event: t.exposeString('event', { nullable: false }),
    attemptNumber: t.exposeInt('attemptNumber', { nullable: false }),
    status: t.string({
      nullable: false,
      description: 'pending, success, failed, or circuit-open: it waits until the circuit closes.',
      resolve: ({ status, isHeld }) => (status === 'pending' && isHeld ? 'circuit-open' : status),
    }),
    dueAt: t.expose('dueAt', { type: 'Date', description: 'When it is sent, at the earliest.' }),
    requestHeaders: t.field({
      type: 'JSON',
      description: 'Without the token.',
      resolve: ({ requestHeaders }) => (requestHeaders === null ? null : JSON.parse(requestHeaders)),
    }),
    requestBody: t.string({
      description: 'Null where you may not read such things elsewhere in the API.',
      resolve: (delivery, _args, { caller }) =>
        lackedFor(caller, typeOf(delivery)) === undefined ? delivery.requestBody : null,
    }),
    responseStatus: t.exposeInt('responseStatus'),
    responseBody: t.exposeString('responseBody', { description: 'The first 4096 characters.' }),
    error: t.exposeString('error', { description: 'Why it failed.' }),
    durationMs: t.exposeInt('durationMs'),
    createdAt: t.expose('createdAt', { type: 'Date', nullable: false }),
  }),
})

export const WebhookList = builder
  .objectRef<Page<ShownWebhook & ListedRow>>('WebhookListResponse')
  .implement({
    fields: (t) => ({
      data: t.field({ type: [WebhookType], nullable: false, resolve: ({ data }) => data }),
      pagination: t.field({ type: PaginationInfo, nullable: false, resolve: ({ pagination }) => pagination }),
    }),
  })

/** What a cursor is made of. */
export interface ListedRow {
  id: string
  createdAt: Date
}

export const WebhookDeliveryLogList = builder
  .objectRef<Page<ShownDelivery>>('WebhookDeliveryLogListResponse')
  .implement({
    fields: (t) => ({
      data: t.field({ type: [WebhookDeliveryLogType], nullable: false, resolve: ({ data }) => data }),
      pagination: t.field({ type: PaginationInfo, nullable: false, resolve: ({ pagination }) => pagination }),
    }),
  })
