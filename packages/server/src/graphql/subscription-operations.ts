/** Outbound workspace webhooks: who is told of what, and what became of it (specification 11, 10b section 6). */
import { ApiError } from '../errors.ts'
import { EVENT_CATALOGUE } from '../notify/catalogue.ts'
import {
  editSubscription,
  resetCircuit,
  toggleSubscription,
  webhookNotFound,
} from '../notify/edit-subscription.ts'
import { ping } from '../notify/ping.ts'
import { removeSubscription } from '../notify/remove-subscription.ts'
import { retryDelivery } from '../notify/retry-delivery.ts'
import { rotateSecret } from '../notify/rotate-secret.ts'
import { circuitState } from '../notify/state.ts'
import {
  countDeliveries,
  countSubscriptions,
  type Delivery,
  type DeliveryFilter,
  findSubscription,
  listDeliveries,
  listSubscriptions,
  type Subscription,
} from '../notify/store.ts'
import { MAX_SUBSCRIPTIONS, subscribe } from '../notify/subscribe.ts'
import {
  DEFAULT_BACKOFF_MS,
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_RATE_LIMIT_PER_MINUTE,
  MAX_ATTEMPTS,
  MAX_RATE_LIMIT_PER_MINUTE,
} from '../notify/wanted.ts'
import { builder } from './builder.ts'
import { pageArgs, readPage } from './pagination.ts'
import type { RequestContext } from './request-context.ts'
import {
  type ShownDelivery,
  WebhookActionType,
  WebhookDeliveryLogList,
  WebhookDeliveryLogType,
  WebhookList,
  WebhookType,
} from './subscription-type.ts'

const WebhookActionInput = builder.inputType('WebhookActionInput', {
  fields: (t) => ({
    type: t.string({ required: true, description: 'Such as core:customer; webhooksGetActions lists all.' }),
    action: t.string({ required: true, description: 'Such as create.' }),
    label: t.string({ description: 'Default: as in webhooksGetActions.' }),
  }),
})

const WebhookRetryPolicyInput = builder.inputType('WebhookRetryPolicyInput', {
  fields: (t) => ({
    maxAttempts: t.int({
      description: `All together, 1 to ${MAX_ATTEMPTS}; default ${DEFAULT_MAX_ATTEMPTS}.`,
    }),
    backoffMs: t.intList({
      description: `Milliseconds after the first attempt, the second and so on; default ${DEFAULT_BACKOFF_MS.join(', ')}.`,
    }),
  }),
})

const wantedArgs = builder.args((t) => ({
  name: t.string(),
  description: t.string(),
  actions: t.field({ type: [WebhookActionInput], description: 'Events that it is told of.' }),
  retryPolicy: t.field({ type: WebhookRetryPolicyInput }),
  rateLimitPerMinute: t.int({
    description: `1 to ${MAX_RATE_LIMIT_PER_MINUTE}, default ${DEFAULT_RATE_LIMIT_PER_MINUTE}; what exceeds it waits.`,
  }),
}))

const ofWebhook = builder.args((t) => ({ _id: t.string({ required: true }) }))

const keyOf = ({ caller }: RequestContext, id: string) => ({ workspaceId: caller.workspaceId, id })
const shown = (subscription: Subscription) => ({ subscription })

/** A word that must be one of a list; null and absent mean all. */
function oneOf<Word extends string>(
  argument: string,
  words: readonly Word[],
  value: string | null | undefined,
): Word | undefined {
  if (value == null) return undefined
  const word = words.find((one) => one === value)
  if (word === undefined)
    throw new ApiError('BAD_USER_INPUT', `${argument} must be one of ${words.join(', ')}.`)
  return word
}

builder.queryField('webhooks', (t) =>
  t.field({
    type: WebhookList,
    nullable: false,
    permission: 'showDeveloper',
    description: 'The servers of the workspace that are told of events, newest first.',
    args: {
      status: t.arg.string({ description: 'active or inactive; default: both.' }),
      searchValue: t.arg.string({ description: 'Part of the name or of the address.' }),
      ...pageArgs,
    },
    resolve: (_root, { status, searchValue, ...page }, { context, caller }) => {
      const word = oneOf('status', ['active', 'inactive'], status)
      const filter = {
        workspaceId: caller.workspaceId,
        isActive: word && word === 'active',
        searchValue: searchValue ?? undefined,
      }
      return readPage(page, {
        name: 'webhooks',
        list: async (range) => {
          const rows = await listSubscriptions(context.db.sql, filter, range)
          return rows.map((row) => ({ ...shown(row), id: row.id, createdAt: row.createdAt }))
        },
        count: () => countSubscriptions(context.db.sql, filter),
      })
    },
  }),
)

builder.queryField('webhookDetail', (t) =>
  t.field({
    type: WebhookType,
    permission: 'showDeveloper',
    args: ofWebhook,
    resolve: async (_root, { _id }, request) => shown(await found(request, _id)),
  }),
)

async function found(request: RequestContext, id: string): Promise<Subscription> {
  const subscription = await findSubscription(request.context.db.sql, keyOf(request, id))
  if (subscription === undefined) throw webhookNotFound()
  return subscription
}

builder.queryField('webhooksGetActions', (t) =>
  t.field({
    type: [WebhookActionType],
    nullable: false,
    permission: 'showDeveloper',
    description: 'Every event that a webhook can be told of.',
    resolve: () => [...EVENT_CATALOGUE],
  }),
)

