/** What a workspace is told of, such as a connection that has to be made again (specification 3.5, ours). */
import { isId } from '../account/id.ts'
import {
  countNotificationsOf,
  type Notification,
  readAll,
  readNotifications,
} from '../outbox/notification.ts'
import { builder } from './builder.ts'
import { type Page, PaginationInfo, pageArgs, readPage } from './pagination.ts'

const NotificationType = builder.objectRef<Notification>('Notification').implement({
  description: 'Something that the people of a workspace should know.',
  fields: (t) => ({
    _id: t.exposeID('id', { nullable: false }),
    kind: t.exposeString('kind', {
      nullable: false,
      description: '`install.expired`: an account has to be connected again.',
    }),
    ns: t.exposeString('ns', { description: 'The app it is about.' }),
    title: t.exposeString('title', { nullable: false }),
    message: t.exposeString('message', {
      nullable: false,
      description: 'What happened, and what to do next.',
    }),
    createdAt: t.expose('createdAt', { type: 'Date', nullable: false }),
    readAt: t.expose('readAt', { type: 'Date', description: 'When it was marked as read.' }),
  }),
})

const NotificationList = builder.objectRef<Page<Notification>>('NotificationList').implement({
  description: 'One page of notifications, the newest first.',
  fields: (t) => ({
    data: t.field({ type: [NotificationType], nullable: false, resolve: ({ data }) => data }),
    pagination: t.field({ type: PaginationInfo, nullable: false, resolve: ({ pagination }) => pagination }),
  }),
})

builder.queryField('notifications', (t) =>
  t.field({
    type: NotificationList,
    nullable: false,
    permission: 'showMiniAppsConnections',
    description: 'What the workspace was told of, the newest first.',
    args: { unreadOnly: t.arg.boolean({ description: 'Default: read ones too.' }), ...pageArgs },
    resolve: (_root, { unreadOnly, ...page }, { context, caller }) => {
      const of = { workspaceId: caller.workspaceId, unreadOnly: unreadOnly === true }
      return readPage(page, {
        name: 'notifications',
        list: (range) => readNotifications(context, { ...of, ...range }),
        count: () => countNotificationsOf(context, of),
      })
    },
  }),
)

builder.mutationField('notificationsMarkAsRead', (t) =>
  t.int({
    nullable: false,
    permission: 'manageMiniApps',
    description: 'Marks notifications as read and answers how many were unread.',
    args: { ids: t.arg.stringList({ description: 'Default: all.' }) },
    resolve: (_root, { ids }, { context, caller }) =>
      readAll(context, { workspaceId: caller.workspaceId, ...(ids && { ids: ids.filter(isId) }) }),
  }),
)
