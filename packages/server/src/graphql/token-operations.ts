/** App tokens and the identity behind them (10b section 5). */
import { appNotFound, editToken } from '../account/edit-token.ts'
import { makeToken } from '../account/make-token.ts'
import { removeToken } from '../account/remove-token.ts'
import { type AppToken, countTokens, findAccount, findToken, listTokens } from '../account/store.ts'
import { builder } from './builder.ts'
import { type Page, PaginationInfo, pageArgs, readPage } from './pagination.ts'
import type { RequestContext } from './request-context.ts'
import { UserType } from './user-type.ts'

const AppType = builder.objectRef<AppToken>('App').implement({
  description: 'An app token.',
  fields: (t) => ({
    _id: t.exposeString('id'),
    isEnabled: t.exposeBoolean('isEnabled'),
    createdAt: t.expose('createdAt', { type: 'Date' }),
    lastUsedAt: t.expose('lastUsedAt', { type: 'Date', description: 'To the minute.' }),
    name: t.exposeString('name'),
    userGroupId: t.string({ description: 'There are no user groups here; null.', resolve: () => null }),
    workspaceId: t.exposeString('workspaceId'),
    expireDate: t.expose('expireDate', { type: 'Date', description: 'Null where noExpire is true.' }),
    allowAllPermission: t.exposeBoolean('allowAllPermission'),
    noExpire: t.exposeBoolean('noExpire'),
    accessToken: t.string({
      description: 'Masked: its last four characters. The token itself is shown by appsAdd alone.',
      resolve: ({ lastFour }) => `****${lastFour}`,
    }),
    userGroupName: t.string({ description: 'There are no user groups here; null.', resolve: () => null }),
    permissions: t.exposeStringList('permissions', {
      nullable: false,
      description: 'The permissions given by name, besides those that allowAllPermission stands for.',
    }),
  }),
})

const AppTokenResult = builder.objectRef<{ id: string; accessToken: string }>('AppTokenResult').implement({
  fields: (t) => ({
    _id: t.exposeString('id'),
    accessToken: t.exposeString('accessToken', { description: 'The whole token; it cannot be read again.' }),
  }),
})

const AppListResponse = builder.objectRef<Page<AppToken>>('AppListResponse').implement({
  fields: (t) => ({
    data: t.field({ type: [AppType], resolve: ({ data }) => data }),
    pagination: t.field({ type: PaginationInfo, nullable: false, resolve: ({ pagination }) => pagination }),
  }),
})

builder.queryField('apps', (t) =>
  t.field({
    type: AppListResponse,
    permission: 'showDeveloper',
    description: 'The app tokens of the workspace, newest first.',
    args: {
      ...pageArgs,
      searchValue: t.arg.string({ description: 'Part of the name.' }),
    },
    resolve: (_root, { searchValue, ...page }, { context, caller }) => {
      const filter = { workspaceId: caller.workspaceId, searchValue: searchValue ?? undefined }
      return readPage(page, {
        name: 'apps',
        list: (range) => listTokens(context.db.sql, filter, range),
        count: () => countTokens(context.db.sql, filter),
      })
    },
  }),
)

builder.queryField('appDetail', (t) =>
  t.field({
    type: AppType,
    permission: 'showDeveloper',
    args: { _id: t.arg.string() },
    resolve: async (_root, { _id }, { context, caller }) => {
      const token = await findToken(context.db.sql, { workspaceId: caller.workspaceId, id: _id ?? '' })
      if (token === undefined) throw appNotFound()
      return token
    },
  }),
)

builder.queryField('currentUser', (t) =>
  t.field({
    type: UserType,
    permission: 'authenticated',
    description: 'Who the token belongs to: the system user made with it, or the person who signed in.',
    resolve: (_root, _args, { context, caller }) => findAccount(context.db.sql, caller),
  }),
)

builder.mutationField('appsAdd', (t) =>
  t.field({
    type: AppTokenResult,
    permission: 'manageDeveloper',
    description: 'Makes an app token. What it may do cannot be changed afterwards.',
    args: {
      name: t.arg.string({ description: 'Required.' }),
      userGroupId: t.arg.string({ description: 'There are no user groups here: pass permissions instead.' }),
      workspaceId: t.arg.string({ description: 'Your own; default.' }),
      expireDate: t.arg({
        type: 'Date',
        description: 'Default: in 30 days. Ignored where noExpire is true.',
      }),
      allowAllPermission: t.arg.boolean({
        description:
          'Everything in the workspace, also what comes later; platform permissions are given by name.',
      }),
      noExpire: t.arg.boolean(),
      permissions: t.arg({
        type: ['String'],
        description:
          'Names of permissions; required unless allowAllPermission is true. You can only give what you have.',
      }),
    },
    resolve: async (_root, args, request) => {
      const made = await makeToken(request.context, request.caller, args)
      request.context.log.info('token.made', tokenLine(request, made.id))
      return made
    },
  }),
)

builder.mutationField('appsEdit', (t) =>
  t.field({
    type: AppType,
    permission: 'manageDeveloper',
    description: 'Renames a token, moves its expiry, or switches it off or on. Counts at once.',
    args: {
      _id: t.arg.string({ required: true }),
      name: t.arg.string(),
      expireDate: t.arg({ type: 'Date' }),
      noExpire: t.arg.boolean(),
      isEnabled: t.arg.boolean({ description: 'False refuses the token from now on.' }),
    },
    resolve: async (_root, { _id, ...edit }, request) => {
      const edited = await editToken(request.context, request.caller, { id: _id, ...edit })
      if (edit.isEnabled === false) request.context.log.info('token.revoked', tokenLine(request, _id))
      return edited
    },
  }),
)

builder.mutationField('appsRemove', (t) =>
  t.field({
    type: 'JSON',
    permission: 'removeDeveloper',
    description: 'Removes a token that was switched off (appsEdit with isEnabled: false). Answers `{ _id }`.',
    args: { _id: t.arg.string({ required: true }) },
    resolve: async (_root, { _id }, request) => {
      await removeToken(request.context, request.caller, _id)
      request.context.log.info('token.revoked', tokenLine(request, _id))
      return { _id }
    },
  }),
)

function tokenLine({ caller, requestId }: RequestContext, tokenId: string) {
  return { requestId, workspaceId: caller.workspaceId, tokenId, by: caller.tokenId }
}
