/** The event log of inbound webhooks: what came, what became of it, what was refused, and replaying (specification 5.5). */
import { isId } from '../account/id.ts'
import { NIL_UUID } from '../db/uuid.ts'
import { WEBHOOK_STATUSES, type WebhookStatus } from '../db/webhook-schema.ts'
import { ApiError } from '../errors.ts'
import { hintOf } from '../webhook/event-hint.ts'
import {
  countDeliveries,
  countEvents,
  type DetailedEvent,
  type EventFilter,
  findEvent,
  type ListedEvent,
  listEvents,
  listRejections,
} from '../webhook/event-log.ts'
import { MAX_REPLAYED, replayEvents } from '../webhook/replay.ts'
import type { Rejections } from '../webhook/store.ts'
import { builder } from './builder.ts'
import { MAX_PER_PAGE, type Page, PaginationInfo, pageArgs, readPage } from './pagination.ts'

type AnyEvent = ListedEvent | DetailedEvent

const isDetailed = (event: AnyEvent): event is DetailedEvent => 'body' in event
const parsed = (text: string | null): unknown => (text === null ? null : JSON.parse(text))

const WebhookEvent = builder.objectRef<AnyEvent>('WebhookEvent').implement({
  description: 'A delivery of a provider that was kept, and what became of it. Kept for 30 days.',
  fields: (t) => ({
    _id: t.exposeString('id', { nullable: false }),
    createdAt: t.expose('createdAt', { type: 'Date', nullable: false, description: 'When it came.' }),
    ns: t.exposeString('ns', { nullable: false }),
    event: t.exposeString('event', { description: 'Null: none was found (status `unknown`).' }),
    status: t.exposeString('status', {
      nullable: false,
      description: 'received, processing, processed, failed or unknown.',
    }),
    transactionId: t.exposeString('transactionId', { description: 'What tells duplicates.' }),
    orderingKey: t.exposeString('orderingKey', {
      description: 'Events with the same one are processed in the order of their arrival.',
    }),
    duplicates: t.int({
      nullable: false,
      description: 'How many times it came again, as long as its transaction id is remembered.',
      resolve: ({ duplicates }) => duplicates ?? 0,
    }),
    duplicateAt: t.expose('duplicateAt', { type: 'Date', description: 'When it came again last.' }),
    note: t.exposeString('note', { description: 'What was odd about the body.' }),
    bodyBytes: t.exposeInt('bodyBytes', { nullable: false }),
    attempts: t.exposeInt('attempts', { nullable: false, description: 'Of this round.' }),
    round: t.exposeInt('round', { nullable: false, description: 'How many times it was replayed.' }),
    dueAt: t.expose('dueAt', { type: 'Date', description: 'When it is tried next; null: nothing is due.' }),
    processedAt: t.expose('processedAt', { type: 'Date' }),
    customerId: t.exposeString('customerId'),
    stages: t.field({
      type: 'JSON',
      description: 'Of this round: [{ stage, status, at, durationMs, detail, error }].',
      resolve: ({ stages }) => parsed(stages),
    }),
    error: t.field({
      type: 'JSON',
      description: '{ code, message }: why it failed, or why it is tried again.',
      resolve: ({ error }) => parsed(error),
    }),
    hint: t.string({
      description:
        'Why nothing happened, where the name of the event is the reason: none was found, or the app names no such event; with the nearest one. Only in webhookEvent.',
      resolve: (event, _args, { context, caller }) =>
        isDetailed(event) ? hintOf(context, { ...event, workspaceId: caller.workspaceId }) : null,
    }),
    headers: t.field({
      type: 'JSON',
      description: 'Without those that carry a proof or a session. Only in webhookEvent.',
      resolve: (event) => (isDetailed(event) ? parsed(event.headers) : null),
    }),
    body: t.string({
      description: 'As text, where the bytes are UTF-8. Only in webhookEvent.',
      resolve: (event) => (isDetailed(event) ? utf8Of(event.body) : null),
    }),
    bodyBase64: t.string({
      description: 'The bytes as they came. Only in webhookEvent.',
      resolve: (event) => (isDetailed(event) ? event.body.toString('base64') : null),
    }),
  }),
})

