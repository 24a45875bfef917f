/** Keeping a connection working, and the operator's app config (ours, specification 10.3). */
import { isId } from '../account/id.ts'
import { ApiError } from '../errors.ts'
import { forgetInstalls } from '../install/live-install.ts'
import { refreshByHand } from '../install/refresh.ts'
import { retryRegistration } from '../install/registration.ts'
import { rotateWebhookSecret } from '../install/rotate-webhook-secret.ts'
import type { StoredInstall } from '../install/store.ts'
import { liftSuspension, suspend } from '../install/suspend.ts'
import { appConfigKeys, setAppConfig } from '../registry/app-config.ts'
import { builder } from './builder.ts'

const connectionOf = (install: StoredInstall) => ({
  ns: install.ns,
  status: install.state,
  errorCode: install.errorCode,
  accountName: install.accountName,
  pendingRegistrations: install.pendingRegistrations,
  lastConnectError: install.lastConnectError,
  expiresAt: install.expiresAt?.toISOString() ?? null,
})

const ANSWER =
  'Answers { ns, status, errorCode, accountName, pendingRegistrations, lastConnectError, expiresAt }.'

builder.mutationField('refreshMiniAppToken', (t) =>
  t.field({
    type: 'JSON',
    permission: 'manageMiniApps',
    description: `Refreshes the tokens of a connection now. One that had expired works again after it. ${ANSWER}`,
    args: { ns: t.arg.string({ required: true }) },
    resolve: async (_root, { ns }, { context, caller, workspace }) => {
      const { workspaceId } = caller
      return connectionOf(await refreshByHand(context, { workspaceId, ns, subdomain: workspace.subdomain }))
    },
  }),
)

builder.mutationField('retryMiniAppRegistration', (t) =>
  t.field({
    type: 'JSON',
    permission: 'manageMiniApps',
    description: `Goes on with a registration that failed, with the request that failed; those before it are not sent again. ${ANSWER}`,
    args: { ns: t.arg.string({ required: true }) },
    resolve: async (_root, { ns }, { context, caller, workspace }) => {
      const run = { workspaceId: caller.workspaceId, ns, subdomain: workspace.subdomain }
      return connectionOf((await retryRegistration(context, run)).install)
    },
  }),
)

builder.mutationField('rotateMiniAppWebhookSecret', (t) =>
  t.field({
    type: 'JSON',
    permission: 'manageMiniApps',
    description: `Replaces the secret that the provider signs webhooks with, where it was made here, and registers again with the new one. The former one counts for 24 hours more. ${ANSWER}`,
    args: { ns: t.arg.string({ required: true }) },
    resolve: async (_root, { ns }, { context, caller, workspace }) => {
      const run = { workspaceId: caller.workspaceId, ns, subdomain: workspace.subdomain }
      return connectionOf((await rotateWebhookSecret(context, run)).install)
    },
  }),
)

builder.mutationField('setMiniAppConfig', (t) =>
  t.field({
    type: ['String'],
    permission: 'operate',
    description:
      "Sets keys of an app's config overrides, which win over auth.config of its definition in every workspace; null takes a key away. Answers the names of all overrides; values are never answered.",
    args: { ns: t.arg.string({ required: true }), config: t.arg({ type: 'JSON', required: true }) },
    resolve: async (_root, { ns, config }, { context }) => {
      const keys = await setAppConfig(context, ns, config)
      forgetInstalls(context)
      return keys
    },
  }),
)

builder.queryField('miniAppConfigKeys', (t) =>
  t.field({
    type: ['String'],
    permission: 'operate',
    description: "Names of an app's config overrides.",
    args: { ns: t.arg.string({ required: true }) },
    resolve: (_root, { ns }, { context }) => appConfigKeys(context, ns),
  }),
)

for (const [name, run, description] of [
  [
    'suspendMiniApp',
    suspend,
    'Suspends an app in one workspace: its connection is ended, and it answers as if it were not installed.',
  ],
  [
    'liftMiniAppSuspension',
    liftSuspension,
    'Lifts a suspension: the app is installed in that workspace, and to be connected again.',
  ],
] as const) {
  builder.mutationField(name, (t) =>
    t.field({
      type: 'JSON',
      permission: 'operate',
      description: `${description} Answers { ns, workspaceId, status }.`,
      args: { ns: t.arg.string({ required: true }), workspaceId: t.arg.string({ required: true }) },
      resolve: async (_root, { ns, workspaceId }, { context }) => {
        if (!isId(workspaceId)) throw new ApiError('NOT_FOUND', 'There is no such workspace.')
        await run(context, { workspaceId, ns })
        return { ns, workspaceId, status: run === suspend ? 'suspended' : 'installed' }
      },
    }),
  )
}