const LOG_STATUSES = ['pending', 'success', 'failed', 'circuit-open'] as const

builder.queryField('webhookDeliveryLogs', (t) =>
  t.field({
    type: WebhookDeliveryLogList,
    nullable: false,
    permission: 'showDeveloper',
    description: 'Attempts to tell a webhook of events, newest first, with request and response.',
    args: {
      webhookId: t.arg.string({ required: true }),
      status: t.arg.string({ description: `${LOG_STATUSES.join(', ')}; default: all.` }),
      ...pageArgs,
    },
    resolve: async (_root, { webhookId, status, ...page }, request) => {
      const { context, caller } = request
      const word = oneOf('status', LOG_STATUSES, status)
      const subscription = await found(request, webhookId)
      const isHeld = isHolding(request, subscription)
      const of = { workspaceId: caller.workspaceId, subscriptionId: subscription.id }
      // What waits is one status in the table; which of the two it is called depends on the circuit.
      const isNone = word === (isHeld ? 'pending' : 'circuit-open')
      const filter: DeliveryFilter = { ...of, status: word === 'circuit-open' ? 'pending' : word }
      return readPage(page, {
        name: 'webhookDeliveryLogs',
        list: async (range) => {
          const rows = isNone ? [] : await listDeliveries(context.db.sql, filter, range)
          return rows.map((row): ShownDelivery => ({ ...row, isHeld }))
        },
        count: async () => (isNone ? 0 : countDeliveries(context.db.sql, filter)),
      })
    },
  }),
)

const isHolding = ({ context }: RequestContext, subscription: Subscription) =>
  circuitState(subscription, context.now()) === 'open'

async function shownDelivery(request: RequestContext, delivery: Delivery): Promise<ShownDelivery> {
  const subscription = await found(request, delivery.subscriptionId)
  return { ...delivery, isHeld: isHolding(request, subscription) }
}

builder.mutationField('webhooksAdd', (t) =>
  t.field({
    type: WebhookType,
    permission: 'manageDeveloper',
    description: `Subscribes a server to events and sends it a ping; at most ${MAX_SUBSCRIPTIONS} in a workspace. The answer alone shows token and secret. You can only subscribe to what you may read.`,
    args: {
      url: t.arg.string({ required: true, description: 'https, with a public address.' }),
      ...wantedArgs,
    },
    resolve: (_root, args, { context, caller }) => subscribe(context, caller, args),
  }),
)

builder.mutationField('webhooksEdit', (t) =>
  t.field({
    type: WebhookType,
    permission: 'manageDeveloper',
    description:
      'Changes what is given; the rest stays. You must be allowed to read the events that it is told of.',
    args: { ...ofWebhook, url: t.arg.string(), ...wantedArgs },
    resolve: async (_root, { _id: id, ...wanted }, { context, caller }) =>
      shown(await editSubscription(context, caller, { id, ...wanted })),
  }),
)

builder.mutationField('webhooksRemove', (t) =>
  t.field({
    type: 'JSON',
    permission: 'removeDeveloper',
    description: 'Removes a webhook with its log; what waits is not sent. Answers `{ _id }`.',
    args: ofWebhook,
    resolve: async (_root, { _id }, request) => {
      await removeSubscription(request.context, keyOf(request, _id))
      return { _id }
    },
  }),
)

builder.mutationField('webhooksToggle', (t) =>
  t.field({
    type: WebhookType,
    permission: 'manageDeveloper',
    description:
      'Pauses or resumes. Events that happen during a pause are not told; deliveries that waited are sent after it.',
    args: { ...ofWebhook, isActive: t.arg.boolean({ description: 'Default: the other way round.' }) },
    resolve: async (_root, { _id, isActive }, request) =>
      shown(await toggleSubscription(request.context, keyOf(request, _id), isActive ?? undefined)),
  }),
)

builder.mutationField('webhooksRotateSecret', (t) =>
  t.field({
    type: WebhookType,
    permission: 'manageDeveloper',
    description:
      'Makes a new secret and shows it this once. Deliveries are signed with the old one too for 24 hours.',
    args: ofWebhook,
    resolve: (_root, { _id }, request) => rotateSecret(request.context, keyOf(request, _id)),
  }),
)

builder.mutationField('webhooksPing', (t) =>
  t.field({
    type: WebhookDeliveryLogType,
    permission: 'manageDeveloper',
    description:
      'Sends `system.ping` now and answers what came of it; also where the circuit is open, which a 2xx closes.',
    args: ofWebhook,
    resolve: async (_root, { _id }, request) =>
      shownDelivery(request, await ping(request.context, keyOf(request, _id))),
  }),
)

builder.mutationField('webhooksRetryDelivery', (t) =>
  t.field({
    type: WebhookDeliveryLogType,
    permission: 'manageDeveloper',
    description:
      'Sends the event of a failed attempt once more, as another attempt that is made at once. Answers that attempt.',
    args: { logId: t.arg.string({ required: true, description: '`_id` of the failed attempt.' }) },
    resolve: async (_root, { logId }, request) =>
      shownDelivery(request, await retryDelivery(request.context, keyOf(request, logId))),
  }),
)

builder.mutationField('webhooksReset', (t) =>
  t.field({
    type: WebhookType,
    permission: 'manageDeveloper',
    description: 'Closes the circuit and forgets the failures: what waits is sent.',
    args: ofWebhook,
    resolve: async (_root, { _id }, request) =>
      shown(await resetCircuit(request.context, keyOf(request, _id))),
  }),
)