function utf8Of(body: Buffer): string | null {
  const text = body.toString('utf8')
  return Buffer.from(text, 'utf8').equals(body) ? text : null
}

const WebhookEventList = builder.objectRef<Page<ListedEvent>>('WebhookEventListResponse').implement({
  fields: (t) => ({
    data: t.field({ type: [WebhookEvent], nullable: false, resolve: ({ data }) => data }),
    pagination: t.field({ type: PaginationInfo, nullable: false, resolve: ({ pagination }) => pagination }),
  }),
})

const WebhookRejection = builder.objectRef<Rejections>('WebhookRejection').implement({
  description: 'Deliveries of one minute that were refused for one reason; nothing of their bodies is kept.',
  fields: (t) => ({
    ns: t.exposeString('ns', { nullable: false }),
    code: t.exposeString('code', { nullable: false, description: 'Such as `signature-differs`.' }),
    count: t.exposeInt('count', { nullable: false }),
    reason: t.exposeString('reason', { nullable: false, description: 'Of the last one.' }),
    headerNames: t.exposeStringList('headerNames', { nullable: false, description: 'Of the last one.' }),
    firstAt: t.expose('firstAt', { type: 'Date', nullable: false }),
    lastAt: t.expose('lastAt', { type: 'Date', nullable: false }),
  }),
})

interface FilterArguments {
  ns?: string | null | undefined
  event?: string | null | undefined
  status?: string | null | undefined
  transactionId?: string | null | undefined
  customerId?: string | null | undefined
  duplicated?: boolean | null | undefined
  from?: Date | null | undefined
  until?: Date | null | undefined
}

function filterOf(workspaceId: string, chosen: FilterArguments): EventFilter {
  const { ns, event, status, transactionId, customerId, duplicated, from, until } = chosen
  if (status && !(WEBHOOK_STATUSES as readonly string[]).includes(status)) {
    throw new ApiError('BAD_USER_INPUT', `status must be one of ${WEBHOOK_STATUSES.join(', ')}.`)
  }
  return {
    workspaceId,
    ...(ns && { ns }),
    ...(event && { event }),
    ...(status && { status: status as WebhookStatus }),
    ...(transactionId && { transactionId }),
    // What is no id is nobody's.
    ...(customerId && { customerId: isId(customerId) ? customerId : NIL_UUID }),
    ...(duplicated && { duplicated }),
    ...(from && { from }),
    ...(until && { until }),
  }
}

builder.queryField('webhookEvents', (t) =>
  t.field({
    type: WebhookEventList,
    nullable: false,
    permission: 'showMiniAppsConnections',
    description: 'Deliveries that were kept, newest first.',
    args: {
      ns: t.arg.string(),
      event: t.arg.string(),
      status: t.arg.string({ description: 'received, processing, processed, failed or unknown.' }),
      transactionId: t.arg.string(),
      customerId: t.arg.string(),
      duplicated: t.arg.boolean({ description: 'true: only those that came again.' }),
      from: t.arg({ type: 'Date', description: 'Those that came then or later.' }),
      until: t.arg({ type: 'Date', description: 'Those that came before.' }),
      ...pageArgs,
    },
    resolve: (_root, { first, after, page, perPage, ...chosen }, { context, caller }) => {
      const filter = filterOf(caller.workspaceId, chosen)
      return readPage(
        { first, after, page, perPage },
        {
          name: 'webhookEvents',
          list: (range) => listEvents(context.db, filter, range),
          count: () => countEvents(context.db, filter),
        },
      )
    },
  }),
)

builder.queryField('webhookEvent', (t) =>
  t.field({
    type: WebhookEvent,
    permission: 'showMiniAppsConnections',
    description: 'One delivery, with its headers and its body.',
    args: { _id: t.arg.string({ required: true }) },
    resolve: async (_root, { _id }, { context, caller }) => {
      const event = await findEvent(context.db, { workspaceId: caller.workspaceId, id: _id })
      if (event) return event
      throw new ApiError('NOT_FOUND', 'There is no such event in this workspace, or its 30 days are over.')
    },
  }),
)

