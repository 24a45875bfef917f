import { ensureDefaultWorkspace } from '../../packages/server/src/account/default-workspace.ts'
import { makeOwnerLink } from '../../packages/server/src/account/login-link.ts'
import { executeAction } from '../../packages/server/src/action/execute.ts'
import { refreshInBackground } from '../../packages/server/src/install/background-refresh.ts'
import { followPublishedVersion } from '../../packages/server/src/install/follow-version.ts'
import { resumeRegistrations } from '../../packages/server/src/install/resume-registrations.ts'
import { appName, type Scaled } from './platform.ts'

const NS = appName(1)

const asking =
  (query: string) =>
  ({ owner }: Scaled): Promise<unknown> =>
    owner.call(query)

/** What people, programs and the platform itself do all day. */
export const OPERATIONS = {
  listApps: asking('{ miniApps(limit: 10) }'),
  listAppsBySearch: asking('{ miniApps(search: "scale-3", limit: 10) }'),
  appInfo: asking(`{ miniAppGeneralInfo(ns: "${NS}") { auth { isAuthenticated state accountName } } }`),
  appDetail: asking(`{ miniAppDetail(miniAppNs: "${NS}") { version } }`),
  installAndRemove: async ({ owner }) => {
    await owner.call('mutation { installMiniApp(ns: "scale-last") }')
    await owner.call('mutation { uninstallMiniApp(ns: "scale-last") }')
  },
  connect: asking(`mutation { saveMiniAppCredentials(ns: "${NS}", credentials: { accessToken: "t" }) }`),
  execute: ({ app }) => execute(app),
  options: asking(`{ miniAppsActionSources(miniAppNs: "${NS}", sourceKey: "rpc_labels") }`),
  listRuns: asking('{ miniAppActionRuns(first: 10) { data { _id status } pagination { hasNextPage } } }'),
  listTokens: asking('{ apps(first: 10) { data { _id name } pagination { hasNextPage } } }'),
  listWorkspaces: asking(
    '{ workspaces(first: 10) { data { subdomain memberIds } pagination { hasNextPage } } }',
  ),
  notifications: asking('{ notifications(first: 10) { data { _id } } }'),
  currentUser: asking('{ currentUser { _id } }'),
  login: async ({ app }) => {
    const workspace = await ensureDefaultWorkspace(app.context)
    const link = await makeOwnerLink(app.context, workspace.id)
    await fetch(link, { method: 'POST' })
  },
  lookForDueRefreshes: ({ app }) => refreshInBackground(app.context),
  lookForRegistrations: ({ app }) => resumeRegistrations(app.context, { all: false }),
  followVersion: ({ app }) => followPublishedVersion(app.context, appName(0)),
} as const satisfies Record<string, (platform: Scaled) => Promise<unknown>>

export type OperationName = keyof typeof OPERATIONS

/** In process, with a limit that the rounds do not use up. */
async function execute({ context }: Scaled['app']): Promise<void> {
  const workspace = await ensureDefaultWorkspace(context)
  const result = await executeAction(context, {
    actor: { workspaceId: workspace.id, subdomain: workspace.subdomain, kind: 'token', id: workspace.id },
    appNs: NS,
    actionName: 'read',
    formInput: {},
    requestId: 'bench',
    rateLimit: { limit: 1_000_000_000, windowMs: 60_000 },
  })
  if (!result.success) throw new Error(`The action failed: ${JSON.stringify(result)}`)
}
