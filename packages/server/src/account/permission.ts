/**
 * Permissions of app tokens and the roles that bundle them (specification 10.2, 10b section 1).
 *
 * The whole published list is known, so that a token can carry a permission whose operations this server does not have
 * yet. `demanded` in `graphql/operation.ts` names the permission of each operation.
 */
import type { Role } from '../db/schema.ts'

/** What a permission lets its holder do; the text is shown to people. */
export const PERMISSIONS = {
  showAutomations: 'See automations and their runs.',
  automationsAdd: 'Make automations.',
  automationsEdit: 'Change automations.',
  automationsArchive: 'Archive automations.',
  showMiniAppsConnections: 'See the apps, their connections and what can be chosen in their forms.',
  manageMiniApps: 'Install, connect and uninstall apps.',
  executeMiniApps: 'Run actions of connected apps.',
  showAuditLog: 'See who did what in the workspace (audit log).',
  reviewMiniApps: 'Review submitted apps and publish them. Belongs to the platform.',
  operate: 'Run the platform: workspaces, registered apps, limits. Belongs to the platform.',
  showDeveloper: 'See app tokens.',
  manageDeveloper: 'Make and change app tokens.',
  removeDeveloper: 'Remove app tokens.',
  showTags: 'See tags.',
  manageTags: 'Make and change tags.',
  showCustomers: 'See customers.',
  customersAdd: 'Make customers.',
  customersEdit: 'Change customers.',
  customersMerge: 'Merge customers.',
  customersRemove: 'Remove customers.',
  customersChangeState: 'Change the state of customers.',
  showOrders: 'See orders and abandoned carts.',
  ordersChangeStatus: 'Change the status of orders.',
  showProducts: 'See products.',
  manageProducts: 'Make and change products.',
  removeProducts: 'Remove products.',
  showUsers: 'See the people of the workspace.',
  showDepartment: 'See departments.',
  showConversations: 'See conversations.',
  assignConversation: 'Assign conversations.',
  changeConversationStatus: 'Change the status of conversations.',
  conversationMessageAdd: 'Write in conversations.',
  showIntegrations: 'See channels.',
  showForms: 'See forms.',
  manageForms: 'Make and change forms.',
} as const satisfies Record<string, string>

export type Permission = keyof typeof PERMISSIONS

/**
 * They reach beyond one workspace, so "all permissions" of a workspace's token does not hold them; such a token carries
 * them by name. The owner of the default workspace has them (`account/login-link.ts`).
 */
export const PLATFORM_PERMISSIONS = ['reviewMiniApps', 'operate'] as const satisfies Permission[]

const platform: ReadonlySet<string> = new Set(PLATFORM_PERMISSIONS)
const all = Object.keys(PERMISSIONS) as Permission[]

/** Every permission that `allowAllPermission` stands for. */
export const WORKSPACE_PERMISSIONS: readonly Permission[] = all.filter(
  (permission) => !platform.has(permission),
)

const developer = [
  'showAutomations',
  'showMiniAppsConnections',
  'manageMiniApps',
  'executeMiniApps',
  'showDeveloper',
  'manageDeveloper',
  'removeDeveloper',
] as const satisfies Permission[]

const agent = [
  'showMiniAppsConnections',
  'executeMiniApps',
  'showCustomers',
  'showOrders',
  'showProducts',
  'showTags',
  'showConversations',
  'assignConversation',
  'changeConversationStatus',
  'conversationMessageAdd',
] as const satisfies Permission[]

/** What a member may do. Deny does not exist: permissions only add up. */
export const ROLE_PERMISSIONS = {
  owner: WORKSPACE_PERMISSIONS,
  admin: WORKSPACE_PERMISSIONS,
  developer,
  agent,
  reviewer: ['reviewMiniApps'],
  operator: [...PLATFORM_PERMISSIONS, 'showAuditLog'],
} as const satisfies Record<Role, readonly Permission[]>

export function isPermission(name: string): name is Permission {
  return Object.hasOwn(PERMISSIONS, name)
}

/** What a token carries. */
export interface Grant {
  allowAllPermission: boolean
  permissions: readonly string[]
}

export function grants(grant: Grant, permission: Permission): boolean {
  return (grant.allowAllPermission && !platform.has(permission)) || grant.permissions.includes(permission)
}

/** Each permission of the grant, "all" spelt out; names unknown to this version are left out. */
export function permissionsOf(grant: Grant): Permission[] {
  return all.filter((permission) => grants(grant, permission))
}

/** What `wanted` holds and `giver` lacks, in words; empty where the giver may hand it on. */
export function lackingOf(giver: Grant, wanted: Grant): string[] {
  const all = wanted.allowAllPermission && !giver.allowAllPermission ? ['allowAllPermission'] : []
  return [...all, ...wanted.permissions.filter((name) => !isPermission(name) || !grants(giver, name))]
}
