/**
 * `User` as published (10b section 5). What this server does not keep is null. Left out are the fields whose types are
 * published nowhere: `onboardingHistory`, `branches`, `positions`, `scoreCategories`.
 */
import { permissionsOf } from '../account/permission.ts'
import type { AccountInWorkspace } from '../account/store.ts'
import { builder } from './builder.ts'
import { WorkspaceType } from './workspace-type.ts'

const NOT_KEPT = 'Not kept here; null.'

const UserChatStatus = builder.enumType('UserChatStatus', {
  values: ['offline', 'online', 'busy', 'break'] as const,
})

const UserDetailsType = builder.objectRef<AccountInWorkspace>('UserDetailsType').implement({
  fields: (t) => {
    const notKept = () => t.string({ description: NOT_KEPT, resolve: () => null })
    const noDate = () => t.field({ type: 'Date', description: NOT_KEPT, resolve: () => null })
    return {
      avatar: notKept(),
      coverPhoto: notKept(),
      fullName: t.exposeString('name'),
      shortName: notKept(),
      birthDate: noDate(),
      position: notKept(),
      workStartedDate: noDate(),
      location: notKept(),
      description: notKept(),
      operatorPhone: notKept(),
      firstName: notKept(),
      lastName: notKept(),
      employeeId: notKept(),
    }
  },
})

export const UserType = builder.objectRef<AccountInWorkspace>('User')

const DepartmentType = builder.objectRef<never>('Department')

DepartmentType.implement({
  description: 'There are no departments here; kept so that published queries stay valid.',
  fields: (t) => {
    const text = () => t.string({ resolve: () => null })
    const count = () => t.int({ resolve: () => null })
    const users = () => t.field({ type: [UserType], resolve: () => null })
    const ids = () => t.stringList({ resolve: () => null })
    return {
      _id: t.string({ nullable: false, resolve: (department) => department }),
      title: text(),
      description: text(),
      parentId: text(),
      supervisorIds: ids(),
      supervisors: users(),
      code: text(),
      order: text(),
      parent: t.field({ type: DepartmentType, resolve: () => null }),
      children: t.field({ type: [DepartmentType], resolve: () => null }),
      childCount: count(),
      users: users(),
      userCount: count(),
      userIds: ids(),
    }
  },
})

UserType.implement({
  description: 'A person, or the system user behind an app token.',
  fields: (t) => {
    const text = () => t.string({ description: NOT_KEPT, resolve: () => null })
    const json = () => t.field({ type: 'JSON', description: NOT_KEPT, resolve: () => null })
    const ids = () => t.stringList({ description: NOT_KEPT, resolve: () => null })
    return {
      _id: t.exposeString('id', { nullable: false }),
      createdAt: t.expose('createdAt', { type: 'Date' }),
      username: t.exposeString('name'),
      email: t.exposeString('email'),
      userPreferences: json(),
      availability: t.field({ type: UserChatStatus, description: NOT_KEPT, resolve: () => null }),
      isActive: t.boolean({ resolve: () => true }),
      details: t.field({ type: UserDetailsType, resolve: (account) => account }),
      links: json(),
      status: text(),
      emailSignatures: json(),
      groupIds: ids(),
      workspaceIds: t.stringList({ resolve: (_account, _args, { workspace }) => [workspace.id] }),
      isSubscribed: text(),
      customFieldsData: json(),
      workspaces: t.field({
        type: [WorkspaceType],
        resolve: (_account, _args, { workspace }) => [workspace],
      }),
      isOwner: t.boolean({ resolve: ({ role }) => role === 'owner' }),
      permissionActions: t.field({
        type: 'JSON',
        description: 'What the token that asks may do: `{ permission: true }`.',
        resolve: (_account, _args, { caller }) =>
          Object.fromEntries(permissionsOf(caller.grant).map((permission) => [permission, true])),
      }),
      configs: json(),
      configsConstants: t.field({ type: ['JSON'], description: NOT_KEPT, resolve: () => null }),
      departmentIds: ids(),
      departments: t.field({ type: [DepartmentType], description: NOT_KEPT, resolve: () => null }),
      branchIds: ids(),
      positionIds: ids(),
      score: t.float({ description: NOT_KEPT, resolve: () => null }),
      leaderBoardPosition: t.int({ description: NOT_KEPT, resolve: () => null }),
      employeeId: text(),
      isOnline: t.boolean({ description: NOT_KEPT, resolve: () => null }),
    }
  },
})
