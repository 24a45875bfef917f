/** Ours, for operators: the workspaces of the platform (specification 10.1, 10.2). The only operations that cross workspaces. */
import { createWorkspace } from '../account/create-workspace.ts'
import { makeOwnerLink } from '../account/login-link.ts'
import { countWorkspaces, findWorkspace, listWorkspaces, type Workspace } from '../account/store.ts'
import { ApiError } from '../errors.ts'
import { builder } from './builder.ts'
import { type Page, PaginationInfo, pageArgs, readPage } from './pagination.ts'
import { WorkspaceType } from './workspace-type.ts'

interface OwnerLink {
  workspace: Workspace
  loginUrl: string
}

const WorkspaceOwnerLink = builder.objectRef<OwnerLink>('WorkspaceOwnerLink').implement({
  fields: (t) => ({
    workspace: t.field({ type: WorkspaceType, nullable: false, resolve: ({ workspace }) => workspace }),
    loginUrl: t.exposeString('loginUrl', {
      nullable: false,
      description: 'Give it to the owner: it works once, for 24 hours, and cannot be read again.',
    }),
  }),
})

const WorkspaceListResponse = builder.objectRef<Page<Workspace>>('WorkspaceListResponse').implement({
  fields: (t) => ({
    data: t.field({ type: [WorkspaceType], nullable: false, resolve: ({ data }) => data }),
    pagination: t.field({ type: PaginationInfo, nullable: false, resolve: ({ pagination }) => pagination }),
  }),
})

builder.queryField('workspaces', (t) =>
  t.field({
    type: WorkspaceListResponse,
    permission: 'operate',
    description: 'All workspaces of the platform, newest first.',
    args: { ...pageArgs },
    resolve: (_root, args, { context }) =>
      readPage(args, {
        name: 'workspaces',
        list: (range) => listWorkspaces(context.db.sql, range),
        count: () => countWorkspaces(context.db.sql),
      }),
  }),
)

builder.mutationField('workspaceAdd', (t) =>
  t.field({
    type: WorkspaceOwnerLink,
    permission: 'operate',
    description: 'Makes a workspace with its owner. Needs a server that serves many workspaces.',
    args: {
      subdomain: t.arg.string({ required: true, description: 'One DNS label; its part of the address.' }),
      name: t.arg.string({ required: true }),
    },
    resolve: async (_root, wanted, { context }) => {
      if (context.config.addressMode === 'single') {
        throw new ApiError(
          'BAD_USER_INPUT',
          'This server serves one workspace, because its SAAS_API_URL holds no {subdomain}. Set it to an address such as https://{subdomain}.api.example.com, or https://api.example.com/w/{subdomain}, and start the server again.',
        )
      }
      const workspace = await createWorkspace(context, wanted)
      return { workspace, loginUrl: await makeOwnerLink(context, workspace.id) }
    },
  }),
)

builder.mutationField('workspaceOwnerLink', (t) =>
  t.field({
    type: WorkspaceOwnerLink,
    permission: 'operate',
    description: "Makes a new one-time link for a workspace's owner; earlier unused ones stop working.",
    args: { _id: t.arg.string({ required: true }) },
    resolve: async (_root, { _id }, { context }) => {
      const loginUrl = await makeOwnerLink(context, _id)
      const workspace = await findWorkspace(context.db.sql, { id: _id })
      if (workspace === undefined) throw new ApiError('NOT_FOUND', 'There is no such workspace.')
      return { workspace, loginUrl }
    },
  }),
)
