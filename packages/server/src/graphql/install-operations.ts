/** Installing, connecting, disconnecting and uninstalling (10b section 2.3 and ours). */
import { connectWithForm } from '../install/connect.ts'
import { installApp } from '../install/install-app.ts'
import { disconnect, uninstall } from '../install/remove.ts'
import { installStatusOf } from '../marketplace/list-apps.ts'
import { visibleApp } from './app-operations.ts'
import { builder } from './builder.ts'

builder.mutationField('installMiniApp', (t) =>
  t.field({
    type: 'JSON',
    permission: 'manageMiniApps',
    description: 'Adds an app to the workspace: installed, not connected. Installing twice changes nothing.',
    args: { ns: t.arg.string({ required: true }) },
    resolve: async (_root, { ns }, request) => {
      await visibleApp(request, ns)
      const install = await installApp(request.context, { workspaceId: request.caller.workspaceId, ns })
      return { ns, status: install.state, installStatus: installStatusOf(install) }
    },
  }),
)

builder.mutationField('saveMiniAppCredentials', (t) =>
  t.field({
    type: 'JSON',
    permission: 'manageMiniApps',
    description:
      'Connects an account: tries the values of the credential form at the provider and stores them only where they work. Answers { ns, status, uid, accountName, pendingRegistrations, error }; status is error where the account was stored and a registration request failed.',
    args: {
      ns: t.arg.string({ required: true }),
      credentials: t.arg({ type: 'JSON', required: true }),
      reregister: t.arg.boolean({
        description: 'Registers at the provider again although the account is the same; default false.',
      }),
    },
    resolve: (_root, { ns, credentials, reregister }, { context, caller, workspace, requestId }) =>
      connectWithForm(context, {
        workspaceId: caller.workspaceId,
        subdomain: workspace.subdomain,
        ns,
        credentials,
        reregister: reregister ?? false,
        requestId,
      }),
  }),
)

builder.mutationField('disconnectMiniApp', (t) =>
  t.field({
    type: 'JSON',
    permission: 'manageMiniApps',
    description: 'Forgets the connected account and deletes its credentials; the app stays installed.',
    args: { ns: t.arg.string({ required: true }) },
    resolve: async (_root, { ns }, { context, caller }) => {
      await disconnect(context, { workspaceId: caller.workspaceId, ns })
      return { ns, status: 'installed' }
    },
  }),
)

builder.mutationField('uninstallMiniApp', (t) =>
  t.field({
    type: 'JSON',
    permission: 'manageMiniApps',
    description: 'Takes an app out of the workspace and deletes its credentials.',
    args: { ns: t.arg.string({ required: true }) },
    resolve: async (_root, { ns }, { context, caller }) => {
      await uninstall(context, { workspaceId: caller.workspaceId, ns })
      return { ns, installStatus: 'not_installed' }
    },
  }),
)
