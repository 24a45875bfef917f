import { workspaceUrl } from '../account/address.ts'
import { findMembers, type Workspace } from '../account/store.ts'
import { builder } from './builder.ts'
import { defineLoader } from './loader.ts'

type Members = { accountId: string; role: string }[]

/** The members of each workspace, in the order in which they joined. */
const membersOf = defineLoader<string, Members>(async ({ context }, workspaceIds) => {
  const members = await findMembers(context.db.sql, workspaceIds)
  const byWorkspace = Map.groupBy(members, ({ workspaceId }) => workspaceId)
  return workspaceIds.map((id) => byWorkspace.get(id) ?? [])
})

export const WorkspaceType = builder.objectRef<Workspace>('Workspace').implement({
  description: 'A tenant: its people, tokens, apps and connections. Nothing crosses its border.',
  fields: (t) => ({
    _id: t.exposeString('id', { nullable: false }),
    name: t.exposeString('name'),
    description: t.string({ description: 'Not kept here; null.', resolve: () => null }),
    code: t.exposeString('subdomain', { description: 'The same as subdomain.' }),
    userId: t.string({
      description: 'The first owner.',
      resolve: async ({ id }, _args, request) => {
        const members = await membersOf(request).load(id)
        return members.find(({ role }) => role === 'owner')?.accountId
      },
    }),
    createdAt: t.expose('createdAt', { type: 'Date' }),
    memberIds: t.stringList({
      resolve: async ({ id }, _args, request) => {
        const members = await membersOf(request).load(id)
        return members.map(({ accountId }) => accountId)
      },
    }),
    subdomain: t.exposeString('subdomain', { nullable: false, description: 'Its part of the address.' }),
    apiUrl: t.string({
      nullable: false,
      description: 'Base address of its API.',
      resolve: ({ subdomain }, _args, { context }) => workspaceUrl(context.config, subdomain),
    }),
  }),
})