builder.queryField('webhookRejections', (t) =>
  t.field({
    type: [WebhookRejection],
    nullable: false,
    permission: 'showMiniAppsConnections',
    description: 'Deliveries that were refused, by minute and reason, the latest first; kept for 30 days.',
    args: {
      ns: t.arg.string(),
      code: t.arg.string({ description: 'Such as `signature-differs`.' }),
      from: t.arg({ type: 'Date', description: 'Those that came then or later, by the minute.' }),
      until: t.arg({ type: 'Date', description: 'Those that came before, by the minute.' }),
      first: t.arg.int({ description: `Rows, at most ${MAX_PER_PAGE}, which is the default.` }),
    },
    resolve: (_root, { ns, code, from, until, first }, { context, caller }) => {
      if (first != null && first < 1) throw new ApiError('BAD_USER_INPUT', 'first must be at least 1.')
      const limit = Math.min(first ?? MAX_PER_PAGE, MAX_PER_PAGE)
      return listRejections(context.db, {
        workspaceId: caller.workspaceId,
        limit,
        ...(ns && { ns }),
        ...(code && { code }),
        ...(from && { from }),
        ...(until && { until }),
      })
    },
  }),
)

type Counts = Awaited<ReturnType<typeof countDeliveries>>

const WebhookCounts = builder.objectRef<Counts>('WebhookCounts').implement({
  description: 'Deliveries by what became of them.',
  fields: (t) => ({
    received: t.exposeInt('received', { nullable: false }),
    processing: t.exposeInt('processing', { nullable: false }),
    processed: t.exposeInt('processed', { nullable: false }),
    failed: t.exposeInt('failed', { nullable: false }),
    unknown: t.exposeInt('unknown', { nullable: false }),
    duplicate: t.exposeInt('duplicate', {
      nullable: false,
      description: 'That came again, of events whose transaction id is remembered; by when they came last.',
    }),
    rejected: t.exposeInt('rejected', { nullable: false, description: 'Refused, by the minute.' }),
  }),
})

builder.queryField('webhookCounts', (t) =>
  t.field({
    type: WebhookCounts,
    nullable: false,
    permission: 'showMiniAppsConnections',
    description: 'How many deliveries came, came again, and were refused.',
    args: {
      ns: t.arg.string(),
      from: t.arg({ type: 'Date', description: 'Those that came then or later.' }),
      until: t.arg({ type: 'Date', description: 'Those that came before.' }),
    },
    resolve: (_root, chosen, { context, caller }) =>
      countDeliveries(context.db, filterOf(caller.workspaceId, chosen)),
  }),
)

builder.mutationField('webhookEventsReplay', (t) =>
  t.int({
    nullable: false,
    permission: 'manageMiniApps',
    description: `Processes events again that were processed or have failed, and those without a name in which the present version finds one, and answers how many: all of \`ids\`, or all that match the filter, at most ${MAX_REPLAYED} in one call. Older states overwrite no newer records; triggers fire again, marked as a replay.`,
    args: {
      ids: t.arg.stringList(),
      ns: t.arg.string(),
      event: t.arg.string(),
      status: t.arg.string({ description: 'processed, failed or unknown.' }),
      from: t.arg({ type: 'Date', description: 'Those that came then or later.' }),
      until: t.arg({ type: 'Date', description: 'Those that came before.' }),
    },
    resolve: async (_root, { ids, ...filter }, { context, caller }) => {
      if (!ids && Object.values(filter).every((value) => value === null || value === undefined)) {
        throw new ApiError(
          'BAD_USER_INPUT',
          'Say which events: their ids, or ns, event, status, from or until.',
        )
      }
      const chosen = ids?.filter(isId)
      if (chosen?.length === 0) return 0
      if (chosen && chosen.length > MAX_REPLAYED) {
        throw new ApiError('BAD_USER_INPUT', `ids may hold at most ${MAX_REPLAYED} ids.`)
      }
      return replayEvents(context, {
        ...filterOf(caller.workspaceId, filter),
        ...(chosen && { ids: chosen }),
      })
    },
  }),
)
